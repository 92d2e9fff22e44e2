import { studentT } from './distributions.ts';

/**
 * Student's t interval, 95%, of the mean of values that are taken to be independent and normal, such as the logarithms of
 * ratios: mean +- t s / sqrt(n) with n - 1 degrees of freedom.
 * @param values at least two
 */
export function meanInterval95(values: readonly number[]): { mean: number; low: number; high: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const reach = studentT(0.05, count - 1) * Math.sqrt(variance / count);
  return { mean, low: mean - reach, high: mean + reach };
}
