import { notAtRest } from './counterValidity.ts';
import { generatorDelay, isGeneratorBound } from './generatorBound.ts';
import { decodeHistogram, quantileMs, shareUpTo } from './histogram.ts';
import type { PhaseMeasurement } from './load.ts';
import type { PhaseResult } from './record.ts';
import type { Trial } from './sloSearch.ts';
import { generatorReasons, leftBehindText, rateReasons } from './validity.ts';
import { validityLimits } from './validityLimits.ts';

/**
 * A quantile as a service level objective counts it: a request that timed out took its limit.
 * @returns milliseconds; null with too few samples
 */
export function sloQuantileMs(
  { histogram, requests }: Pick<PhaseMeasurement, 'histogram' | 'requests'>,
  quantile: number,
  timeoutMs: number,
): number | null {
  const all = decodeHistogram(histogram);
  if (requests.timeouts > 0) all.recordValueWithCount(Math.round(timeoutMs * 1000), requests.timeouts);
  return quantileMs(all, quantile);
}

/**
 * Whether p95 was confidently under its bound in a phase that kept it: all of its 95% interval is. A p95 without an interval is
 * confident of nothing. Where requests timed out, the interval's upper end is read anew at its own rank, with the timeouts at
 * their limit: a rank that moves crosses whatever gap the latencies have (as Woodruff's intervals go by ranks, 1952).
 */
export function isConfident(
  { measurement, intervals }: Pick<PhaseResult, 'measurement' | 'intervals'>,
  boundMs: number,
  timeoutMs: number,
): boolean {
  if (intervals === 'not yet computed' || 'unknown' in intervals.p95Ms) return false;
  const { high } = intervals.p95Ms;
  if (high > boundMs) return false;
  if (measurement.requests.timeouts === 0) return true;
  const rank = Math.max(0.95, shareUpTo(decodeHistogram(measurement.histogram), high));
  const counted = rank < 1 ? sloQuantileMs(measurement, rank, timeoutMs) : null;
  return counted !== null && counted <= boundMs;
}

/** What a phase says of its rate; of one that says nothing, why not, without a full stop. */
export type Judged =
  | { readonly verdict: Exclude<Trial['verdict'], 'not known'> }
  | {
      readonly verdict: 'not known';
      readonly doubts: readonly string[];
      /** Whether the load generator itself is why. */
      readonly byGenerator?: true;
    };

/**
 * Whether a phase kept p95 under its bound. Failed requests and requests that found no room in time miss it too: then it is
 * the server that was too slow. What may not be believed says nothing of the server, whosever fault that is.
 */
export function judgeTrial(
  { measurement, validity }: Pick<PhaseResult, 'measurement' | 'validity'>,
  boundMs: number,
  timeoutMs: number,
): Judged {
  const generator = generatorReasons(measurement);
  if (generator.length > 0) return { verdict: 'not known', doubts: generator, byGenerator: true };
  const { sent, errors } = measurement.requests;
  // Work that the phase before has left behind is part of what this one measured.
  const left = measurement.generator.givenUpBefore ?? 0;
  if (left > validityLimits.errorShare * sent) return { verdict: 'not known', doubts: [leftBehindText(left)] };
  if (validity.reasons.includes(notAtRest)) return { verdict: 'not known', doubts: [notAtRest] };
  if (sent > 0 && errors / sent > validityLimits.errorShare) return { verdict: 'missed' };
  // Not all that was due could be sent, or was answered: the server was too slow for the rate, or for the plan's room.
  if (rateReasons(measurement).length > 0) return { verdict: 'missed' };
  const p95Ms = sloQuantileMs(measurement, 0.95, timeoutMs);
  if (p95Ms === null) return { verdict: 'not known', doubts: validity.reasons };
  if (p95Ms > boundMs) {
    return isGeneratorBound({ measurement })
      ? { verdict: 'not known', doubts: [generatorDelay], byGenerator: true }
      : { verdict: 'missed' };
  }
  return validity.valid ? { verdict: 'kept' } : { verdict: 'not known', doubts: validity.reasons };
}
