/**
 * Fewest samples from which a quantile may be read, none of them over it: with fewer, a distribution whose true quantile
 * lies higher would look the same in more than 1% of tries. n >= ln(1 - confidence) / ln(quantile).
 * Source: MLPerf inference rules, early stopping (confidence 0.99); p95 gives 90, p99 gives 459.
 */
export function minimumSamples(quantile: number, confidence = 0.99): number {
  return Math.ceil(Math.log(1 - confidence) / Math.log(quantile));
}
