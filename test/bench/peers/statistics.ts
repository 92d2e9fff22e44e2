import { meanInterval95 } from '../../../src/core/tInterval.ts';

/** What figures of pairs that took turns say of each other. */

/** A ratio with its 95 % interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** @returns NaN for no figures */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/**
 * The geometric mean of the ratios of pairs and its 95 % interval.
 * @throws Error with fewer than 2 pairs
 */
export function pairedRatio(ratios: readonly number[]): RatioInterval {
  if (ratios.length < 2) throw new Error(`No interval of ${String(ratios.length)} pairs.`);
  const { mean, low, high } = meanInterval95(ratios.map((ratio) => Math.log(ratio)));
  return { ratio: Math.exp(mean), low: Math.exp(low), high: Math.exp(high) };
}

export type PeerOutcome = 'Met' | '**Missed**' | 'Not decided';

/** A target is met or missed only where all of the interval says so. */
export function judgeRatio(
  { low, high }: RatioInterval,
  asked: { readonly least: number; readonly most?: number },
): PeerOutcome {
  const most = asked.most ?? Number.POSITIVE_INFINITY;
  if (low >= asked.least && high <= most) return 'Met';
  return high < asked.least || low > most ? '**Missed**' : 'Not decided';
}

/** Who goes when: each round in another order, so that nobody always follows the same one. */
export function orderOfRound<T>(items: readonly T[], round: number): T[] {
  const shift = items.length === 0 ? 0 : Math.floor(round / 2) % items.length;
  const rotated = [...items.slice(shift), ...items.slice(0, shift)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}
