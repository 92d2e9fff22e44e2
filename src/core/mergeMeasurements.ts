import { createLatencyHistogram, decodeHistogram, encodeHistogram, latencyOf, mergeLatencies } from './histogram.ts';
import type { Latency, PhaseMeasurement, PhaseSnapshot, RequestCounts } from './load.ts';
import { minimumSamples } from './statistics.ts';
import { pooledSlots, slotAtShare, slotMs } from './windowQuantiles.ts';
import { decodeWindows, encodeWindows, mergeWindows, type TimeWindows } from './windows.ts';

/** How several load generators carried out one phase together. */
export type Team = NonNullable<PhaseMeasurement['generator']['team']>;

/**
 * One phase of several load generators as one measurement: counts and histograms are sums, so that no quantile is made from
 * quantiles; of the generators' own health it has the worst, since one that was late is enough to spoil the rest.
 * @param parts at least one, of the same phase
 * @param team null for parts that were not measured by several generators
 */
export function mergeMeasurements(parts: readonly PhaseMeasurement[], team: Team | null): PhaseMeasurement {
  const [first] = parts;
  if (first === undefined) throw new RangeError('there is no measurement to merge');
  const histogram = createLatencyHistogram();
  for (const part of parts) mergeLatencies(histogram, decodeHistogram(part.histogram));
  const requests = sumOfCounts(parts.map((part) => part.requests));
  const startMs = least(parts.map(({ window }) => window.startMs));
  // The longest of them: rates are per second of it, so that a generator which stopped early makes no rate higher.
  const elapsedMs = greatest(parts.map(({ window }) => window.endMs - window.startMs));
  const windows = mergedWindows(parts);
  return {
    window: { startMs, endMs: startMs + elapsedMs },
    requests,
    errorsByKind: sumOfKinds(parts.map((part) => part.errorsByKind)),
    // A histogram that was written down knows its greatest value to three digits only.
    latency: { ...latencyOf(histogram), maxMs: greatestKnown(parts.map(({ latency }) => latency.maxMs)) },
    rps: (requests.ok * 1000) / Math.max(1, elapsedMs),
    attemptedRps: (requests.sent * 1000) / Math.max(1, elapsedMs),
    longestWaitMs: greatestKnown(parts.map((part) => part.longestWaitMs)),
    histogram: encodeHistogram(histogram),
    timeSeries:
      parts.length === 1
        ? first.timeSeries
        : sumOfSeries(
            parts.map((part) => part.timeSeries),
            windows,
          ),
    generator: { ...worstHealth(parts.map((part) => part.generator)), team },
    schedule: sumOfSchedules(parts.map((part) => part.schedule)),
    ...(windows === undefined ? {} : { windows: encodeWindows(windows) }),
  };
}

/** undefined where one of the parts has none. */
function mergedWindows(parts: readonly PhaseMeasurement[]): TimeWindows | undefined {
  const windows = parts.map((part) => part.windows);
  return windows.every((each) => each !== undefined) ? mergeWindows(windows.map(decodeWindows)) : undefined;
}

/**
 * How a phase of several generators stands, complete: its quantiles are read from the sum of their histograms, which it no longer
 * holds. Quantiles are null where a histogram is missing.
 * @param parts at least one, each the newest of its generator
 */
export function mergeSnapshots(parts: readonly PhaseSnapshot[]): PhaseSnapshot {
  return {
    elapsedMs: greatest(parts.map(({ elapsedMs }) => elapsedMs)),
    requests: sumOfCounts(parts.map((part) => part.requests)),
    latency: latencyOfAll(parts),
    rps: parts.reduce((sum, { rps }) => sum + rps, 0),
  };
}

function latencyOfAll(parts: readonly PhaseSnapshot[]): Latency {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first.latency;
  const maxMs = greatestKnown(parts.map(({ latency }) => latency.maxMs));
  const histograms = parts.flatMap(({ histogram }) => histogram ?? []);
  if (histograms.length < parts.length) {
    const samples = parts.reduce((sum, { latency }) => sum + latency.samples, 0);
    return { p50Ms: null, p95Ms: null, p99Ms: null, maxMs, meanMs: null, samples };
  }
  const all = createLatencyHistogram();
  for (const histogram of histograms) mergeLatencies(all, decodeHistogram(histogram));
  return { ...latencyOf(all), maxMs };
}

function sumOfCounts(all: readonly RequestCounts[]): RequestCounts {
  const sum = (key: keyof RequestCounts): number => all.reduce((total, counts) => total + counts[key], 0);
  return {
    sent: sum('sent'),
    ok: sum('ok'),
    errors: sum('errors'),
    timeouts: sum('timeouts'),
    inFlight: sum('inFlight'),
  };
}

