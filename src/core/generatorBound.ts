import type { PhaseMeasurement } from './load.ts';

/** Rates that the load generator had no time to raise: they say nothing of the server, which may do more. */

/** CPU seconds a second; the generator is one thread, so at 1 it has no time left. */
export const generatorCpuLimit = 0.9;

/** Why such a rate has no verdict; a clause. */
export const generatorLimit = 'the load generator, not the server, set the rate';
/** The same in brackets beside a figure. */
export const generatorMark = " (the load generator's limit)";
/** Why latencies have no verdict then; a clause. */
export const generatorDelay = 'the load generator had no CPU time left, which adds to the latency';

/** CPU seconds a second; of several generators that of the busiest. */
export function generatorCpuShare({ generator, window }: Pick<PhaseMeasurement, 'generator' | 'window'>): number {
  return (generator.cpuSeconds * 1000) / Math.max(1, window.endMs - window.startMs);
}

export function isGeneratorBound({
  measurement,
}: {
  readonly measurement: Pick<PhaseMeasurement, 'generator' | 'window'>;
}): boolean {
  return generatorCpuShare(measurement) > generatorCpuLimit;
}
