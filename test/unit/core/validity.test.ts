import { describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { TopologyPlan } from '../../../src/core/plan.ts';
import { encodeWindows, slotOf, timeWindow } from '../../../src/core/windows.ts';
import { judgeMeasurement, judgePhase, unevenCores } from '../../../src/core/validity.ts';

const good: PhaseMeasurement = {
  window: { startMs: 1_000_000, endMs: 1_010_000 },
  requests: { sent: 10_000, ok: 9_990, errors: 2, timeouts: 0, inFlight: 8 },
  errorsByKind: { 'HTTP 500': 2 },
  latency: { p50Ms: 8, p95Ms: 9, p99Ms: 10, maxMs: 11, meanMs: 8, samples: 9_990 },
  rps: 999,
  attemptedRps: 1000,
  longestWaitMs: 2,
  histogram: '',
  timeSeries: [],
  schedule: null,
  generator: {
    eventLoopDelayP99Ms: 1,
    stalledMs: 0,
    cpuSeconds: 2,
    throttledMs: 0,
    littlesLawResidual: 0.01,
    scheduleDelay: null,
    lateSends: null,
    overheadMs: null,
    connectionsOpened: null,
    clockShiftMs: null,
    givenUpBefore: null,
    team: null,
  },
};

const with_ = (parts: Partial<PhaseMeasurement>): PhaseMeasurement => ({ ...good, ...parts });
const generator = (parts: Partial<PhaseMeasurement['generator']>): PhaseMeasurement =>
  with_({ generator: { ...good.generator, ...parts } });
const requests = (parts: Partial<PhaseMeasurement['requests']>): Partial<PhaseMeasurement> => ({
  requests: { ...good.requests, ...parts },
});
const samples = (count: number): PhaseMeasurement => with_({ latency: { ...good.latency, samples: count } });

const quick = 'quick quality: fewer than the 57,344 successes of a published p95 (MLPerf)';
const besideQuick = (caveats: readonly string[]): string[] => caveats.filter((caveat) => caveat !== quick);

describe('whether a measurement may be believed', () => {
  it('believes a good one', () => {
    expect(judgeMeasurement(good)).toEqual({ valid: true, reasons: [], caveats: [quick] });
    expect(judgeMeasurement(samples(57_344)).caveats).toEqual([]);
  });

  it.each<[string, PhaseMeasurement, string]>([
    [
      'requests that hang',
      with_({ ...requests({ ok: 9_966, inFlight: 32 }), longestWaitMs: 4_000 }),
      'of the 32 requests unanswered at the end, the oldest had waited 4000 ms, and the slowest answer took 11 ms: the server stopped answering',
    ],
    [
      'requests that were lost count of',
      with_(requests({ inFlight: 7 })),
      'requests were lost count of: 10000 sent, but 9990 successes, 2 errors and 7 in flight at the end',
    ],
    ['a single sample', samples(1), 'insufficient samples: 1 success, and p95 needs 90'],
    [
      'requests that were lost count of, where there is one of each',
      with_(requests({ sent: 500, ok: 1, errors: 1, inFlight: 0 })),
      'requests were lost count of: 500 sent, but 1 success, 1 error and 0 in flight at the end',
    ],
    ['too few samples', samples(89), 'insufficient samples: 89 successes, and p95 needs 90'],
    [
      'no success',
      with_({ ...requests({ ok: 0, sent: 5, errors: 0, inFlight: 5 }), errorsByKind: {} }),
      'no request succeeded',
    ],
    [
      'too many errors',
      with_({ ...requests({ ok: 9_889, errors: 103 }), errorsByKind: { timeout: 100, 'HTTP 500': 3 } }),
      'errors: 1.0% of the requests sent failed (timeout: 100, HTTP 500: 3); the limit is 1.0%',
    ],
    [
      'a late generator',
      generator({ eventLoopDelayP99Ms: 10.4 }),
      'the load generator was late: event-loop delay p99 10.4 ms, the limit is 10 ms',
    ],
    [
      'a generator that stood still once, of which a percentile of its samples says nothing',
      generator({ stalledMs: 101 }),
      'the load generator was late: it stood still for 101 ms of 10000 ms, counting what its pauses had beyond 20 ms, and at most 1.0% is allowed',
    ],
    [
      'a generator that sent some requests late',
      generator({ scheduleDelay: { p50Ms: 0.1, p99Ms: 12, maxMs: 300 }, lateSends: 150 }),
      'the load generator was late: 150 of the 10000 requests went out more than 10 ms after they were due (1.5%), and at most 1.0% is allowed',
    ],
    [
      'a throttled generator',
      generator({ throttledMs: 101 }),
      "the load generator's CPU was throttled for 101 ms of 10000 ms",
    ],
    [
      'a schedule kept late',
      generator({ scheduleDelay: { p50Ms: 10, p99Ms: 40, maxMs: 80 } }),
      'the load generator was late: median schedule delay 10.0 ms, and less than 10 ms is needed',
    ],
    [
      'a rate that was not reached',
      with_({ schedule: { scheduled: 10_102, late: 900, unsent: 102 } }),
      'the asked rate was not reached: 10000 of the 10102 requests scheduled were sent (99.0%), and at least 99.0% is needed',
    ],
    [
      'a rate that the server did not keep up with, though there was room for all',
      with_({ ...requests({ ok: 9_808, inFlight: 190 }), schedule: { scheduled: 10_000, late: 0, unsent: 0 } }),
      'the asked rate was not reached: 190 of the 10000 requests scheduled were unanswered at the end, and a server that keeps up leaves at most 118',
    ],
    [
      'a closed loop of which too much is still in flight',
      with_({ ...requests({ ok: 9_490, errors: 0, inFlight: 510 }), errorsByKind: {} }),
      '5.1% of the requests sent were unanswered at the end: the slowest answers are missing, and p95 cannot be known without them; measure longer',
    ],
    [
      'latencies that do not add up',
      { ...generator({ littlesLawResidual: 0.12 }), schedule: { scheduled: 10_000, late: 0, unsent: 0 } },
      'the books do not balance: the latencies sum up to 12.0% more or less than the time that connections were in use, and at most 10.0% is allowed',
    ],
    [
      'idle connections',
      generator({ littlesLawResidual: 0.11 }),
      "the connections were not kept busy: requests account for 89.0% of their time (Little's law), and at least 90.0% is needed",
    ],
  ])('does not believe %s', (_name, measurement, reason) => {
    expect(judgeMeasurement(measurement)).toMatchObject({ valid: false, reasons: [reason] });
  });

  it('does not ask for a longer measurement of a server that falls behind: the share would stay the same', () => {
    const schedule = { scheduled: 10_000, late: 0, unsent: 0 };
    const { reasons } = judgeMeasurement(with_({ ...requests({ ok: 7_498, inFlight: 2_500 }), schedule }));
    expect(reasons).toHaveLength(2);
    expect(reasons).toContainEqual(expect.stringMatching(/^25\.0% .* p95 cannot be known .*; ask for a lower rate$/));
  });

  it('calls a phase unstable that changed its level: too short to be held to it, or not', () => {
    const rates = [...Array<number>(20).fill(30), ...Array<number>(40).fill(60)];
    const windows = (widthMs: number): PhaseMeasurement =>
      with_({
        window: { startMs: 0, endMs: 60 * widthMs },
        generator: { ...good.generator, cpuSeconds: 0 },
        windows: encodeWindows({
          widthMs,
          windows: rates.map((rate, at) => timeWindow(0, new Map([[slotOf(8000), rate + (at % 3)]]))),
        }),
      });
    const text = 'unstable: over the thirds of the phase RPS was';
    expect(judgeMeasurement(windows(1000))).toMatchObject({
      valid: false,
      reasons: [`${text} 30.9, then 61.0, then 61.0`],
    });
    const short = judgeMeasurement(windows(100));
    expect(short.valid).toBe(true);
    expect(besideQuick(short.caveats)).toEqual([
      `${text} 310, then 610, then 611; in a phase under 15 s that may be one short disturbance`,
    ]);
  });

  it('says what the judgement of its steadiness leaves open', () => {
    const inWindows = (counts: readonly number[], widthMs = 100): PhaseMeasurement =>
      with_({
        window: { startMs: 0, endMs: counts.length * widthMs },
        generator: { ...good.generator, cpuSeconds: 0 },
        windows: encodeWindows({
          widthMs,
          windows: counts.map((count) => timeWindow(0, new Map([[slotOf(8000), count]]))),
        }),
      });
    // Thirds of 120, 132 and 144 requests in 12 windows each, which vary by more.
    const uneven = [0, 1, 2].flatMap((third) => [2, 20, 3, 18, 4, 13].flatMap((count) => [count, count + 2 * third]));
    const { valid, caveats } = judgeMeasurement(inWindows(uneven));
    expect(valid).toBe(true);
    expect(besideQuick(caveats)).toEqual([
      'over the thirds of the phase RPS was 100, then 110, then 120, which may be chance',
    ]);
    expect(besideQuick(judgeMeasurement(inWindows(Array<number>(15).fill(40))).caveats)).toEqual([
      'steady state not judged: the phase is too short to compare its thirds',
    ]);
    expect(besideQuick(judgeMeasurement(inWindows(Array<number>(30).fill(5))).caveats)).toEqual([
      'steady state of p95 not judged: a third of the phase has too few successes',
    ]);
  });

  it.each<[string, PhaseMeasurement]>([
    ['enough samples', samples(459)],
    ['errors at the limit', with_(requests({ ok: 9_892, errors: 100 }))],
    ['a generator at its limit', generator({ eventLoopDelayP99Ms: 10, stalledMs: 100 })],
    ['as many late sends as are allowed', generator({ lateSends: 100 })],
    ['as many unanswered as are left out without a word', with_(requests({ ok: 9_898, inFlight: 100 }))],
    [
      'what a server leaves in flight that keeps up',
      with_({ ...requests({ ok: 9_898, inFlight: 100 }), schedule: { scheduled: 10_000, late: 0, unsent: 0 } }),
    ],
    ['a schedule kept almost late', generator({ scheduleDelay: { p50Ms: 9.99, p99Ms: null, maxMs: 80 } })],
    ['a rate at its limit', with_({ schedule: { scheduled: 10_100, late: 0, unsent: 100 } })],
    ['an overhead that is small beside the latency', generator({ overheadMs: { p50: 0.8, p95: 4 } })],
    ["Little's law at its limit", generator({ littlesLawResidual: 0.1 })],
    ['a clock that drifts', generator({ clockShiftMs: -100 })],
    ["what can't be known", generator({ throttledMs: null, littlesLawResidual: null, stalledMs: null })],
  ])('believes %s', (_name, measurement) => {
    const { valid, reasons, caveats } = judgeMeasurement(measurement);
    expect({ valid, reasons, caveats: besideQuick(caveats) }).toEqual({ valid: true, reasons: [], caveats: [] });
  });

  it.each<[string, PhaseMeasurement, string]>([
    [
      'some of the slowest answers are missing',
      with_(requests({ ok: 9_798, inFlight: 200 })),
      '2.0% of the requests sent were unanswered at the end: the slowest answers are missing, so p95 and RPS read low; measure longer',
    ],
    ['p99 is missing', samples(458), 'p99 is left out: 458 successes, and it needs 459'],
    [
      'the generator had no time left',
      generator({ cpuSeconds: 9.5 }),
      'the load generator used 95.0% of a core: its own speed limits the rate and adds to the latency',
    ],
    [
      'requests went out late for want of room',
      with_({ schedule: { scheduled: 10_000, late: 900, unsent: 0 } }),
      '900 of 10000 requests were sent late, because as many as are allowed were unanswered; their latency counts from when they were due',
    ],
    [
      'the overhead is a good part of the latency',
      generator({ overheadMs: { p50: 0.81, p95: 4 } }),
      "more than 10% of the median latency is the load generator's own: p50 0.81 ms of an endpoint that answers at once",
    ],
    [
      'the clock was set back',
      generator({ clockShiftMs: -3_600_000 }),
      "the load generator's clock was set back by 3600.0 s meanwhile; lengths and latencies go by a clock that is not set",
    ],
    [
      'the clock went ahead',
      generator({ clockShiftMs: 101 }),
      "the load generator's clock went ahead by 0.1 s meanwhile: it was set, or its machine slept; lengths and latencies go by a clock that is not set",
    ],
    [
      'it was throttled for a moment',
      generator({ throttledMs: 100 }),
      "the load generator's CPU was throttled for 100 ms",
    ],
  ])('says when %s, without making it invalid', (_name, measurement, caveat) => {
    const { valid, reasons, caveats } = judgeMeasurement(measurement);
    expect({ valid, reasons, caveats: besideQuick(caveats) }).toEqual({ valid: true, reasons: [], caveats: [caveat] });
  });
});

describe('whether a phase of a run may be believed', () => {
  const phase = { name: 'c8', kind: 'measured' as const, loop: 'closed' as const, connections: 8, durationSeconds: 10 };
  const judge = (parts: Partial<Parameters<typeof judgePhase>[0]>): ReturnType<typeof judgePhase> =>
    judgePhase({
      phase,
      measurement: good,
      serverCount: null,
      load: { vantage: 'in-cluster' },
      target: 'kubernetes',
      ...parts,
    });

  it.each([9_990, 9_995, 10_000])('believes a server that counted %d answers to 10000 requests', (serverCount) => {
    expect(judge({ serverCount })).toEqual({ valid: true, reasons: [], caveats: [quick] });
  });

  it.each([9_989, 10_001])('does not believe it when the server counted %d', (serverCount) => {
    expect(judge({ serverCount })).toMatchObject({
      valid: false,
      reasons: [
        `the server counted ${String(serverCount)} answers, which is not between the 9990 successes and the 10000 requests sent`,
      ],
    });
  });

  it('says what the vantage is worth', () => {
    expect(judge({ load: { vantage: 'this-machine' } }).caveats).toEqual([
      quick,
      'measured through a port-forward by the API server: a smoke test, not the latency inside the cluster',
    ]);
    expect(judge({ load: { vantage: 'this-machine' }, target: 'local' }).caveats).toEqual([
      quick,
      'the load generator shared the machine with the server',
    ]);
  });
});

describe('whether the threads are as many as the cores', () => {
  const topology = (cores: number, instances: number, split: TopologyPlan['split'] = null): TopologyPlan => ({
    name: split === null ? 'triton' : 'hybrid',
    variant: '',
    cores,
    memoryMiB: 1024,
    split,
    triton: { dynamicBatching: null, instances },
  });

  it.each([
    [2, 2],
    [2, 1],
    [4, 2],
  ])('%d cores and %d instances come out even', (cores, instances) => {
    expect(unevenCores(topology(cores, instances))).toBeUndefined();
  });

  it('says where they do not', () => {
    expect(unevenCores(topology(3, 2))).toMatch(/2 instances compute with 2 threads on 3 cores/u);
    expect(unevenCores(topology(2, 4))).toMatch(/4 instances compute with 4 threads on 2 cores/u);
    expect(unevenCores(topology(2, 2, { gatewayCores: 1, tritonCores: 1 }))).toMatch(/2 threads on 1 core,/u);
  });
});
