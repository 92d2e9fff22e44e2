import type { PhaseResult } from './record.ts';

/** Connections of a level of the ladder: 1, 2, 4, ... @param index from 0 */
export function ladderLevel(index: number): number {
  return 2 ** index;
}

/** Whether a higher level would confidently gain little, or is not worth a try since this one failed. */
export function ladderEnded(_levels: readonly PhaseResult[]): boolean {
  return false;
}
