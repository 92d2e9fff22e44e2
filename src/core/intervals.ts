import type { PhaseMeasurement } from './load.ts';
import type { Interval, Intervals } from './record.ts';
import { minimumSamples } from './statistics.ts';
import { formatCount } from './view/format.ts';
import { bootstrapRatio, resamples, type BootstrapRatio } from './timeBootstrap.ts';
import { decodeWindows, successesOf, type TimeWindow } from './windows.ts';
import { pooledSlots, slotAtShare, slotMs, successesUpTo } from './windowQuantiles.ts';

/** Below these an interval would promise more than it keeps; docs/statistics.md says how they were chosen. */
export const intervalLimits = {
  /** Of the phase. */
  windows: 20,
  /** As BootstrapRatio counts them: below, the phase is too short beside the time over which its windows are alike. */
  independentWindows: 15,
  /** In which anything succeeded: what came in fewer moments has no spread over time that could be seen. */
  windowsWithSuccesses: 15,
  /** Requests on the rarer side of the quantile, less what their coming in bursts takes away. */
  independentTail: 10,
} as const;

const seed = 1;
/** Of the requests, in one slot: more than this is no longer as good as continuous. */
const sharedSlot = 0.02;

/**
 * 95% intervals of a phase. RPS: block bootstrap over time. Quantiles: the same of the share of requests that are no slower
 * than the measured quantile; the latencies at that share's limits are the quantile's limits (Woodruff 1952), which needs no
 * density and holds where the distribution has gaps.
 */
export function phaseIntervals(
  measurement: Pick<PhaseMeasurement, 'latency' | 'rps' | 'windows'>,
): Intervals | 'not yet computed' {
  if (measurement.windows === undefined) return 'not yet computed';
  const { windows } = decodeWindows(measurement.windows);
  const { latency, rps } = measurement;
  const ofQuantile = (quantile: number, measuredMs: number | null): Interval =>
    reachingTo(quantileInterval(windows, quantile, latency.maxMs), measuredMs);
  return {
    level: 0.95,
    method: 'circular block bootstrap over time',
    resamples,
    seed,
    p50Ms: ofQuantile(0.5, latency.p50Ms),
    p95Ms: ofQuantile(0.95, latency.p95Ms),
    p99Ms: ofQuantile(0.99, latency.p99Ms),
    rps: rateInterval(windows, rps),
  };
}

/** Two rules of rounding a rank may differ by one request; what was measured is never outside. */
function reachingTo(interval: Interval, measured: number | null): Interval {
  if (measured === null || 'unknown' in interval) return interval;
  return { low: Math.min(interval.low, measured), high: Math.max(interval.high, measured) };
}

/** @param rps the measured rate, of which the windows' rates are scaled to be parts */
export function rateInterval(windows: readonly TimeWindow[], rps: number): Interval {
  if (windows.length < intervalLimits.windows) return tooShort(windows);
  const numerators = windows.map(successesOf);
  const bootstrap = bootstrapRatio({ numerators, denominators: windows.map(() => 1) }, seed);
  if (bootstrap.ratio === 0) return { unknown: 'no request succeeded' };
  const few = tooFewMoments(windows);
  if (few !== undefined) return few;
  if (bootstrap.independentWindows < intervalLimits.independentWindows) return tooAlike(bootstrap);
  const scale = rps / bootstrap.ratio;
  return { low: Math.max(0, bootstrap.low * scale), high: bootstrap.high * scale };
}

/** @param maxMs the greatest latency, above which no limit can be; null when it is not known */
export function quantileInterval(windows: readonly TimeWindow[], quantile: number, maxMs: number | null): Interval {
  const pooled = pooledSlots(windows);
  const { samples } = pooled;
  const needed = minimumSamples(quantile);
  if (samples < needed)
    return { unknown: `${formatCount(samples, 'success', 'successes')}, and it needs ${String(needed)}` };
  if (windows.length < intervalLimits.windows) return tooShort(windows);
  const few = tooFewMoments(windows);
  if (few !== undefined) return few;
  const slot = slotAtShare(pooled, quantile);
  const bootstrap = shareBootstrap(windows, slot);
  const { ratio, variance } = bootstrap;
  // Without a spread all requests are alike as far as the slots can tell.
  if (variance > 0) {
    if (bootstrap.independentWindows < intervalLimits.independentWindows) return tooAlike(bootstrap);
    const tail = (Math.min(quantile, 1 - quantile) * quantile * (1 - quantile)) / variance;
    if (tail < intervalLimits.independentTail) {
      return {
        unknown: `requests beyond it came in bursts that tell as much as ${String(Math.floor(tail))} by themselves, and it needs ${String(intervalLimits.independentTail)}`,
      };
    }
  }
  const limitMs = (share: number): number => {
    const ms = slotMs(slotAtShare(pooled, Math.min(1, quantile + share - ratio)));
    return maxMs === null ? ms : Math.min(ms, maxMs);
  };
  return { low: limitMs(bootstrap.low), high: limitMs(bootstrap.high) };
}

/**
 * The share of requests no slower than the slot. Where many requests share the slot, as many may be right below its end as
 * above its start: then of the two shares the one that varies more.
 */
function shareBootstrap(windows: readonly TimeWindow[], slot: number): BootstrapRatio {
  const denominators = windows.map(successesOf);
  const upTo = bootstrapRatio({ numerators: windows.map((one) => successesUpTo(one, slot)), denominators }, seed);
  const below = windows.map((one) => successesUpTo(one, slot - 1));
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  if (upTo.ratio - total(below) / total(denominators) <= sharedSlot) return upTo;
  const under = bootstrapRatio({ numerators: below, denominators }, seed);
  return under.variance > upTo.variance ? under : upTo;
}

function tooShort(windows: readonly TimeWindow[]): Interval {
  return {
    unknown: `the phase has ${formatCount(windows.length, 'window')} of time, and it needs ${String(intervalLimits.windows)}`,
  };
}

function tooFewMoments(windows: readonly TimeWindow[]): Interval | undefined {
  const count = windows.filter((window) => successesOf(window) > 0).length;
  if (count >= intervalLimits.windowsWithSuccesses) return undefined;
  return {
    unknown: `all successes came within ${formatCount(count, 'window')} of time, and it needs ${String(intervalLimits.windowsWithSuccesses)}`,
  };
}

function tooAlike({ independentWindows }: BootstrapRatio): Interval {
  return {
    unknown: `what follows each other is so alike that the phase tells as much as ${formatCount(Math.floor(independentWindows), 'independent window')}, and it needs ${String(intervalLimits.independentWindows)}`,
  };
}
