/**
 * The word that somebody who wrote another one most likely meant; undefined when none is near, or two are equally so.
 * Near: at most a third of its letters, and never fewer than one, were added, left out, changed or swapped; where no word is, the
 * one that begins with what was written, of several the shortest.
 */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const near = words
    .map((word) => ({ word, edits: edits(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, edits }) => edits <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.edits - b.edits);
  const [first, second] = near;
  if (first === undefined) return begunWith(written, words);
  return first.edits === second?.edits ? undefined : first.word;
}

/** Fewer letters begin too many words. */
const fewestLetters = 3;

function begunWith(written: string, words: readonly string[]): string | undefined {
  if (written.length < fewestLetters) return undefined;
  const begun = words
    .filter((word) => word.toLowerCase().startsWith(written.toLowerCase()))
    .sort((a, b) => a.length - b.length);
  const [first, second] = begun;
  return first?.length === second?.length ? undefined : first;
}

/** Optimal string alignment distance: letters added, left out, changed, or swapped with the next one. */
function edits(from: string, to: string): number {
  // What is this much longer is near nothing, and a table of it would cost its length times the word's.
  if (Math.abs(from.length - to.length) > to.length) return Infinity;
  const table = Array.from({ length: from.length + 1 }, (_row, i) =>
    Array.from({ length: to.length + 1 }, (_cell, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number): number => table[i]?.[j] ?? Infinity;
  for (let i = 1; i <= from.length; i += 1) {
    for (let j = 1; j <= to.length; j += 1) {
      const changed = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      const row = table[i];
      if (row !== undefined) row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped);
    }
  }
  return at(from.length, to.length);
}
