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

/** How one topology's number stands to another's: a / b. */
export type Verdict =
  | {
      readonly kind: 'difference' | 'no difference shown';
      readonly ratio: number;
      /** 95% limits of the ratio. */
      readonly low: number;
      readonly high: number;
      /** Pairs that it rests on. */
      readonly pairs: number;
      /** Pairs that it was to rest on. */
      readonly planned: number;
      readonly basis: 'one repetition, not interleaved' | 'interleaved repetitions';
    }
  | { readonly kind: 'none'; readonly why: string };

/**
 * The verdict of repetitions that took turns (A B A B ...), pair by pair. From two pairs on, Student's t interval of the mean
 * logarithm of the pairs' ratios: what differs from deployment to deployment is in it, and what both of a pair share drops out.
 * Of one pair, from the two intervals alone: it says nothing of another deployment. A pair with a phase that is not valid is
 * left out; where more than one was planned and one is left, there is no verdict, because it would look like one over repetitions.
 * @param repetitions that were planned, where there may be fewer pairs
 */
export function verdictOf(
  pairs: readonly { readonly a: Repetition; readonly b: Repetition }[],
  repetitions = pairs.length,
): Verdict {
  if (pairs.length === 0) return none('there is nothing to compare');
  const planned = Math.max(repetitions, pairs.length);
  const valid = pairs.filter(({ a, b }) => a.valid && b.valid);
  const [only] = valid;
  if (only === undefined) return none('a measurement is not valid');
  if (valid.length === 1)
    return planned === 1
      ? ofOnePair(only.a, only.b)
      : none(`of ${String(planned)} pairs one is valid, and a verdict over repetitions needs two`);
  const logarithms = valid.map(({ a, b }) => Math.log((a.value ?? 0) / (b.value ?? 0)));
  if (!logarithms.every(Number.isFinite)) return none('a number is missing');
  const { mean, low, high } = meanInterval95(logarithms);
  return decided(mean, low, high, { pairs: logarithms.length, planned, basis: 'interleaved repetitions' });
}

/**
 * The ratio's interval from those of its two parts, on the scale of logarithms: distances from the estimates add up as
 * squares, each towards its own side. Source: Zou & Donner (2008), Statistics in Medicine 27(10) (MOVER). A number outside its own
 * interval is no estimate that the interval belongs to, and its distances would be squared without their signs.
 */
function ofOnePair(a: Repetition, b: Repetition): Verdict {
  const above = logarithmOf(a);
  const below = logarithmOf(b);
  if (above === undefined || below === undefined) return none('a number has no interval');
  if (![above, below].every(({ value, low, high }) => low <= value && value <= high))
    return none('a number is outside its own interval');
  const ratio = above.value - below.value;
  const low = ratio - Math.hypot(above.value - above.low, below.high - below.value);
  const high = ratio + Math.hypot(above.high - above.value, below.value - below.low);
  return decided(ratio, low, high, { pairs: 1, planned: 1, basis: 'one repetition, not interleaved' });
}

function logarithmOf({ value, interval }: Repetition): { value: number; low: number; high: number } | undefined {
  if (value === null || value <= 0 || interval === null || 'unknown' in interval || interval.low <= 0) return undefined;
  return { value: Math.log(value), low: Math.log(interval.low), high: Math.log(interval.high) };
}

function decided(
  logarithm: number,
  low: number,
  high: number,
  rest: Pick<Extract<Verdict, { pairs: number }>, 'pairs' | 'planned' | 'basis'>,
): Verdict {
  const kind = low > 0 || high < 0 ? 'difference' : 'no difference shown';
  return { kind, ratio: Math.exp(logarithm), low: Math.exp(low), high: Math.exp(high), ...rest };
}

function none(why: string): Verdict {
  return { kind: 'none', why };
}

/**
 * What chance alone does to a table of many ratios, each with its 95% interval; a whole sentence.
 * @param atLeast where the intervals hold less than what two runs differ by
 */
export function chanceText(ratios: number, atLeast = false): string {
  const expected = (ratios * 0.05).toFixed(1);
  return atLeast
    ? `Where nothing differs, at least one in twenty of these ${String(ratios)} ratios, so ${expected} or more, shows a difference by chance alone.`
    : `Where nothing differs, one in twenty of these ${String(ratios)} ratios, so about ${expected}, shows a difference by chance alone.`;
}

export type RatioWithInterval = Pick<Extract<Verdict, { pairs: number }>, 'ratio' | 'low' | 'high'>;

/** "triton 1.8x fastapi [1.6–2.0]", or that no difference was shown, or why there is no verdict; with the pairs where some are missing. */
export function verdictText(verdict: Verdict, a: string, b: string): string {
  if (verdict.kind === 'none') return `no verdict on ${a} and ${b}: ${verdict.why}`;
  const { ratio, low, high } = ratioTexts(verdict);
  const { pairs, planned } = verdict;
  const rests = pairs < planned ? `, ${String(pairs)} of ${String(planned)} pairs` : '';
  if (verdict.kind === 'no difference shown') {
    return `no difference shown between ${a} and ${b} (${ratio}x [${low}–${high}]${rests})`;
  }
  return `${a} ${ratio}x ${b} [${low}–${high}${rests}]`;
}

/** Two decimals, or one of a wide interval; one more where a limit would read as 1 and is not. */
export function ratioTexts({ ratio, low, high }: RatioWithInterval): Record<keyof RatioWithInterval, string> {
  const wanted = high - low >= 0.3 ? 1 : 2;
  const readsAsOne = [low, high].some((limit) => limit !== 1 && Number(limit.toFixed(wanted)) === 1);
  const decimals = readsAsOne ? wanted + 1 : wanted;
  return { ratio: ratio.toFixed(decimals), low: low.toFixed(decimals), high: high.toFixed(decimals) };
}
