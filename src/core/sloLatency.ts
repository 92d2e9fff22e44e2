import { decodeHistogram, quantileMs } from './histogram.ts';
import type { PhaseMeasurement } from './load.ts';
import type { PhaseResult } from './record.ts';
import type { Trial } from './sloSearch.ts';
import { generatorReasons, rateReasons } from './validity.ts';
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

/**
 * Whether a phase kept p95 under its bound. Failed requests and requests that found no room in time miss it too: then it is
 * the server that was too slow. What a generator measured that was itself late or starved says nothing of the server.
 */
export function judgeTrial(
  { measurement, validity }: Pick<PhaseResult, 'measurement' | 'validity'>,
  boundMs: number,
  timeoutMs: number,
): Trial['verdict'] {
  if (generatorReasons(measurement).length > 0) return 'not known';
  const { sent, errors } = measurement.requests;
  // Work that the phase before has left behind is part of what this one measured.
  if ((measurement.generator.givenUpBefore ?? 0) > validityLimits.errorShare * sent) return 'not known';
  if (sent > 0 && errors / sent > validityLimits.errorShare) return 'missed';
  const p95Ms = sloQuantileMs(measurement, 0.95, timeoutMs);
  if (p95Ms === null) return 'not known';
  if (p95Ms > boundMs) return 'missed';
  if (validity.valid) return 'kept';
  // Not all that was due could be sent, or was answered: the server was too slow for the rate, or for the plan's room.
  const late = (measurement.schedule?.unsent ?? 0) > 0 || rateReasons(measurement).length > 0;
  return late ? 'missed' : 'not known';
}
