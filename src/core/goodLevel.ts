import { measuredAt, phaseOf, type Level } from './levels.ts';
import type { PhaseResult, RunRecord } from './record.ts';
import { generatorReasons } from './validity.ts';

/**
 * Why the numbers of a level that was measured must not be taken for good ones; empty where they may. A repetition that is not
 * valid is left out of them, which is right where the load generator alone was disturbed. Where a server failed in it, leaving it
 * out would hide that.
 */
export function whyNotGood(record: RunRecord, { topology, level }: Level): readonly string[] {
  const phase = phaseOf(record, topology, level);
  if (phase?.validity.valid === false) return phase.validity.reasons;
  return measuredAt(record, topology, level)
    .filter(({ validity, measurement }) => !validity.valid && !isGenerators(validity.reasons, measurement))
    .flatMap(({ repetition, validity }) =>
      validity.reasons.map((reason) => `repetition ${String(repetition)}: ${reason}`),
    );
}

function isGenerators(reasons: readonly string[], measurement: PhaseResult['measurement']): boolean {
  const own = generatorReasons(measurement);
  return reasons.every((reason) => own.includes(reason));
}
