import { studentT } from './distributions.ts';

/** A figure with its 95% limits. */
interface Limits {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Student's t interval, 95%, of the mean of values that are taken to be independent and normal, such as the logarithms of
 * ratios: mean +- t s / sqrt(n) with n - 1 degrees of freedom.
 * @param values at least two
 */
export function meanInterval95(values: readonly number[]): Limits {
  const { mean, squaredError } = meanOf(values);
  const reach = studentT(0.05, values.length - 1) * Math.sqrt(squaredError);
  return { mean, low: mean - reach, high: mean + reach };
}

/**
 * Welch's t interval, 95%, of the difference of two means, `after` less `before`, of independent and normal values whose
 * variances may differ. Degrees of freedom: Welch and Satterthwaite's, rounded down to a whole number.
 * Source: Welch (1947), The generalization of "Student's" problem when several different population variances are involved,
 * Biometrika 34(1-2).
 * @param before at least two, as `after`
 */
export function differenceInterval95(before: readonly number[], after: readonly number[]): Limits {
  const parts = [meanOf(before), meanOf(after)] as const;
  const mean = parts[1].mean - parts[0].mean;
  const squaredError = parts[0].squaredError + parts[1].squaredError;
  // Without any spread there is nothing to divide by, and no reach.
  if (squaredError === 0) return { mean, low: mean, high: mean };
  const spent = parts[0].squaredError ** 2 / (before.length - 1) + parts[1].squaredError ** 2 / (after.length - 1);
  const degrees = Math.max(1, Math.floor(squaredError ** 2 / spent));
  const reach = studentT(0.05, degrees) * Math.sqrt(squaredError);
  return { mean, low: mean - reach, high: mean + reach };
}

/** The mean and the square of its standard error. */
function meanOf(values: readonly number[]): { readonly mean: number; readonly squaredError: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, squaredError: variance / count };
}
