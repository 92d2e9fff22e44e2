import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createLatencyHistogram, encodeHistogram, recordLatency } from '../../../src/core/histogram.ts';
import { compressedPart, distributionOf, histogramSlots } from '../../../src/core/view/distribution.ts';

/** The webview's own reader against the library that writes the histograms. */
describe('the histogram of a record', () => {
  const histogram = createLatencyHistogram();
  // Gaps, repeats and five orders of magnitude, so that runs of empty slots and wide buckets occur.
  for (let n = 1; n <= 20_000; n += 1) recordLatency(histogram, 0.05 + ((n * 7919) % 20_011) ** 2 / 40_000);
  recordLatency(histogram, 30_000);
  const encoded = encodeHistogram(histogram);
  const slots = histogramSlots(inflateSync(compressedPart(encoded)));

  it('is read slot by slot as the library wrote it', () => {
    expect(slots.reduce((sum, [, count]) => sum + count, 0)).toBe(histogram.totalCount);
    const last = slots.at(-1);
    expect(last?.[0]).toBe(histogram.getValueAtPercentile(100));
    expect(slots.length).toBeGreaterThan(2000);
  });

  it('gives the quantiles that the library gives', () => {
    const { points } = distributionOf('triton', slots);
    expect(points.length).toBeGreaterThan(40);
    for (const { quantile, ms } of points) {
      expect(ms, `p${String(quantile * 100)}`).toBe(histogram.getValueAtPercentile(quantile * 100) / 1000);
    }
    expect(points.map((point) => point.quantile)).toEqual(expect.arrayContaining([0, 0.5, 0.95, 0.99, 0.999]));
  });

  it('ends where fewer than ten requests were slower', () => {
    const few = createLatencyHistogram();
    for (let n = 1; n <= 200; n += 1) recordLatency(few, n);
    const { points } = distributionOf('triton', histogramSlots(inflateSync(compressedPart(encodeHistogram(few)))));
    expect(points.at(-1)).toEqual({ quantile: 0.95, ms: 190.079 });
  });

  it('refuses what is no histogram', () => {
    expect(() => compressedPart(btoa('nothing of the kind'))).toThrow(RangeError);
    expect(() => histogramSlots(new Uint8Array(64))).toThrow(RangeError);
  });
});
