import { describe, expect, it } from 'vitest';
import {
  createLatencyHistogram,
  decodeHistogram,
  encodeHistogram,
  latencyOf,
  recordLatency,
} from '../../../src/core/histogram.ts';
import { schedule } from '../../../src/core/arrivals.ts';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import { mergeMeasurements, mergeSnapshots } from '../../../src/core/mergeMeasurements.ts';
import { phaseShares } from '../../../src/core/phaseShares.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { decodeWindows, encodeWindows } from '../../../src/core/windows.ts';
import { createPhaseRecorder } from '../../../src/load/phaseRecorder.ts';
import { createWindowRecorder } from '../../../src/load/windowRecorder.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const together = { generators: 3, lost: 0, startSpreadMs: 4, clockSkewMs: 0, clockSkewMostMs: 0 };

/** What one generator measured: latencies drawn from a seed, written down one by one as well. */
function part(seed: number, count: number): { measurement: PhaseMeasurement; latencies: number[] } {
  const random = seededRandom(seed);
  const latencies = Array.from({ length: count }, () => 2 + seed + 30 * random() ** 3);
  const recorder = createPhaseRecorder(4, 5);
  for (const latencyMs of latencies) {
    recorder.sent();
    recorder.answered(200, latencyMs);
  }
  recorder.sent();
  recorder.failed('timeout', 1_000);
  const { littlesLawResidual, scheduleDelay, lateSends, ...recorded } = recorder.finish(5_000, []);
  const generator = {
    eventLoopDelayP99Ms: seed,
    stalledMs: 10 * seed,
    cpuSeconds: 1,
    throttledMs: 0,
    littlesLawResidual,
    scheduleDelay,
    lateSends,
    overheadMs: { p50: 0.1 * seed, p95: null },
    connectionsOpened: 4,
    clockShiftMs: seed === 2 ? -3 : 1,
    givenUpBefore: null,
    team: null,
  };
  const startMs = 1_000_000 + seed;
  return { latencies, measurement: { window: { startMs, endMs: startMs + 5_000 }, ...recorded, generator } };
}

describe('the measurements of several load generators', () => {
  const parts = [part(1, 700), part(2, 1_100), part(3, 900)];
  const merged = mergeMeasurements(
    parts.map(({ measurement }) => measurement),
    together,
  );

  it('make a histogram that holds exactly the sum of theirs', () => {
    const all = createLatencyHistogram();
    for (const { latencies } of parts) for (const latency of latencies) recordLatency(all, latency);
    expect(merged.histogram).toBe(encodeHistogram(all));
    expect(merged.latency).toEqual(latencyOf(all));
    expect(decodeHistogram(merged.histogram).totalCount).toBe(2_700);
  });

  it('make windows that hold exactly the sum of theirs', () => {
    if (merged.windows === undefined) throw new Error('no windows');
    const { windows } = decodeWindows(merged.windows);
    const successes = windows.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0);
    expect(successes).toBe(2_700);
    expect(windows.reduce((sum, { errors }) => sum + errors, 0)).toBe(3);
    expect(encodeWindows(decodeWindows(merged.windows))).toEqual(merged.windows);
  });

  it('add up in counts and rates', () => {
    expect(merged.requests).toEqual({ sent: 2_703, ok: 2_700, errors: 3, timeouts: 3, inFlight: 0 });
    expect(merged.errorsByKind).toEqual({ timeout: 3 });
    expect(merged.rps).toBe(540);
    expect(merged.timeSeries.reduce((sum, { ok }) => sum + ok, 0)).toBe(2_700);
  });

  it('are as healthy as the worst of the generators', () => {
    expect(merged.generator).toMatchObject({ eventLoopDelayP99Ms: 3, connectionsOpened: 12, team: together });
    expect(merged.generator.overheadMs?.p50).toBeCloseTo(0.3);
    expect(merged.generator.clockShiftMs).toBe(-3);
  });

  it.each([
    [{ ...together, lost: 1 }, /1 of the 3 load generators did not bring its part/],
    [{ ...together, startSpreadMs: 400 }, /did not start together: 400 ms/],
    [{ ...together, clockSkewMs: 900 }, /clocks .* differ by 900 ms/],
    [{ ...together, clockSkewMs: null, clockSkewMostMs: null }, /clocks .* could not be read/],
  ])('are not valid when they are not one: %j', (team, reason) => {
    const measurement = { ...merged, generator: { ...merged.generator, team } };
    expect(judgeMeasurement(measurement).reasons.join('\n')).toMatch(reason);
  });

  it('are not valid when the clock of one of them was set, by which they were to start together', () => {
    const measurement = { ...merged, generator: { ...merged.generator, clockShiftMs: -5_000 } };
    const { reasons, caveats } = judgeMeasurement(measurement);
    expect(reasons.join('\n')).toContain(
      "the load generator's clock was set back by 5.0 s meanwhile: whether the load generators started together is not known",
    );
    expect(caveats.join('\n')).not.toContain('clock');
  });

  it('show while the phase runs what all of them measured, and not the slowest', () => {
    const snapshots = parts.map(({ measurement: { requests, latency, rps, histogram } }) => ({
      elapsedMs: 1_000,
      requests,
      latency,
      rps,
      histogram,
    }));
    const shown = mergeSnapshots(snapshots);
    expect(shown).toEqual({ elapsedMs: 1_000, requests: merged.requests, latency: merged.latency, rps: shown.rps });
    expect(shown.rps).toBeCloseTo(540);
    expect(shown.latency.p95Ms).toBeLessThan(Math.max(...snapshots.map(({ latency }) => latency.p95Ms ?? 0)));
    expect(mergeSnapshots(snapshots.slice(0, 1)).latency).toEqual(parts[0]?.measurement.latency);
  });

  it('show no quantile that they cannot be sure of', () => {
    const snapshots = parts.map(({ measurement: { requests, latency, rps, histogram } }, at) => ({
      elapsedMs: 1_000,
      requests,
      latency,
      rps,
      ...(at === 1 ? {} : { histogram }),
    }));
    const { latency } = mergeSnapshots(snapshots);
    expect(latency).toMatchObject({ p50Ms: null, p95Ms: null, maxMs: merged.latency.maxMs, samples: 2_700 });
  });

  it('cannot be made of nothing', () => {
    expect(() => mergeMeasurements([], together)).toThrow(RangeError);
  });
});

