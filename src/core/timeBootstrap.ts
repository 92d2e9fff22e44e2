import { automaticBlockLength } from './blockLength.ts';
import { seededRandom } from './seededRandom.ts';

/** A ratio of two sums over the windows of a phase, e.g. fast requests over all requests; one entry a window. */
export interface WindowedRatio {
  readonly numerators: readonly number[];
  readonly denominators: readonly number[];
}

export interface BootstrapRatio {
  readonly ratio: number;
  /** 95% limits. */
  readonly low: number;
  readonly high: number;
  /** Variance of the ratio. */
  readonly variance: number;
  /** As many windows that know nothing of each other would tell as much. */
  readonly independentWindows: number;
}

export const resamples = 2000;
/** A block is this part of a phase, or longer where the series itself asks for it. */
const blocksOfAPhase = 7;
/** A block is never longer than this part: with fewer there is nothing to draw from. */
const fewestBlocks = 3;

/**
 * A 95% interval of a ratio whose windows are alike in time. Circular block bootstrap (Politis & Romano 1992); the blocks'
 * length is automatic (blockLength.ts), but at least a seventh of the phase. Two things make blocks of a short series vary
 * too little, and the limits are moved out for both: few blocks, by the critical values of a Bartlett kernel with a fixed
 * bandwidth (Kiefer & Vogelsang 2005, table 1); and likeness that reaches over a block's end, by twice the variance of whole
 * blocks less that of half blocks (Politis & Romano 1995), where that is greater.
 */
export function bootstrapRatio({ numerators, denominators }: WindowedRatio, seed: number): BootstrapRatio {
  const length = numerators.length;
  const ratio = sum(numerators) / sum(denominators);
  const residuals = numerators.map((numerator, at) => numerator - ratio * (denominators[at] ?? 0));
  const block = Math.min(
    Math.floor(length / fewestBlocks),
    Math.max(Math.ceil(length / blocksOfAPhase), Math.round(automaticBlockLength(residuals))),
  );
  const autocovariance = circularAutocovariances(residuals, block);
  const half = Math.max(1, Math.round(block / 2));
  const ofBlocks = bartlettVariance(autocovariance, block);
  const ofHalves = bartlettVariance(autocovariance, half);
  const extrapolated = block === half ? ofBlocks : (block * ofBlocks - half * ofHalves) / (block - half);
  const missing = ofBlocks > 0 ? Math.min(4, Math.max(1, extrapolated / ofBlocks)) : 1;
  const stretch = (fixedBandwidthCritical(block / length) / 1.96) * Math.sqrt(missing);
  const draws = drawRatios(cumulative(numerators), cumulative(denominators), block, seed);
  const edge = Math.floor(0.025 * draws.length);
  const limit = (at: number): number => ratio + ((draws[at] ?? ratio) - ratio) * stretch;
  const single = autocovariance[0] ?? 0;
  return {
    ratio,
    low: limit(edge),
    high: limit(draws.length - 1 - edge),
    variance: draws.reduce((total, draw) => total + (draw - ratio) ** 2, 0) * (missing / draws.length),
    independentWindows: ofBlocks > 0 ? (length * single) / (ofBlocks * missing) : length,
  };
}

/** 97.5% point of a t ratio whose variance comes from a Bartlett kernel over this share of the series. */
function fixedBandwidthCritical(share: number): number {
  return 1.96 + 2.9694 * share + 0.416 * share ** 2 - 0.5324 * share ** 3;
}

/** Ascending. */
function drawRatios(numerators: Float64Array, denominators: Float64Array, block: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const length = numerators.length - 1;
  const draws = new Float64Array(resamples);
  for (let draw = 0; draw < resamples; draw += 1) {
    let numerator = 0;
    let denominator = 0;
    for (let left = length; left > 0; left -= block) {
      const start = Math.floor(random() * length);
      const size = Math.min(block, left);
      numerator += blockSum(numerators, start, size);
      denominator += blockSum(denominators, start, size);
    }
    // A draw of windows in which nothing ended says nothing of a share.
    draws[draw] = denominator > 0 ? numerator / denominator : Number.NaN;
  }
  return draws.filter((draw) => !Number.isNaN(draw)).sort();
}

/** Of `size` windows from `start` on, around the end of the phase to its start. */
function blockSum(cumulated: Float64Array, start: number, size: number): number {
  const length = cumulated.length - 1;
  const before = cumulated[start] ?? 0;
  const end = start + size;
  if (end <= length) return (cumulated[end] ?? 0) - before;
  return (cumulated[length] ?? 0) - before + (cumulated[end - length] ?? 0);
}

/** Sums of the first 0, 1, 2... values. */
function cumulative(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, at) => {
    sums[at + 1] = (sums[at] ?? 0) + value;
  });
  return sums;
}

/** Of lags 0 to count - 1; the series is taken for a ring. */
export function circularAutocovariances(series: readonly number[], count: number): number[] {
  const { length } = series;
  const mean = sum(series) / length;
  return Array.from({ length: count }, (_, lag) => {
    let total = 0;
    for (let at = 0; at < length; at += 1) {
      total += ((series[at] ?? 0) - mean) * ((series[(at + lag) % length] ?? 0) - mean);
    }
    return total / length;
  });
}

/** Variance of a sum of the series, for each of its steps: what blocks of that length would show. */
export function bartlettVariance(autocovariances: readonly number[], block: number): number {
  let variance = autocovariances[0] ?? 0;
  for (let lag = 1; lag < block; lag += 1) variance += 2 * (1 - lag / block) * (autocovariances[lag] ?? 0);
  return variance;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
