/**
 * "20261122-164310-3f9a": the start in UTC, then four random hex digits; sorts by time and fits a Kubernetes label.
 * @param startMs Unix time in milliseconds
 * @param random an integer in [0, 65535]
 */
export function makeRunId(startMs: number, random: number): string {
  const iso = new Date(startMs).toISOString();
  const day = iso.slice(0, 10).replaceAll('-', '');
  const time = iso.slice(11, 19).replaceAll(':', '');
  return `${day}-${time}-${random.toString(16).padStart(4, '0')}`;
}

/** When a run of this id began, in ISO 8601. */
export function startOfRunId(id: string): string {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  return `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`;
}
