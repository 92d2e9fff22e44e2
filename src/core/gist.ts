/** Reasons why a measurement is not valid, told in brief. */

/** What a reason says before its figures and what follows from them, and without the repetition that it is of. */
export function gistOf(reason: string): string {
  return reason.replace(/^repetition \d+: /u, '').split(': ', 1)[0] ?? reason;
}

/** The first of several, and how many more there are; they stand in full in the notes of the row. */
export function firstReason(reasons: readonly string[]): string {
  const [first = '', ...others] = reasons;
  return others.length === 0 ? first : `${first}, and ${String(others.length)} more (see the notes)`;
}
