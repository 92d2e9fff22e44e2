import { describe, expect, it } from 'vitest';
import { loadReport, loadTable } from '../../../src/cli/loadReport.ts';
import { encodeWindows } from '../../../src/core/windows.ts';
import { simulatedWindows, simulations } from '../../support/phaseSimulation.ts';
import type { PhaseMeasurement } from '../../../src/core/load.ts';

const settings = {
  method: 'POST',
  load: { loop: 'closed', connections: 8 } as const,
  durationSeconds: 5,
  warmUpSeconds: 2,
  timeoutMs: 10_000,
  bodies: 1,
  seed: 1,
};
const measurement: PhaseMeasurement = {
  window: { startMs: 1_000_000, endMs: 1_005_001.5 },
  requests: { sent: 3910, ok: 3900, errors: 2, timeouts: 1, inFlight: 8 },
  errorsByKind: { 'HTTP 500': 1, timeout: 1 },
  latency: { p50Ms: 10.123, p95Ms: 11, p99Ms: 12.5, maxMs: 20.001, meanMs: 10.2, samples: 3900 },
  rps: 779.766,
  attemptedRps: 781.765,
  longestWaitMs: 2,
  histogram: 'x',
  timeSeries: [],
  schedule: null,
  generator: {
    eventLoopDelayP99Ms: 1,
    stalledMs: 0,
    cpuSeconds: 0.5,
    throttledMs: null,
    littlesLawResidual: 0.002,
    scheduleDelay: null,
    lateSends: null,
    overheadMs: null,
    connectionsOpened: null,
    clockShiftMs: null,
    givenUpBefore: null,
    team: null,
  },
};

describe('the report of a load', () => {
  it('is a table for people', () => {
    expect(loadTable(loadReport(settings, measurement, { cancelled: false, nowMs: 0 }))).toBe(`\
Closed loop from this machine: 8 connections for 5.00 s after 2 s of warm-up

  p50       10.123 ms
  p95       11.000 ms
  p99       12.500 ms
  max       20.001 ms
  rate      779.8 successes/s (781.8 sent/s)
  requests  3910 sent, 3900 ok, 2 errors (1 of them timeouts), 8 in flight at the end
            1 x HTTP 500
            1 x timeout
  pauses    of the generator itself: none of more than 20 ms
  valid     yes
  caveat    quick quality: fewer than the 57,344 successes of a published p95 (MLPerf)
`);
  });

  it('says how many bodies were sent in turn', () => {
    const text = loadTable(
      loadReport({ ...settings, bodies: 120, seed: 7 }, measurement, { cancelled: false, nowMs: 0 }),
    );
    expect(text).toContain('\n  bodies    120 in turn, in an order drawn from seed 7\n');
  });

  it('says for how long the generator stood still, and how many requests it sent late', () => {
    const open = { loop: 'open', ratePerSecond: 800, arrivals: 'constant', maxInFlight: 64 } as const;
    const late = {
      ...measurement,
      schedule: { scheduled: 3910, late: 0, unsent: 0 },
      generator: {
        ...measurement.generator,
        stalledMs: 41.6,
        scheduleDelay: { p50Ms: 0.02, p99Ms: 0.4, maxMs: 61.5 },
        lateSends: 37,
      },
    };
    const text = loadTable(loadReport({ ...settings, load: open }, late, { cancelled: false, nowMs: 0 }));
    expect(text).toContain(
      '  delay     of the sending: median 0.020 ms, p99 0.400 ms, max 61.500 ms; 37 sent more than 10 ms late\n',
    );
    expect(text).toContain('  pauses    of the generator itself: 42 ms in all, counting what each had beyond 20 ms\n');
  });

  it('says nothing of pauses that nobody looked for', () => {
    const nobody = { ...measurement, generator: { ...measurement.generator, stalledMs: null } };
    expect(loadTable(loadReport(settings, nobody, { cancelled: false, nowMs: 0 }))).not.toContain('pauses');
  });

  it('shows 95% intervals beside the figures', () => {
    const windows = encodeWindows(simulatedWindows(simulations.lognormal, 3, 5, 780));
    const text = loadTable(loadReport(settings, { ...measurement, windows }, { cancelled: false, nowMs: 0 }));
    expect(text).toMatch(/^ {2}p95 {7}11\.000 ms \[\d+\.\d{3}–\d+\.\d{3}\]$/m);
    expect(text).toMatch(/^ {2}rate {6}779\.8 successes\/s \[7\d\d\.\d–8\d\d\.\d\] \(781\.8 sent\/s\)$/m);
    expect(text).toMatch(/^ {2}\[ – \] {5}95% interval$/m);
    const short = encodeWindows(simulatedWindows(simulations.lognormal, 3, 1, 780));
    expect(
      loadTable(loadReport(settings, { ...measurement, windows: short }, { cancelled: false, nowMs: 0 })),
    ).toContain('  caveat    no interval of p95: the phase has 10 windows of time, and it needs 20\n');
  });

  it('says what is missing, and why it is not valid', () => {
    const few = {
      ...measurement,
      latency: { ...measurement.latency, p95Ms: null, p99Ms: null, samples: 20 },
      errorsByKind: {},
    };
    const report = loadReport(
      { ...settings, load: { loop: 'closed', connections: 1 }, warmUpSeconds: 0 },
      { ...few, requests: { sent: 21, ok: 20, errors: 0, timeouts: 0, inFlight: 1 } },
      { cancelled: true, nowMs: 0 },
    );
    expect(loadTable(report)).toBe(`\
CANCELLED. Closed loop from this machine: 1 connection for 5.00 s

  p50       10.123 ms
  p95       too few samples (needs 90)
  p99       too few samples (needs 459)
  max       20.001 ms
  rate      779.8 successes/s (781.8 sent/s)
  requests  21 sent, 20 ok, 0 errors (0 of them timeouts), 1 in flight at the end
  pauses    of the generator itself: none of more than 20 ms
  valid     NO
            cancelled before the duration was over
            insufficient samples: 20 successes, and p95 needs 90
  caveat    4.8% of the requests sent were unanswered at the end: the slowest answers are missing, so p95 and RPS read low; measure longer
`);
  });

  it('has the same shape when nothing was measured', () => {
    const nothing = loadReport(settings, null, { cancelled: true, nowMs: 123 });
    expect(Object.keys(nothing).sort()).toEqual(
      Object.keys(loadReport(settings, measurement, { cancelled: false, nowMs: 0 })).sort(),
    );
    expect(nothing).toMatchObject({
      window: { startMs: 123, endMs: 123 },
      requests: { sent: 0 },
      validity: { valid: false },
    });
  });
});