function sumOfKinds(all: readonly PhaseMeasurement['errorsByKind'][]): Record<string, number> {
  const kinds = new Map<string, number>();
  for (const one of all)
    for (const [kind, count] of Object.entries(one)) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  return Object.fromEntries([...kinds].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Second by second. Quantiles cannot be made of the generators' own: they are read from the windows of all of them, and are null
 * where a second is no whole number of windows.
 */
function sumOfSeries(
  all: readonly PhaseMeasurement['timeSeries'][],
  windows: TimeWindows | undefined,
): PhaseMeasurement['timeSeries'] {
  const length = greatest(all.map((series) => series.length));
  let begin = 0;
  return Array.from({ length }, (_, at) => {
    const seconds = all.flatMap((series) => series[at] ?? []);
    const second = greatest(seconds.map((entry) => entry.second));
    const quantile = quantilesBetween(windows, begin, second);
    begin = second;
    return {
      second,
      ok: seconds.reduce((sum, { ok }) => sum + ok, 0),
      errors: seconds.reduce((sum, { errors }) => sum + errors, 0),
      p50Ms: quantile(0.5),
      p95Ms: quantile(0.95),
    };
  });
}

/** Of what ended between two moments, in seconds, to the nearest window. */
function quantilesBetween(
  windows: TimeWindows | undefined,
  begin: number,
  end: number,
): (quantile: number) => number | null {
  if (windows === undefined || 1000 % windows.widthMs !== 0) return () => null;
  const at = (second: number): number => Math.round((second * 1000) / windows.widthMs);
  const pooled = pooledSlots(windows.windows.slice(at(begin), at(end)));
  return (quantile) => (pooled.samples < minimumSamples(quantile) ? null : slotMs(slotAtShare(pooled, quantile)));
}

function sumOfSchedules(all: readonly PhaseMeasurement['schedule'][]): PhaseMeasurement['schedule'] {
  const known = all.filter((schedule) => schedule !== null);
  if (known.length === 0) return null;
  const sum = (key: 'scheduled' | 'late' | 'unsent'): number => known.reduce((total, each) => total + each[key], 0);
  return { scheduled: sum('scheduled'), late: sum('late'), unsent: sum('unsent') };
}

function worstHealth(all: readonly PhaseMeasurement['generator'][]): PhaseMeasurement['generator'] {
  const delays = all.flatMap(({ scheduleDelay }) => scheduleDelay ?? []);
  const overheads = all.flatMap(({ overheadMs }) => overheadMs ?? []);
  const shifts = all.flatMap(({ clockShiftMs }) => clockShiftMs ?? []);
  return {
    eventLoopDelayP99Ms: greatest(all.map(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms)),
    stalledMs: greatestKnown(all.map(({ stalledMs }) => stalledMs)),
    // Of one generator, since its limit is one core.
    cpuSeconds: greatest(all.map(({ cpuSeconds }) => cpuSeconds)),
    throttledMs: greatestKnown(all.map(({ throttledMs }) => throttledMs)),
    littlesLawResidual: greatestKnown(all.map(({ littlesLawResidual }) => littlesLawResidual)),
    scheduleDelay:
      delays.length === 0
        ? null
        : {
            p50Ms: greatest(delays.map(({ p50Ms }) => p50Ms)),
            p99Ms: greatestKnown(delays.map(({ p99Ms }) => p99Ms)),
            maxMs: greatest(delays.map(({ maxMs }) => maxMs)),
          },
    lateSends: sumOfKnown(all.map(({ lateSends }) => lateSends)),
    overheadMs:
      overheads.length === 0
        ? null
        : {
            p50: greatest(overheads.map(({ p50 }) => p50)),
            p95: greatestKnown(overheads.map(({ p95 }) => p95)),
          },
    connectionsOpened: sumOfKnown(all.map(({ connectionsOpened }) => connectionsOpened)),
    clockShiftMs: furthestFromZero(shifts),
    givenUpBefore: sumOfKnown(all.map(({ givenUpBefore }) => givenUpBefore)),
    team: null,
  };
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function greatest(values: readonly number[]): number {
  return Math.max(0, ...values);
}

/** With its sign; null for no values. */
function furthestFromZero(values: readonly number[]): number | null {
  const [first, ...rest] = values;
  return first === undefined ? null : rest.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), first);
}

/** null when none is known. */
function sumOfKnown(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}

/** null when none is known. */
function greatestKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : greatest(known);
}
