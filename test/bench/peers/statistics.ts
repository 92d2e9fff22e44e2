/** What figures of pairs that took turns say of each other. */

/** A ratio with its 95 % interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Student's t, 97.5 % quantile, for 1 to 9 degrees of freedom. Source: any table of the distribution. */
const studentT = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622];

/** @returns NaN for no figures */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/**
 * The geometric mean of the ratios of pairs and its 95 % interval: mean +- t * s / sqrt(n) of their logarithms, which are
 * taken to be independent and normal, with n - 1 degrees of freedom.
 * @throws Error with fewer than 2 or more than 10 pairs
 */
export function pairedRatio(ratios: readonly number[]): RatioInterval {
  const t = studentT[ratios.length - 2];
  if (t === undefined) throw new Error(`No interval of ${String(ratios.length)} pairs.`);
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const half = t * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/** Who goes when: each round in another order, so that nobody always follows the same one. */
export function orderOfRound<T>(items: readonly T[], round: number): T[] {
  const shift = items.length === 0 ? 0 : Math.floor(round / 2) % items.length;
  const rotated = [...items.slice(shift), ...items.slice(0, shift)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}
