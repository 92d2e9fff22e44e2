import { describe, expect, it } from 'vitest';
import { phaseIntervals, quantileInterval, rateInterval } from '../../../src/core/intervals.ts';
import type { Interval } from '../../../src/core/record.ts';
import { timeWindow, slotOf, encodeWindows, type TimeWindow } from '../../../src/core/windows.ts';
import { coverageOf } from '../../support/coverage.ts';
import { judgeCoverage } from '../../support/coverageReport.ts';
import { simulatedWindows, simulations, truthOf, type SimulationName } from '../../support/phaseSimulation.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const limits = (interval: Interval): { low: number; high: number } => {
  if ('unknown' in interval) throw new Error(interval.unknown);
  return interval;
};
const reason = (interval: Interval): string => ('unknown' in interval ? interval.unknown : 'an interval was given');

describe('95% intervals', () => {
  // So few phases find what is far off; test/bench/coverage.bench.ts looks closer, and from both sides.
  it.each(['lognormal', 'bimodal 3%', 'bimodal 8%', 'AR(1) 0.5'] as const)(
    'hold the truth of 5 s of %s load about 95 times of 100',
    (name) => {
      const truth = truthOf(simulations[name], 500, 1_000_000);
      const coverages = coverageOf(simulations[name], truth, { seconds: 5, rps: 500, phases: 200, seed: 31 });
      for (const { statistic, given, covered } of coverages) {
        // A tail of 25 requests is not always enough for an interval.
        expect(given, statistic).toBeGreaterThan(statistic === 'p99Ms' ? 100 : 185);
        expect(judgeCoverage(covered, given), statistic).toBe('within');
      }
    },
  );

  it('are wider where requests that follow each other are alike', () => {
    const width = (name: SimulationName): number => {
      const { low, high } = limits(
        quantileInterval(simulatedWindows(simulations[name], 5, 20, 500).windows, 0.5, null),
      );
      return high - low;
    };
    expect(width('AR(1) 0.95') / width('lognormal')).toBeGreaterThan(3);
  });

  it('are the same each time', () => {
    const { windows } = simulatedWindows(simulations.lognormal, 5, 5, 500);
    expect(quantileInterval(windows, 0.95, null)).toEqual(quantileInterval(windows, 0.95, null));
  });

  it('hold what was measured, and nothing above the slowest request', () => {
    for (const topology of sampleRecord().topologies) {
      for (const { measurement, intervals, kind } of topology.phases) {
        if (kind === 'warm-up' || intervals === 'not yet computed') continue;
        const { low, high } = limits(intervals.p95Ms);
        expect(low).toBeLessThanOrEqual(measurement.latency.p95Ms ?? Number.NaN);
        expect(high).toBeGreaterThanOrEqual(measurement.latency.p95Ms ?? Number.NaN);
        expect(high).toBeLessThanOrEqual(measurement.latency.maxMs ?? Number.NaN);
        expect(limits(intervals.rps).low).toBeLessThan(measurement.rps);
      }
    }
  });

  it('have no width where all requests took the same time', () => {
    const windows = Array.from({ length: 50 }, () => timeWindow(0, new Map([[slotOf(10_000), 20]])));
    const latency = { p50Ms: 10, p95Ms: 10, p99Ms: 10, maxMs: 10, meanMs: 10, samples: 1000 };
    expect(phaseIntervals({ latency, rps: 200, windows: encodeWindows({ widthMs: 100, windows }) })).toMatchObject({
      p50Ms: { low: 10, high: 10 },
      p95Ms: { low: 10, high: 10 },
      rps: { low: 200, high: 200 },
    });
  });
});

describe('where there is no interval, it says why', () => {
  const few = (count: number, perWindow: number): TimeWindow[] =>
    simulatedWindows(simulations.lognormal, 5, 5, perWindow * 10).windows.slice(0, count);

  it('a measurement without windows', () => {
    const { latency, rps } = sampleRecord().topologies[0]?.phases[0]?.measurement ?? fail();
    expect(phaseIntervals({ latency, rps })).toBe('not yet computed');
  });

  it('too few samples, too short a phase, no success', () => {
    expect(reason(quantileInterval(few(50, 1), 0.95, null))).toMatch(/^\d+ successes, and it needs 90$/);
    expect(reason(rateInterval(few(1, 50), 500))).toBe('the phase has 1 window of time, and it needs 20');
    expect(reason(quantileInterval(few(19, 50), 0.5, null))).toBe('the phase has 19 windows of time, and it needs 20');
    expect(reason(rateInterval(few(19, 50), 500))).toBe('the phase has 19 windows of time, and it needs 20');
    expect(
      reason(
        rateInterval(
          Array.from({ length: 50 }, () => timeWindow(1, new Map())),
          0,
        ),
      ),
    ).toBe('no request succeeded');
  });

  it('successes of a single moment, however many and however alike', () => {
    const burst = (moments: number): TimeWindow[] =>
      Array.from({ length: 50 }, (_, at) => timeWindow(0, at < moments ? new Map([[slotOf(10_000), 19]]) : new Map()));
    const text = 'all successes came within 1 window of time, and it needs 15';
    expect(reason(quantileInterval(burst(1), 0.5, null))).toBe(text);
    expect(reason(rateInterval(burst(1), 3.8))).toBe(text);
    expect(reason(quantileInterval(burst(14), 0.5, null))).toMatch(/^all successes came within 14 windows of time/);
    expect(limits(quantileInterval(burst(15), 0.5, 10))).toEqual({ low: 10, high: 10 });
  });

  it('a phase that is short beside what changes in it', () => {
    const half = (rate: number): TimeWindow[] =>
      Array.from({ length: 25 }, () => timeWindow(0, new Map([[slotOf(rate), rate]])));
    const stepped = [...half(50), ...half(90)];
    expect(reason(rateInterval(stepped, 700))).toMatch(/^what follows each other is so alike/);
    expect(reason(quantileInterval(stepped, 0.5, null))).toMatch(/^what follows each other is so alike/);
  });

  it('a tail of a few bursts', () => {
    const slow = [3, 31, 37, 70, 92];
    const bursts = Array.from({ length: 100 }, (_, at) => {
      const counts = new Map(Array.from({ length: 90 }, (__, one) => [slotOf(10_000 + 97 * one + at), 1]));
      return timeWindow(0, slow.includes(at) ? counts.set(slotOf(100_000 + 500 * at), 100) : counts);
    });
    expect(reason(quantileInterval(bursts, 0.95, null))).toMatch(/^requests beyond it came in bursts/);
  });
});

function fail(): never {
  throw new Error('The sample has phases.');
}
