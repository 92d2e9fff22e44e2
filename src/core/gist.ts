/** Reasons why a measurement is not valid, told in brief. */

/** What a reason says before its figures and what follows from them, and without the repetition that it is of. */
export function gistOf(reason: string): string {
  const [head = '', found = ''] = reason.replace(/^repetition \d+: /u, '').split(': ', 2);
  // "errors" alone would say too little.
  return head === 'errors' ? (found.split(' (', 1)[0] ?? found) : head;
}

/** The first of several, and how many more there are; they stand in full in the notes of the row. */
export function firstReason(reasons: readonly string[]): string {
  const [first = '', ...others] = reasons;
  return others.length === 0 ? first : `${first}, and ${String(others.length)} more (see the notes)`;
}
