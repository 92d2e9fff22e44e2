import type { Interval } from './record.ts';
import { meanInterval95 } from './tInterval.ts';

/** One number of one topology in one repetition. */
export interface Repetition {
  /** null where there were too few samples. */
  readonly value: number | null;
  readonly interval: Interval | null;
  /** Whether the phase may be believed. */
  readonly valid: boolean;
}

/** Why one pair has no difference where one of its two numbers has no interval; a clause. */
export const noInterval = 'a number has no interval';

/** a - b on a scale, with its 95% limits; or why there is none. */
export type PairedDifference =
  | {
      readonly kind: 'known';
      readonly difference: number;
      readonly low: number;
      readonly high: number;
      /** Pairs that it rests on. */
      readonly pairs: number;
      /** Pairs that it was to rest on. */
      readonly planned: number;
    }
  | { readonly kind: 'none'; readonly why: string };

/**
 * The difference of repetitions that took turns (A B A B ...), pair by pair. From two pairs on, Student's t interval of the mean
 * of the pairs' differences: what differs from deployment to deployment is in it, and what both of a pair share drops out. Of one
 * pair, from the two intervals alone: it says nothing of another deployment. A pair with a phase that is not valid is left out;
 * where more than one was planned and one is left, there is none, because it would look like one over repetitions.
 * @param scale what is subtracted: of logarithms the differences are ratios
 * @param repetitions that were planned, where there may be fewer pairs
 */
export function pairedDifference(
  pairs: readonly { readonly a: Repetition; readonly b: Repetition }[],
  scale: (value: number) => number,
  repetitions = pairs.length,
): PairedDifference {
  if (pairs.length === 0) return none('there is nothing to compare');
  const planned = Math.max(repetitions, pairs.length);
  const valid = pairs.filter(({ a, b }) => a.valid && b.valid);
  const [only] = valid;
  if (only === undefined) return none('a measurement is not valid');
  if (valid.length === 1)
    return planned === 1
      ? ofOnePair(only.a, only.b, scale)
      : none(`of ${String(planned)} pairs one is valid, and a verdict over repetitions needs two`);
  const differences = valid.map(({ a, b }) => scale(a.value ?? NaN) - scale(b.value ?? NaN));
  if (!differences.every(Number.isFinite)) return none('a number is missing');
  const { mean, low, high } = meanInterval95(differences);
  return { kind: 'known', difference: mean, low, high, pairs: differences.length, planned };
}

/**
 * The difference's interval from those of its two parts: distances from the estimates add up as squares, each towards its own
 * side. Source: Zou & Donner (2008), Statistics in Medicine 27(10) (MOVER). A number outside its own interval is no estimate that
 * the interval belongs to, and its distances would be squared without their signs.
 */
function ofOnePair(a: Repetition, b: Repetition, scale: (value: number) => number): PairedDifference {
  const above = scaled(a, scale);
  const below = scaled(b, scale);
  if (above === undefined || below === undefined) return none(noInterval);
  if (![above, below].every(({ value, low, high }) => low <= value && value <= high))
    return none('a number is outside its own interval');
  const difference = above.value - below.value;
  const low = difference - Math.hypot(above.value - above.low, below.high - below.value);
  const high = difference + Math.hypot(above.high - above.value, below.value - below.low);
  return { kind: 'known', difference, low, high, pairs: 1, planned: 1 };
}

function scaled(
  { value, interval }: Repetition,
  scale: (value: number) => number,
): { value: number; low: number; high: number } | undefined {
  if (value === null || interval === null || 'unknown' in interval) return undefined;
  const limits = { value: scale(value), low: scale(interval.low), high: scale(interval.high) };
  return Object.values(limits).every(Number.isFinite) ? limits : undefined;
}

function none(why: string): PairedDifference {
  return { kind: 'none', why };
}
