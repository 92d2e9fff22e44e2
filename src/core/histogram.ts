import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Latency } from './load.ts';
import { minimumSamples } from './statistics.ts';
import { slotOf } from './windows.ts';

/** An HDR histogram of latencies in microseconds, 3 significant digits; histograms of several workers can be merged. */
export type LatencyHistogram = Histogram;

/** One hour; a longer latency is recorded as this. The longest timeout of a plan is ten minutes. */
const highestMicroseconds = 3_600_000_000;

export function createLatencyHistogram(): LatencyHistogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestMicroseconds,
    numberOfSignificantValueDigits: 3,
  });
}

/** @param latencyMs milliseconds; kept to the microsecond */
export function recordLatency(histogram: LatencyHistogram, latencyMs: number): void {
  histogram.recordValue(histogramMicroseconds(latencyMs));
}

/** A latency as the histogram takes it: whole microseconds in its range. */
export function histogramMicroseconds(latencyMs: number): number {
  const microseconds = Math.round(latencyMs * 1000);
  return microseconds < 0 ? 0 : microseconds > highestMicroseconds ? highestMicroseconds : microseconds;
}

/** Adds the samples of `from` to `into`. */
export function mergeLatencies(into: LatencyHistogram, from: LatencyHistogram): void {
  into.add(from);
}

/** HdrHistogram V2, deflated, base64. */
export function encodeHistogram(histogram: LatencyHistogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** @throws Error when the text is no HdrHistogram V2 */
export function decodeHistogram(text: string): LatencyHistogram {
  return decodeFromCompressedBase64(text, 32, false, highestMicroseconds);
}

/**
 * The smallest recorded latency that at least `quantile` of the samples do not exceed, in milliseconds.
 * @returns null when there are too few samples to read that quantile from (see minimumSamples)
 */
export function quantileMs(histogram: LatencyHistogram, quantile: number): number | null {
  if (histogram.totalCount < minimumSamples(quantile)) return null;
  const microseconds = histogram.getValueAtPercentile(quantile * 100);
  return Math.min(microseconds, histogram.maxValue) / 1000;
}

/** The share of the samples that do not exceed a latency in milliseconds, as far as the histogram tells, from 0 to 1; 0 of no samples. */
export function shareUpTo(histogram: LatencyHistogram, latencyMs: number): number {
  const { totalCount } = histogram;
  const slot = slotOf(histogramMicroseconds(latencyMs));
  let least = 0;
  let most = totalCount;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (slotOf(histogram.getValueAtPercentile((middle / totalCount) * 100)) <= slot) least = middle;
    else most = middle - 1;
  }
  return totalCount === 0 ? 0 : least / totalCount;
}

export function latencyOf(histogram: LatencyHistogram): Latency {
  const samples = histogram.totalCount;
  return {
    p50Ms: quantileMs(histogram, 0.5),
    p95Ms: quantileMs(histogram, 0.95),
    p99Ms: quantileMs(histogram, 0.99),
    maxMs: samples === 0 ? null : histogram.maxValue / 1000,
    meanMs: samples === 0 ? null : Math.round(histogram.mean) / 1000,
    samples,
  };
}
