import { mergeMeasurements } from './mergeMeasurements.ts';
import type { PhaseMeasurement } from './load.ts';
import { nameLoad } from './phaseLoad.ts';
import type { Batching, Interval, Intervals, PhaseResult, Split, Validity } from './record.ts';
import { repeatedMethod } from './repeatedMethod.ts';
import { geometricMean } from './statistics.ts';
import { meanInterval95 } from './tInterval.ts';
import { usedRepetitions } from './usedRepetitions.ts';
import { kindOf } from './view/notes.ts';

/**
 * Each measured phase over all the repetitions of its topology: quantiles and RPS are the geometric means of the repetitions'
 * own, and their intervals hold what changes from one deployment to the next; counts and histograms are sums. Repetitions that
 * are not valid are left out, and named, as long as one is valid.
 * @returns null where every phase was measured once
 */
export function combineRepetitions(phases: readonly PhaseResult[]): PhaseResult[] | null {
  const groups = new Map<string, PhaseResult[]>();
  for (const phase of phases) {
    if (phase.kind !== 'measured') continue;
    const key = `${phase.name} ${nameLoad(phase).key}`;
    groups.set(key, [...(groups.get(key) ?? []), phase]);
  }
  const all = [...groups.values()];
  return all.some((group) => group.length > 1) ? all.flatMap(combined) : null;
}

function combined(group: readonly PhaseResult[]): PhaseResult[] {
  const used = usedRepetitions(group, ({ validity }) => validity.valid);
  const [first] = used;
  if (first === undefined) return [];
  if (group.length === 1) return [first];
  return [
    {
      ...first,
      measurement: oneAfterTheOther(used.map(({ measurement }) => measurement)),
      serverCount: sumOrNull(used.map(({ serverCount }) => serverCount)),
      batching: batchingOver(used),
      split: splitOver(used),
      intervals: intervalsOver(used),
      validity: validityOver(group, used),
    },
  ];
}

/**
 * The repetitions as if they had followed each other without a break, but for quantiles and RPS: a quantile of all requests
 * together is another quantity than what the repetitions' interval is of, and may lie outside it.
 */
function oneAfterTheOther(parts: readonly PhaseMeasurement[]): PhaseMeasurement {
  const merged = mergeMeasurements(
    // Each has its own windows of time: laid over each other they would be of no time at all.
    parts.map(withoutWindows),
    null,
  );
  const lengths = parts.map(({ window }) => window.endMs - window.startMs);
  const elapsedMs = Math.max(1, sum(lengths));
  let offsetSeconds = 0;
  const timeSeries = parts.flatMap((part, at) => {
    const shifted = part.timeSeries.map((entry) => ({ ...entry, second: entry.second + offsetSeconds }));
    offsetSeconds += (lengths[at] ?? 0) / 1000;
    return shifted;
  });
  const over = (of: (part: PhaseMeasurement) => number | null): number | null => geometricMean(parts.map(of));
  return {
    ...merged,
    latency: {
      ...merged.latency,
      p50Ms: over(({ latency }) => latency.p50Ms),
      p95Ms: over(({ latency }) => latency.p95Ms),
      p99Ms: over(({ latency }) => latency.p99Ms),
    },
    // Of all the time that the window stands for; that of several generators is the busiest one's.
    generator: { ...merged.generator, cpuSeconds: sum(parts.map(({ generator }) => generator.cpuSeconds)) },
    window: { startMs: merged.window.startMs, endMs: merged.window.startMs + elapsedMs },
    rps: over(({ rps }) => rps) ?? 0,
    attemptedRps: (merged.requests.sent * 1000) / elapsedMs,
    timeSeries,
  };
}

function withoutWindows(part: PhaseMeasurement): PhaseMeasurement {
  const rest = { ...part };
  delete rest.windows;
  return rest;
}

function batchingOver(phases: readonly PhaseResult[]): Batching | null {
  const known = phases.flatMap(({ batching }) => batching ?? []);
  if (known.length < phases.length) return null;
  const inferences = sum(known.map((each) => each.inferences));
  const executions = sum(known.map((each) => each.executions));
  const mean = (of: (batching: Batching) => number | null): number | null =>
    weightedMean(known.map((each) => ({ value: of(each), weight: each.inferences })));
  return {
    inferences,
    executions,
    meanBatchSize: executions > 0 ? inferences / executions : null,
    queueMsPerRequest: mean(({ queueMsPerRequest }) => queueMsPerRequest),
    computeMsPerRequest: mean(({ computeMsPerRequest }) => computeMsPerRequest),
  };
}

