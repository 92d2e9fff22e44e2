/** The repetitions of a phase that its numbers are made from: the valid ones, or all where none is. */
export function usedRepetitions<Measured>(
  group: readonly Measured[],
  isValid: (measured: Measured) => boolean,
): readonly Measured[] {
  const valid = group.filter(isValid);
  return valid.length > 0 ? valid : group;
}
