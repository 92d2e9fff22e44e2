/** Longest text, in UTF-16 code units, that is read as a plan file: far more than any plan, and little enough to read at each key. */
export const longestPlanFile = 256 * 1024;

/** What is made of a text; undefined where it is too long, or nested more deeply than the stack holds. */
export function ifReadable<Result>(text: string, read: (text: string) => Result): Result | undefined {
  if (text.length > longestPlanFile) return undefined;
  try {
    return read(text);
  } catch {
    return undefined;
  }
}
