import type { PhaseMeasurement } from '../load.ts';

/** RPS of the worst and of the best whole second of a phase. */
export interface RateRange {
  readonly least: number;
  readonly greatest: number;
}

/** Fewer say little of what a second of the phase can be. */
const fewestSeconds = 3;
/** The end of a phase cuts its last one off. */
const wholeSecond = 0.9;

/** @returns null where there are too few whole seconds */
export function rateRangeOf(series: PhaseMeasurement['timeSeries']): RateRange | null {
  const rates = series.flatMap(({ second, ok }, at) => {
    const length = second - (series[at - 1]?.second ?? 0);
    return length < wholeSecond ? [] : [ok / length];
  });
  return rates.length < fewestSeconds ? null : { least: Math.min(...rates), greatest: Math.max(...rates) };
}
