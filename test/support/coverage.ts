import { quantileInterval, rateInterval } from '../../src/core/intervals.ts';
import type { Interval } from '../../src/core/record.ts';
import { successesOf } from '../../src/core/windows.ts';
import { simulatedWindows, type Simulation, type Truth } from './phaseSimulation.ts';

export const statistics = ['p50Ms', 'p95Ms', 'p99Ms', 'rps'] as const;

export interface Coverage {
  readonly statistic: (typeof statistics)[number];
  readonly phases: number;
  /** Phases for which the engine gave an interval. */
  readonly given: number;
  /** Those of them whose interval holds the truth. */
  readonly covered: number;
  /** Of the intervals given, as a share of the truth. */
  readonly meanWidth: number;
}

/** How often the intervals of so many simulated phases hold the truth. */
export function coverageOf(
  simulation: Simulation,
  truth: Truth,
  options: { readonly seconds: number; readonly rps: number; readonly phases: number; readonly seed: number },
): Coverage[] {
  const sums = statistics.map((statistic) => ({ statistic, phases: options.phases, given: 0, covered: 0, width: 0 }));
  for (let phase = 0; phase < options.phases; phase += 1) {
    const { windows } = simulatedWindows(simulation, options.seed + phase * 7919, options.seconds, options.rps);
    const successes = windows.reduce((sum, window) => sum + successesOf(window), 0);
    const intervals: Record<(typeof statistics)[number], Interval> = {
      p50Ms: quantileInterval(windows, 0.5, null),
      p95Ms: quantileInterval(windows, 0.95, null),
      p99Ms: quantileInterval(windows, 0.99, null),
      rps: rateInterval(windows, successes / options.seconds),
    };
    for (const sum of sums) {
      const interval = intervals[sum.statistic];
      if ('unknown' in interval) continue;
      const value = truth[sum.statistic];
      // A slot is half a thousandth wide.
      const holds = interval.low <= value * 1.0005 && value <= interval.high * 1.0005;
      sum.given += 1;
      sum.covered += holds ? 1 : 0;
      sum.width += (interval.high - interval.low) / value;
    }
  }
  return sums.map(({ width, ...sum }) => ({ ...sum, meanWidth: width / sum.given }));
}
