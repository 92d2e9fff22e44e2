import { formatList, fullStop } from './format.ts';
import type { PhaseRow } from './measured.ts';

/** Why rows are not valid, "fastapi and hybrid are not valid: ...", a sentence for all that have the same reasons; empty where all are valid. */
export function doubtsOf(rows: readonly PhaseRow[]): string[] {
  const byReasons = new Map<string, string[]>();
  for (const { topology, validity } of rows) {
    if (validity.valid) continue;
    const reasons = validity.reasons.join('; ');
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), topology]);
  }
  return [...byReasons].map(
    ([reasons, names]) => `${formatList(names)} ${names.length === 1 ? 'is' : 'are'} not valid: ${fullStop(reasons)}`,
  );
}
