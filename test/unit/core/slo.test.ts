import { describe, expect, it } from 'vitest';
import { createLatencyHistogram, encodeHistogram, latencyOf, recordLatency } from '../../../src/core/histogram.ts';
import { keepsSlo, parseSlo, placesOf, sloFigure, type Slo } from '../../../src/core/slo.ts';
import { isConfident } from '../../../src/core/sloLatency.ts';
import type { PhaseResult } from '../../../src/core/record.ts';
import { samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

function slo(text: string): Slo {
  const parsed = parseSlo(text);
  if (parsed.slo === undefined) throw new Error(parsed.problem);
  return parsed.slo;
}

describe('a bound', () => {
  it.each<[string, Partial<Slo>]>([
    ['p95<50ms', { topology: null, level: null, metric: 'p95', comparison: '<', value: 50, unit: 'ms' }],
    ['p50<=0.5ms', { metric: 'p50', comparison: '<=', value: 0.5 }],
    ['p99 < 1.5 s', { metric: 'p99', value: 1500, unit: 'ms' }],
    ['p50<900us', { value: 0.9 }],
    ['p50<900µs', { value: 0.9 }],
    ['rps>=200', { metric: 'rps', comparison: '>=', value: 200, unit: '/s' }],
    ['rps>0/s', { comparison: '>', value: 0, unit: '/s' }],
    ['rate>=200', { metric: 'rate', comparison: '>=', value: 200, unit: '/s' }],
    ['triton@confirmation:rate>200.5/s', { level: 'confirmation', metric: 'rate', value: 200.5 }],
    ['errors<1%', { metric: 'errors', value: 0.01, unit: 'share' }],
    ['errors<=0', { comparison: '<=', value: 0, unit: 'count' }],
    ['errors<=0%', { value: 0, unit: 'share' }],
    ['triton:p95<50ms', { topology: 'triton', level: null }],
    ['triton@8:p95<50ms', { topology: 'triton', level: '8' }],
    ['@c8:rps>10', { topology: null, level: 'c8' }],
    ['  triton (no-batching) @ 8 : p95 < 50ms ', { topology: 'triton (no-batching)', level: '8' }],
  ])('%s is understood', (text, wanted) => {
    expect(slo(text)).toMatchObject({ text: text.trim(), ...wanted });
  });

  it.each<[string, string]>([
    ['', 'it bounds ""'],
    [' ', 'it bounds ""'],
    ['p95', 'p95 is bounded with < or <='],
    ['p95<', '"" is no number with its unit'],
    ['p95<50', 'p95 needs a unit: ms, s or us'],
    ['p95<50min', 'p95 needs a unit'],
    ['p95<50%', 'p95 needs a unit'],
    ['p95<-5ms', '"-5ms" is no number'],
    ['p95<5e3ms', '"5e3ms" is no number'],
    ['p95<Infinityms', 'is no number'],
    ['p95<.5ms', 'is no number'],
    ['p95<1,5ms', 'is no number'],
    ['p95<50ms ms', 'is no number'],
    ['p95<9999999999999ms', 'is no number'],
    ['p95<0ms', 'nothing is below 0'],
    ['errors<0', 'nothing is below 0'],
    ['p95>50ms', 'p95 is bounded with < or <='],
    ['p95=50ms', 'p95 is bounded with < or <='],
    ['p95==50ms', 'p95 is bounded with < or <='],
    ['p95=<50ms', 'p95 is bounded with < or <='],
    ['rps<100', 'rps is bounded with > or >='],
    ['rps>100ms', 'rps is a number of successes a second'],
    ['rate<100', 'rate is bounded with > or >='],
    ['rate>100ms', 'rate is a number of requests a second'],
    ['errors<101%', 'errors are a share such as 1% or a whole number'],
    ['errors<1.5', 'errors are a share such as 1% or a whole number'],
    ['errors<1ms', 'errors are a share such as 1% or a whole number'],
    ['errors>1%', 'errors is bounded with < or <='],
    ['p90<50ms', 'it bounds "p90", and there are p50, p95, p99, rps, rate, errors'],
    ['P95<50ms', 'it bounds ""'],
    ['latency<50ms', 'it bounds "latency"'],
    [':p95<50ms', 'a topology or a level belongs before ":"'],
    ['@:p95<50ms', 'a level belongs after "@"'],
    ['triton@:p95<50ms', 'a level belongs after "@"'],
    ['triton@8', 'it bounds "triton"'],
    ['p95<50ms:triton', 'it bounds "triton"'],
    ['p95<50ms,rps>10', 'is no number'],
    ['p95<50ms\np99<1s', 'it bounds ""'],
    ['<50ms', 'it bounds ""'],
    ['💥', 'it bounds ""'],
  ])('%j is refused, and says why', (text, problem) => {
    const parsed = parseSlo(text);
    expect(parsed.slo).toBeUndefined();
    expect(parsed.problem).toContain(problem);
  });

  it('holds at the places that it names', () => {
    const plan = samplePlan();
    const places = (text: string): string[] =>
      placesOf(slo(text), plan).map(({ topology, level }) => `${topology}@${level}`);
    expect(places('p95<1s')).toHaveLength(9);
    expect(places('triton:p95<1s')).toEqual(['triton@c1', 'triton@c8', 'triton@c32']);
    expect(places('triton@8:p95<1s')).toEqual(['triton@c8']);
    expect(places('triton@c8:p95<1s')).toEqual(['triton@c8']);
    expect(places('@1:p95<1s')).toEqual(['fastapi@c1', 'triton@c1', 'hybrid@c1']);
    expect(places('ray:p95<1s')).toEqual([]);
    expect(places('@2:p95<1s')).toEqual([]);
    expect(places('@warm-up:p95<1s')).toEqual([]);
  });

  it('is kept or broken at its very edge as its sign says', () => {
    expect(keepsSlo(slo('p95<50ms'), 50)).toBe(false);
    expect(keepsSlo(slo('p95<=50ms'), 50)).toBe(true);
    expect(keepsSlo(slo('rps>50'), 50)).toBe(false);
    expect(keepsSlo(slo('rps>=50'), 50)).toBe(true);
  });
});

function samplePhase(): PhaseResult {
  const phase = sampleRecord().topologies[0]?.phases[2];
  if (phase === undefined) throw new Error('the sample has no such phase');
  return phase;
}

describe('the figure of a bound', () => {
  const phase = samplePhase();

  /** 1000 successes of 10 ms, and requests that ran into their timeout. */
  function withTimeouts(timeouts: number, successes = 1000): PhaseResult {
    const histogram = createLatencyHistogram();
    for (let sample = 0; sample < successes; sample += 1) recordLatency(histogram, 10);
    const requests = { sent: successes + timeouts, ok: successes, errors: timeouts, timeouts, inFlight: 0 };
    const measurement = {
      ...phase.measurement,
      requests,
      latency: latencyOf(histogram),
      histogram: encodeHistogram(histogram),
    };
    return { ...phase, measurement };
  }

  it('is the measured one where nothing timed out', () => {
    const { latency, rps } = phase.measurement;
    expect(sloFigure(slo('p50<1s'), phase, 10_000)).toBe(latency.p50Ms);
    expect(sloFigure(slo('p95<1s'), phase, 10_000)).toBe(latency.p95Ms);
    expect(sloFigure(slo('p99<1s'), phase, 10_000)).toBe(latency.p99Ms);
    expect(sloFigure(slo('rps>1'), phase, 10_000)).toBe(rps);
    expect(sloFigure(slo('errors<1%'), phase, 10_000)).toBe(0);
  });

  it('counts a timeout at its limit: 6% of them make a p95 of 10 ms one of 3 s', () => {
    expect(sloFigure(slo('p95<1s'), withTimeouts(40), 3000)).toBeCloseTo(10, 1);
    expect(sloFigure(slo('p95<1s'), withTimeouts(60), 3000)).toBeCloseTo(3000, -1);
    expect(sloFigure(slo('p50<1s'), withTimeouts(60), 3000)).toBeCloseTo(10, 1);
    expect(withTimeouts(60).measurement.latency.p95Ms).toBeCloseTo(10, 1);
  });

  it('is none with too few requests', () => {
    expect(sloFigure(slo('p95<1s'), withTimeouts(0, 50), 3000)).toBeNull();
    expect(sloFigure(slo('p95<1s'), withTimeouts(1, 50), 3000)).toBeNull();
    const nothing = {
      ...withTimeouts(0),
      measurement: { ...phase.measurement, requests: { sent: 0, ok: 0, errors: 0, timeouts: 0, inFlight: 0 } },
    };
    expect(sloFigure(slo('errors<1%'), nothing, 3000)).toBeNull();
  });

  it('of errors is a share of the requests sent, or their count', () => {
    expect(sloFigure(slo('errors<1%'), withTimeouts(10, 990), 3000)).toBe(0.01);
    expect(sloFigure(slo('errors<=10'), withTimeouts(10, 990), 3000)).toBe(10);
  });
});

describe('whether p95 was confidently under its bound', () => {
  const [phase] = sampleRecord().topologies[0]?.phases.filter(({ kind }) => kind === 'measured') ?? [];
  if (phase === undefined || phase.intervals === 'not yet computed') throw new Error('the sample has intervals');
  const { intervals } = phase;
  const { p95Ms } = intervals;
  if ('unknown' in p95Ms) throw new Error(p95Ms.unknown);

  it('is decided by the upper limit of its interval, which timeouts move', () => {
    expect(isConfident(phase, p95Ms.high * 1.001, 10_000)).toBe(true);
    expect(isConfident(phase, p95Ms.high * 0.999, 10_000)).toBe(false);
    const { measurement } = phase;
    const timeouts = Math.round(measurement.requests.ok * 0.03);
    const timedOut = { ...measurement, requests: { ...measurement.requests, timeouts } };
    expect(isConfident({ ...phase, measurement: timedOut }, p95Ms.high * 1.001, 10_000)).toBe(false);
  });

  it('counts timeouts by rank: an upper limit at a gap between latencies moves to its far side', () => {
    // 96 % of the successes take 10 ms, 4 % take 500 ms, and 0.9 % of the requests time out.
    const histogram = createLatencyHistogram();
    for (let sample = 0; sample < 10_000; sample += 1) recordLatency(histogram, sample < 9_600 ? 10 : 500);
    const withTimeouts = (timeouts: number): boolean =>
      isConfident(
        {
          measurement: {
            ...phase.measurement,
            latency: latencyOf(histogram),
            histogram: encodeHistogram(histogram),
            requests: { sent: 10_000 + timeouts, ok: 10_000, errors: timeouts, timeouts, inFlight: 0 },
          },
          intervals: { ...intervals, p95Ms: { low: 10, high: 10 } },
        },
        100,
        1_000,
      );
    expect(withTimeouts(0)).toBe(true);
    expect(withTimeouts(91)).toBe(false);
  });

  it('is not where there is no interval', () => {
    expect(isConfident({ ...phase, intervals: 'not yet computed' }, 1e9, 10_000)).toBe(false);
    const unknown = { ...intervals, p95Ms: { unknown: 'too short' } };
    expect(isConfident({ ...phase, intervals: unknown }, 1e9, 10_000)).toBe(false);
  });
});
