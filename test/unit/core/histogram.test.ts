import { describe, expect, it } from 'vitest';
import {
  createLatencyHistogram,
  decodeHistogram,
  encodeHistogram,
  latencyOf,
  mergeLatencies,
  quantileMs,
  recordLatency,
  shareUpTo,
} from '../../../src/core/histogram.ts';

function histogramOf(latenciesMs: readonly number[]): ReturnType<typeof createLatencyHistogram> {
  const histogram = createLatencyHistogram();
  for (const latencyMs of latenciesMs) recordLatency(histogram, latencyMs);
  return histogram;
}

const upTo = (count: number, stepMs: number): number[] =>
  Array.from({ length: count }, (_, index) => (index + 1) * stepMs);

describe('a latency histogram', () => {
  it('tells what share of its samples does not exceed a latency', () => {
    const histogram = histogramOf(upTo(1000, 0.001));
    expect([0, 0.001, 0.25, 0.9995, 1, 50].map((latencyMs) => shareUpTo(histogram, latencyMs))).toEqual([
      0, 0.001, 0.25, 1, 1, 1,
    ]);
    expect(shareUpTo(createLatencyHistogram(), 1)).toBe(0);
    // Above 2 ms a slot holds several latencies, all of which count.
    expect(shareUpTo(histogramOf([10, 10.003, 20]), 10)).toBeCloseTo(2 / 3, 9);
  });

  it('keeps microseconds exactly where three digits do', () => {
    expect(latencyOf(histogramOf(upTo(1000, 0.001)))).toEqual({
      p50Ms: 0.5,
      p95Ms: 0.95,
      p99Ms: 0.99,
      maxMs: 1,
      meanMs: 0.501,
      samples: 1000,
    });
  });

  it('is off by at most a thousandth above that', () => {
    const { p50Ms, p95Ms, p99Ms, maxMs, meanMs } = latencyOf(histogramOf(upTo(10_000, 0.317)));
    for (const [got, exact] of [
      [p50Ms, 0.317 * 5000],
      [p95Ms, 0.317 * 9500],
      [p99Ms, 0.317 * 9900],
      [maxMs, 3170],
      [meanMs, 0.317 * 5000.5],
    ] as const) {
      expect(Math.abs((got ?? 0) / exact - 1)).toBeLessThan(0.001);
    }
  });

  it('never gives a quantile above the greatest value', () => {
    const { p99Ms, maxMs } = latencyOf(histogramOf(Array.from({ length: 500 }, () => 12.345)));
    expect(maxMs).toBe(12.345);
    expect(p99Ms).toBe(12.345);
  });

  it.each([
    [0.5, 7],
    [0.95, 90],
    [0.99, 459],
  ])('reads the quantile %d from %d samples, and from none fewer', (quantile, needed) => {
    expect(quantileMs(histogramOf(upTo(needed, 1)), quantile)).not.toBeNull();
    expect(quantileMs(histogramOf(upTo(needed - 1, 1)), quantile)).toBeNull();
  });

  it('says nothing of no samples', () => {
    expect(latencyOf(createLatencyHistogram())).toEqual({
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      maxMs: null,
      meanMs: null,
      samples: 0,
    });
  });

  it('merges as if all had been recorded in one', () => {
    const merged = histogramOf(upTo(300, 0.7));
    mergeLatencies(merged, histogramOf(upTo(700, 1.3)));
    expect(latencyOf(merged)).toEqual(latencyOf(histogramOf([...upTo(300, 0.7), ...upTo(700, 1.3)])));
  });

  it('survives its encoding, and merges after it', () => {
    const original = histogramOf(upTo(5000, 0.931));
    const decoded = decodeHistogram(encodeHistogram(original));
    const { maxMs, ...latency } = latencyOf(decoded);
    const { maxMs: originalMaxMs, ...originalLatency } = latencyOf(original);
    expect(latency).toEqual(originalLatency);
    expect(Math.abs((maxMs ?? 0) / (originalMaxMs ?? 1) - 1)).toBeLessThan(0.001);
    mergeLatencies(decoded, histogramOf([3_599_000]));
    expect(latencyOf(decoded).samples).toBe(5001);
  });

  it('reads what another implementation of HdrHistogram V2 wrote', () => {
    // A line of a log that the Java implementation wrote; beside it stands its greatest value, 2.769 ms, in nanoseconds here.
    const decoded = decodeHistogram(
      'HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=',
    );
    expect(decoded.totalCount).toBe(741);
    expect(Math.abs(decoded.maxValue / 2_769_000 - 1)).toBeLessThan(0.01);
  });

  it('keeps what is out of its range at its ends', () => {
    expect(latencyOf(histogramOf([-1, 0, 1e12]))).toMatchObject({ samples: 3, maxMs: 3_600_000 });
  });
});
