import { automaticBlockLength } from './blockLength.ts';
import { studentT } from './distributions.ts';
import { minimumSamples } from './statistics.ts';
import { bartlettVariance } from './timeBootstrap.ts';
import { pooledSlots, slotAtShare, slotMs, successesUpTo } from './windowQuantiles.ts';
import { successesOf, type TimeWindow, type TimeWindows } from './windows.ts';

/** A quantity in the thirds of a phase, in its own unit. */
export interface Thirds {
  readonly quantity: 'RPS' | 'p50' | 'p95';
  readonly values: readonly [number, number, number];
}

export type SteadyState =
  | {
      readonly state: 'steady';
      /** Those that differ by more than is allowed, as chance may have it. */
      readonly byChance: readonly Thirds[];
      /** Quantiles for which a third has too few successes. */
      readonly notJudged: readonly Thirds['quantity'][];
    }
  | { readonly state: 'unstable'; readonly quantities: readonly Thirds[] }
  | { readonly state: 'not judged'; readonly why: string };

export const steadyStateLimits = {
  /** Greatest over smallest. */
  ratio: 1.1,
  /** Chance of calling a steady phase unstable, over all its quantities. */
  falseAlarm: 0.01,
  /** Of a third: below, neither its own noise nor its level is known. */
  windows: 6,
} as const;

/** Quantities and pairs of thirds among which the chance of a false alarm is shared out (Bonferroni). */
const comparisons = 3 * 3;

/**
 * Whether a phase kept its level: perf_analyzer's rule, by which throughput and latency of the last three windows lie within
 * 10% (greatest over smallest). The three windows are the thirds of the phase, because its numbers are of all of it. A
 * difference counts only when it is more than chance, too: three short thirds of a steady phase often differ by more than 10%.
 * The noise is that of the series around its thirds' own levels, with what is alike in time; for a quantile, of the share of
 * requests below the whole phase's quantile.
 */
export function steadyState({ widthMs, windows }: TimeWindows): SteadyState {
  const cut = (third: number): number => Math.round((windows.length * third) / 3);
  const thirds = [0, 1, 2].map((third) => windows.slice(cut(third), cut(third + 1)));
  if (thirds.some((third) => third.length < steadyStateLimits.windows)) {
    return { state: 'not judged', why: 'the phase is too short to compare its thirds' };
  }
  const judged = [rateOf(thirds, widthMs), quantileOf(thirds, 'p50', 0.5), quantileOf(thirds, 'p95', 0.95)].filter(
    (one) => one !== undefined,
  );
  const differing = (how: Judged['differs']): Thirds[] =>
    judged.filter(({ differs }) => differs === how).map(({ quantity, values }) => ({ quantity, values }));
  const quantities = differing('surely');
  if (quantities.length > 0) return { state: 'unstable', quantities };
  const known = new Set(judged.map(({ quantity }) => quantity));
  const notJudged = (['RPS', 'p50', 'p95'] as const).filter((quantity) => !known.has(quantity));
  return { state: 'steady', byChance: differing('by chance'), notJudged };
}

type Judged = Thirds & { readonly differs: 'no' | 'by chance' | 'surely' };
type Parts = readonly (readonly TimeWindow[])[];

function rateOf(thirds: Parts, widthMs: number): Judged | undefined {
  const series = thirds.map((third) => third.map((window) => (successesOf(window) * 1000) / widthMs));
  const levels = series.map(mean);
  return judged('RPS', levels, levels, series);
}

function quantileOf(thirds: Parts, quantity: 'p50' | 'p95', quantile: number): Judged | undefined {
  const pooled = thirds.map(pooledSlots);
  if (pooled.some(({ samples }) => samples < minimumSamples(quantile))) return undefined;
  const values = pooled.map((third) => slotMs(slotAtShare(third, quantile)));
  const whole = slotAtShare(pooledSlots(thirds.flat()), quantile);
  const below = thirds.map((third) => third.map((window) => successesUpTo(window, whole)));
  const shares = below.map((series, at) => total(series) / (pooled[at]?.samples ?? 1));
  // Of each window's requests, how many more were below than its third's share would have.
  const residuals = thirds.map((third, at) =>
    third.map((window, index) => (below[at]?.[index] ?? 0) - (shares[at] ?? 0) * successesOf(window)),
  );
  const perWindow = mean(thirds.flat().map(successesOf));
  return judged(
    quantity,
    values,
    shares.map((share) => share * perWindow),
    residuals,
  );
}

/**
 * @param values what must lie within 10%
 * @param levels what must differ by more than chance, in the unit of the series
 */
function judged(
  quantity: Thirds['quantity'],
  values: readonly number[],
  levels: readonly number[],
  series: readonly (readonly number[])[],
): Judged | undefined {
  const [first, second, third] = values;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  const far = greatest > least * steadyStateLimits.ratio;
  const apart = Math.max(...levels) - Math.min(...levels);
  const differs = !far ? 'no' : apart > chanceDifference(series) ? 'surely' : 'by chance';
  return { quantity, values: [first, second, third], differs };
}

/** What the levels of two thirds differ by through chance alone, at most. */
function chanceDifference(series: readonly (readonly number[])[]): number {
  const residuals = series.flatMap((third) => {
    const level = mean(third);
    return third.map((value) => value - level);
  });
  const { length } = residuals;
  const perThird = length / 3;
  const block = Math.min(
    Math.floor(perThird / 2),
    Math.max(Math.ceil(perThird / 5), Math.round(automaticBlockLength(residuals))),
  );
  const covariances = Array.from({ length: block }, (_, lag) => {
    let sum = 0;
    for (let at = lag; at < length; at += 1) sum += (residuals[at] ?? 0) * (residuals[at - lag] ?? 0);
    return sum / length;
  });
  const variance = Math.max(covariances[0] ?? 0, bartlettVariance(covariances, block));
  const degrees = Math.max(1, Math.floor(length / block) - 3);
  return studentT(steadyStateLimits.falseAlarm / comparisons, degrees) * Math.sqrt((2 * variance) / perThird);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number {
  return total(values) / values.length;
}