describe('the time series of several load generators', () => {
  /** One generator of 200 requests in each of two seconds, all of one latency. */
  const steady = (latencyMs: number, withWindows = true): PhaseMeasurement => {
    const { measurement } = part(1, 200);
    const windows = createWindowRecorder(2);
    for (let at = 0; at < 400; at += 1) windows.succeeded(at * 5, latencyMs);
    const { windows: recorded, ...rest } = measurement;
    return {
      ...rest,
      timeSeries: [1, 2].map((second) => ({ second, ok: 200, errors: 0, p50Ms: latencyMs, p95Ms: latencyMs })),
      ...(withWindows && recorded !== undefined ? { windows: encodeWindows(windows.finish(2000)) } : {}),
    };
  };

  it('has the quantiles of all requests, and not the greatest of theirs', () => {
    // 19 of 20 requests take 10 ms: p50 and p95 of them all are 10 ms, whatever the slow generator saw.
    const parts = [...Array.from({ length: 19 }, () => steady(10)), steady(80)];
    const { timeSeries } = mergeMeasurements(parts, { ...together, generators: 20 });
    expect(timeSeries.map(({ second, ok }) => [second, ok])).toEqual([
      [1, 4000],
      [2, 4000],
    ]);
    for (const { p50Ms, p95Ms } of timeSeries) {
      expect(p50Ms).toBeCloseTo(10, 1);
      expect(p95Ms).toBeCloseTo(10, 1);
    }
    const [first] = mergeMeasurements([steady(10), steady(80)], together).timeSeries;
    expect(first?.p50Ms).toBeCloseTo(10, 1);
    expect(first?.p95Ms).toBeCloseTo(80, 0);
  });

  it('has none where they cannot be made of what is known', () => {
    const { timeSeries } = mergeMeasurements([steady(10), steady(80, false)], together);
    expect(timeSeries.map(({ ok, p50Ms, p95Ms }) => [ok, p50Ms, p95Ms])).toEqual([
      [400, null, null],
      [400, null, null],
    ]);
  });

  it('is that of one generator as it is', () => {
    const alone = steady(10, false);
    expect(mergeMeasurements([alone], null).timeSeries).toEqual(alone.timeSeries);
  });
});

describe('the parts of a phase', () => {
  const closed: Phase = { name: 'c8', kind: 'measured', loop: 'closed', connections: 8, durationSeconds: 5 };
  const open: Phase = {
    name: '200/s',
    kind: 'measured',
    loop: 'open',
    ratePerSecond: 200,
    arrivals: 'poisson',
    maxInFlight: 64,
    durationSeconds: 5,
  };

  it('are whole connections that add up', () => {
    for (const generators of [1, 2, 3, 5, 8, 11]) {
      const shares = phaseShares(closed, generators);
      const connections = shares.map((share) => (share?.phase.loop === 'closed' ? share.phase.connections : 0));
      expect(connections.reduce((sum, count) => sum + count, 0)).toBe(8);
      expect(Math.max(...connections) - Math.min(...connections)).toBeLessThanOrEqual(1);
      expect(shares.filter((share) => share === null)).toHaveLength(Math.max(0, generators - 8));
    }
  });

  it('are rates that add up', () => {
    for (const generators of [1, 2, 3, 7]) {
      const shares = phaseShares(open, generators).map((share) => share?.phase);
      const rates = shares.map((phase) => (phase?.loop === 'open' ? phase.ratePerSecond : 0));
      expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(200);
      const room = shares.map((phase) => (phase?.loop === 'open' ? phase.maxInFlight : 0));
      expect(room.reduce((sum, count) => sum + count, 0)).toBe(64);
    }
  });

  it('come together at equal distances, as one generator would send them, where arrivals are constant', () => {
    const constant: Phase = { ...open, arrivals: 'constant' };
    const alone = schedule({ ...constant, seed: 1 }, 4_998);
    for (const generators of [2, 3, 7]) {
      const merged = phaseShares(constant, generators)
        .flatMap((share) => {
          if (share?.phase.loop !== 'open') throw new Error('an open phase has open parts');
          return schedule({ ...share.phase, seed: 1, offsetMs: share.offsetMs }, 4_998);
        })
        .sort((a, b) => a - b);
      expect(merged).toHaveLength(alone.length);
      for (const [index, time] of merged.entries()) expect(time).toBeCloseTo(alone[index] ?? Number.NaN, 6);
    }
  });

  it('of Poisson arrivals begin together: independent ones add up to one process', () => {
    expect(phaseShares(open, 3).map((share) => share?.offsetMs)).toEqual([0, 0, 0]);
  });
});

it('a record of one generator has no team', () => {
  for (const { phases } of sampleRecord().topologies)
    for (const { measurement } of phases) expect(measurement.generator.team).toBeNull();
});
