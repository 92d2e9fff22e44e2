import { pairedDifference, type Repetition } from './pairedDifference.ts';

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
 * The verdict of repetitions that took turns (A B A B ...): the ratio of each pair, as a difference of logarithms
 * (see pairedDifference.ts).
 * @param repetitions that were planned, where there may be fewer pairs
 */
export function verdictOf(
  pairs: readonly { readonly a: Repetition; readonly b: Repetition }[],
  repetitions = pairs.length,
): Verdict {
  const found = pairedDifference(pairs, Math.log, repetitions);
  if (found.kind === 'none') return found;
  const { difference, low, high, planned } = found;
  return {
    kind: low > 0 || high < 0 ? 'difference' : 'no difference shown',
    ratio: Math.exp(difference),
    low: Math.exp(low),
    high: Math.exp(high),
    pairs: found.pairs,
    planned,
    basis: planned === 1 ? 'one repetition, not interleaved' : 'interleaved repetitions',
  };
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

/** ", 2 of 3 pairs", to follow an interval; empty where all pairs that were planned bear it. */
export function restsOn({ pairs, planned }: { readonly pairs: number; readonly planned: number }): string {
  return pairs < planned ? `, ${String(pairs)} of ${String(planned)} pairs` : '';
}

export type RatioWithInterval = Pick<Extract<Verdict, { pairs: number }>, 'ratio' | 'low' | 'high'>;

/** "triton 1.8x fastapi [1.6–2.0]", or that no difference was shown, or why there is no verdict; with the pairs where some are missing. */
export function verdictText(verdict: Verdict, a: string, b: string): string {
  if (verdict.kind === 'none') return `no verdict on ${a} and ${b}: ${verdict.why}`;
  const { ratio, low, high } = ratioTexts(verdict);
  const rests = restsOn(verdict);
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
