import { decodeHistogram, quantileMs } from './histogram.ts';
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
 * Whether p95 was confidently under its bound in a phase that kept it: all of its 95% interval is. Timeouts move the interval as
 * they move p95. A p95 without an interval is confident of nothing.
 */
export function isConfident(
  { measurement, intervals }: Pick<PhaseResult, 'measurement' | 'intervals'>,
  boundMs: number,
  timeoutMs: number,
): boolean {
  const { p95Ms } = measurement.latency;
  const counted = sloQuantileMs(measurement, 0.95, timeoutMs);
  if (intervals === 'not yet computed' || 'unknown' in intervals.p95Ms || p95Ms === null || counted === null)
    return false;
  const moved = measurement.requests.timeouts === 0 ? 1 : counted / p95Ms;
  return intervals.p95Ms.high * moved <= boundMs;
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
  if (sent > 0 && errors / sent > validityLimits.errorShare) return { verdict: 'missed' };
  const p95Ms = sloQuantileMs(measurement, 0.95, timeoutMs);
  if (p95Ms === null) return { verdict: 'not known', doubts: validity.reasons };
  if (p95Ms > boundMs) return { verdict: 'missed' };
  if (validity.valid) return { verdict: 'kept' };
  // Not all that was due could be sent, or was answered: the server was too slow for the rate, or for the plan's room.
  const late = (measurement.schedule?.unsent ?? 0) > 0 || rateReasons(measurement).length > 0;
  return late ? { verdict: 'missed' } : { verdict: 'not known', doubts: validity.reasons };
}
