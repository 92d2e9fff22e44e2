import type { PhaseMeasurement } from './load.ts';

/**
 * Fewest samples from which a quantile may be read, none of them over it: with fewer, a distribution whose true quantile
 * lies higher would look the same in more than 1% of tries. n >= ln(1 - confidence) / ln(quantile).
 * Source: MLPerf inference rules, early stopping (confidence 0.99); p95 gives 90, p99 gives 459.
 */
export function minimumSamples(quantile: number, confidence = 0.99): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log(quantile));
}

/** Whether some requests succeeded, and too few for p95: that is one reason of a measurement that is not valid. */
export function hasTooFewSamples({ requests, latency }: Pick<PhaseMeasurement, 'requests' | 'latency'>): boolean {
  return requests.ok > 0 && latency.samples < minimumSamples(0.95);
}

/**
 * What one number stands for positive ones that vary by a factor: the n-th root of their product.
 * @returns null where one of them is missing, or there is none
 */
export function geometricMean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return null;
  const mean = Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length);
  // Equal numbers give that number, and not its neighbour.
  return Math.min(Math.max(...known), Math.max(Math.min(...known), mean));
}

/**
 * Successes from which p95 is known well enough to be published: 95% of the tail, 99% confidence, a margin of 0.25%,
 * rounded up to a multiple of 2^13. Source: MLPerf inference rules, the number of queries of the Server scenario.
 */
export const publishedQualitySamples = 57_344;