/** Means weigh as much as the requests that they are of, so that the parts still add up to the whole. */
function splitOver(phases: readonly PhaseResult[]): Split | null {
  const known = phases.flatMap(({ split }) => split ?? []);
  if (known.length < phases.length) return null;
  const mean = (of: (split: Split) => number | null): number | null =>
    weightedMean(known.map((each) => ({ value: of(each), weight: each.requests })));
  const gateways = known.flatMap(({ gateway, requests }) => (gateway === null ? [] : [{ gateway, requests }]));
  const ofGateway = (of: (gateway: NonNullable<Split['gateway']>) => number): number =>
    weightedMean(gateways.map(({ gateway, requests }) => ({ value: of(gateway), weight: requests }))) ?? 0;
  return {
    totalMs: mean(({ totalMs }) => totalMs) ?? 0,
    clientMs: mean(({ clientMs }) => clientMs) ?? 0,
    gatewayMs: mean(({ gatewayMs }) => gatewayMs),
    queueMs: mean(({ queueMs }) => queueMs) ?? 0,
    computeMs: mean(({ computeMs }) => computeMs) ?? 0,
    otherMs: mean(({ otherMs }) => otherMs) ?? 0,
    gateway:
      gateways.length < known.length
        ? null
        : {
            ownMs: ofGateway(({ ownMs }) => ownMs),
            deidentifyMs: ofGateway(({ deidentifyMs }) => deidentifyMs),
            toTritonMs: ofGateway(({ toTritonMs }) => toTritonMs),
          },
    requests: sum(known.map(({ requests }) => requests)),
  };
}

function intervalsOver(phases: readonly PhaseResult[]): Intervals | 'not yet computed' {
  const [only] = phases;
  if (phases.length === 1 && only !== undefined) return only.intervals;
  const over = (of: (phase: PhaseResult) => number | null): Interval => meanInterval(phases.map(of));
  return {
    level: 0.95,
    method: repeatedMethod,
    resamples: 0,
    seed: 0,
    p50Ms: over(({ measurement }) => measurement.latency.p50Ms),
    p95Ms: over(({ measurement }) => measurement.latency.p95Ms),
    p99Ms: over(({ measurement }) => measurement.latency.p99Ms),
    rps: over(({ measurement }) => measurement.rps),
  };
}

/**
 * Student's t interval of the mean logarithm of the repetitions' values, one for each deployment, as positive numbers that
 * vary by a factor want it. With two repetitions it is very wide, as it must be.
 */
function meanInterval(values: readonly (number | null)[]): Interval {
  const known = values.flatMap((value) => (value !== null && value > 0 ? [value] : []));
  if (known.length < values.length) return { unknown: 'a repetition has no number' };
  const { low, high } = meanInterval95(known.map((value) => Math.log(value)));
  return { low: Math.exp(low), high: Math.exp(high) };
}

function validityOver(group: readonly PhaseResult[], used: readonly PhaseResult[]): Validity {
  const left = group.filter((phase) => !used.includes(phase));
  return {
    valid: used.every(({ validity }) => validity.valid),
    reasons: used.flatMap((phase) => phase.validity.reasons.map((reason) => named(phase, reason))),
    caveats: [
      ...left.map((phase) => `left out: ${named(phase, phase.validity.reasons.join('; '))}`),
      ...caveatsOver(used),
    ],
  };
}

/** What all of them say, each in its figures, is of none in particular; what some say names those that say it. */
function caveatsOver(used: readonly PhaseResult[]): Set<string> {
  const kinds = used.map(({ validity }) => new Set(validity.caveats.map(kindOf)));
  const isOfAll = (caveat: string): boolean => kinds.every((kind) => kind.has(kindOf(caveat)));
  return new Set(
    used.flatMap((phase) => phase.validity.caveats.map((caveat) => (isOfAll(caveat) ? caveat : named(phase, caveat)))),
  );
}

function named({ repetition }: PhaseResult, text: string): string {
  return `repetition ${String(repetition)}: ${text}`;
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : sum(known);
}

function weightedMean(parts: readonly { readonly value: number | null; readonly weight: number }[]): number | null {
  const known = parts.flatMap(({ value, weight }) => (value === null ? [] : [{ value, weight }]));
  const weight = sum(known.map((part) => part.weight));
  if (known.length < parts.length || weight === 0) return null;
  return sum(known.map((part) => part.value * part.weight)) / weight;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
