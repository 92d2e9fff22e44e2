import { describe, expect, it } from 'vitest';
import { backlogOf } from '../../../src/core/backlog.ts';
import { createLatencyHistogram, encodeHistogram, latencyOf, recordLatency } from '../../../src/core/histogram.ts';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import { schedule } from '../../../src/core/arrivals.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import { encodeWindows } from '../../../src/core/windows.ts';
import { createWindowRecorder } from '../../../src/load/windowRecorder.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const openLoop = {
  name: 'open',
  kind: 'measured',
  loop: 'open',
  arrivals: 'poisson',
  ratePerSecond: 400,
  maxInFlight: 1024,
  durationSeconds: 10,
} as const;

/** A phase whose requests end as `endOf` says, both in milliseconds since its start. */
function phaseOf(
  endOf: (dueMs: number) => number,
  load: { readonly ratePerSecond: number; readonly seconds: number; readonly seed?: number },
): PhaseMeasurement {
  const { measurement } = samplePhase(samplePlan(), sampleTopologies.fastapi, openLoop, 1);
  const elapsedMs = load.seconds * 1000;
  const due = schedule({ ratePerSecond: load.ratePerSecond, arrivals: 'poisson', seed: load.seed ?? 1 }, elapsedMs);
  const recorder = createWindowRecorder(load.seconds);
  const histogram = createLatencyHistogram();
  let ok = 0;
  for (const dueMs of due) {
    const endMs = endOf(dueMs);
    if (endMs >= elapsedMs) continue;
    ok += 1;
    recorder.succeeded(endMs, endMs - dueMs);
    recordLatency(histogram, endMs - dueMs);
  }
  const sent = due.length;
  return {
    ...measurement,
    window: { startMs: 0, endMs: elapsedMs },
    requests: { sent, ok, errors: 0, timeouts: 0, inFlight: sent - ok },
    latency: latencyOf(histogram),
    histogram: encodeHistogram(histogram),
    windows: encodeWindows(recorder.finish(elapsedMs)),
    schedule: { scheduled: sent, late: 0, unsent: 0 },
  };
}

/** One request at a time, each for as long. */
function queue(serviceMs: number): (dueMs: number) => number {
  let freeAtMs = 0;
  return (dueMs) => (freeAtMs = Math.max(freeAtMs, dueMs) + serviceMs);
}

describe('the backlog of an open loop', () => {
  it.each([
    ['a quarter', 1000 / 300],
    ['5 %', 1000 / 380],
  ])('is found where the server is slower than the rate by %s', (_share, serviceMs) => {
    const found = backlogOf(phaseOf(queue(serviceMs), { ratePerSecond: 400, seconds: 20 }));
    expect(found?.unanswered).toBeGreaterThan(found?.most ?? Infinity);
  });

  it('counts what was never sent, too', () => {
    const kept = phaseOf((dueMs) => dueMs + 5, { ratePerSecond: 400, seconds: 10 });
    expect(backlogOf(kept)).toBeUndefined();
    const scheduled = kept.requests.sent + 100;
    expect(backlogOf({ ...kept, schedule: { scheduled, late: 0, unsent: 100 } })).toBeDefined();
  });

  it.each([
    ['short', () => 5, 400],
    // Fifty in flight at any time, a tenth of all: chance alone makes it 60.
    ['long', () => 1000, 50],
    ['of a long tail', tail(), 400],
    ['hard at the limit of the server', undefined, 400],
  ])('is none where the server keeps up, whose latencies are %s', (_name, latencyMs, ratePerSecond) => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const endOf = latencyMs === undefined ? queue(1000 / 450) : (dueMs: number) => dueMs + latencyMs();
      expect(backlogOf(phaseOf(endOf, { ratePerSecond, seconds: 10, seed })), `seed ${String(seed)}`).toBeUndefined();
    }
  });

  it('is none of a closed loop, and goes by the whole phase where a record holds no windows', () => {
    const kept = phaseOf((dueMs) => dueMs + 5, { ratePerSecond: 400, seconds: 10 });
    expect(backlogOf({ ...kept, schedule: null })).toBeUndefined();
    const withoutWindows = { ...kept };
    delete withoutWindows.windows;
    expect(backlogOf(withoutWindows)).toBeUndefined();
    expect(backlogOf({ ...withoutWindows, requests: { ...kept.requests, inFlight: 200 } })?.unanswered).toBe(200);
  });
});

/** 3 % take 2 s, far beyond p95. */
function tail(): () => number {
  const random = seededRandom(5);
  return () => (random() < 0.03 ? 2_000 : 5);
}
