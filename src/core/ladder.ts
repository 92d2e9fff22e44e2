import { isGeneratorBound } from './generatorBound.ts';
import { findKnee, type LadderLevel } from './knee.ts';
import type { PhaseResult } from './record.ts';
import { hasTooFewSamples } from './statistics.ts';

/** Connections of a level of the ladder: 1, 2, 4, ... @param index from 0 */
export function ladderLevel(index: number): number {
  return 2 ** index;
}

/** Whether a higher level would confidently gain little, or is not worth a try since this one failed. */
export function ladderEnded(levels: readonly PhaseResult[]): boolean {
  const last = levels.at(-1);
  if (last === undefined) return false;
  // A load generator that had no time left here has none for more connections.
  const failed = !last.validity.valid && !isOnlyTooShort(last);
  return failed || isGeneratorBound(last) || findKnee(levels.flatMap(levelOf)).kind === 'knee';
}

/** Too few answers for p95 and nothing else against it: more connections bring more. */
function isOnlyTooShort({ measurement, validity }: PhaseResult): boolean {
  return hasTooFewSamples(measurement) && validity.reasons.length === 1;
}

function levelOf(phase: PhaseResult): LadderLevel[] {
  if (phase.loop !== 'closed') return [];
  const { connections, measurement, intervals, validity } = phase;
  const interval = intervals === 'not yet computed' ? null : intervals.rps;
  return [
    { connections, rps: measurement.rps, interval, valid: validity.valid, generatorBound: isGeneratorBound(phase) },
  ];
}
