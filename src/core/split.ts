import type { Latency } from './load.ts';
import type { FrontCounters, ServerCounters, TritonCounters } from './ports.ts';
import type { PhaseResult, Split } from './record.ts';

/** Mean milliseconds a request that the model's server spent. */
interface ServerMeans {
  readonly totalMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
}

/**
 * Where the client's mean latency went, from the servers' counters before and after a phase, both read when nothing was in
 * flight. Each part is a difference of means, so that no clock is compared with another one.
 * @returns null without successes, with servers that timed none, or where the counters do not come from one topology
 */
export function splitOf(latency: Pick<Latency, 'meanMs'>, before: ServerCounters, after: ServerCounters): Split | null {
  const { meanMs } = latency;
  const triton = tritonMeans(before.triton, after.triton);
  const front = frontDelta(before.front, after.front);
  if (meanMs === null) return null;
  if (after.triton === null) {
    if (front?.component !== 'fastapi') return null;
    const server = {
      totalMs: front.totalMs,
      queueMs: front.queueMs,
      computeMs: front.tokenizeMs + front.computeMs,
    };
    return { ...partsOf(meanMs, server.totalMs, null, server), gateway: null, requests: front.requests };
  }
  if (triton === null) return null;
  if (after.front === null) {
    return { ...partsOf(meanMs, triton.totalMs, null, triton), gateway: null, requests: triton.requests };
  }
  if (front?.component !== 'gateway') return null;
  return {
    ...partsOf(meanMs, front.totalMs, front.totalMs - triton.totalMs, triton),
    gateway: {
      ownMs: front.totalMs - front.tritonMs,
      deidentifyMs: front.deidentifyMs,
      toTritonMs: front.tritonMs - triton.totalMs,
    },
    requests: front.requests,
  };
}

/** Limits for what is said about a split. */
export const splitLimits = {
  /** Of the client's mean, which is read from a histogram of three significant digits. */
  roundingShare: 0.001,
  /** Triton's counters are whole microseconds, cut off at each of their stages. */
  roundingMs: 0.005,
  /** Of the requests in the servers' means. */
  uncountedShare: 0.05,
} as const;

/** What a reader must know before believing a phase's split; empty without one. */
export function splitCaveats(phase: Pick<PhaseResult, 'split' | 'measurement'>): string[] {
  const { split } = phase;
  if (split === null) return [];
  const caveats: string[] = [];
  const rounding = splitLimits.roundingMs + splitLimits.roundingShare * split.totalMs;
  const parts: (readonly [name: string, ms: number | null])[] = [
    ...partNames.map(([key, name]) => [name, split[key]] as const),
    ['the way from the gateway to Triton', split.gateway?.toTritonMs ?? null],
  ];
  const negative = parts.flatMap(([name, ms]) =>
    ms !== null && ms < -rounding ? [`${name} ${ms.toFixed(3)} ms`] : [],
  );
  if (negative.length > 0) {
    caveats.push(
      `the split of the latency does not add up: ${negative.join(', ')} of a mean of ${split.totalMs.toFixed(3)} ms`,
    );
  }
  const uncounted = split.requests - phase.measurement.requests.ok;
  if (Math.abs(uncounted) > splitLimits.uncountedShare * split.requests) {
    caveats.push(
      `the split of the latency is rough: the servers' means are of ${String(split.requests)} requests, the client's of ${String(phase.measurement.requests.ok)}`,
    );
  }
  return caveats;
}

/** The parts that add up to the client's mean, in the order in which they are shown. */
export const partNames = [
  ['clientMs', 'client'],
  ['gatewayMs', 'gateway'],
  ['queueMs', 'queue'],
  ['computeMs', 'compute'],
  ['otherMs', 'other'],
] as const satisfies readonly (readonly [keyof Split, string])[];

/** @param servedMs mean time in the server that the load goes to */
function partsOf(
  meanMs: number,
  servedMs: number,
  gatewayMs: number | null,
  { totalMs, queueMs, computeMs }: ServerMeans,
): Omit<Split, 'gateway' | 'requests'> {
  return {
    totalMs: meanMs,
    clientMs: meanMs - servedMs,
    gatewayMs,
    queueMs,
    computeMs,
    otherMs: totalMs - queueMs - computeMs,
  };
}

function tritonMeans(
  before: TritonCounters | null,
  after: TritonCounters | null,
): (ServerMeans & { readonly requests: number }) | null {
  if (before === null || after === null) return null;
  const requests = after.successes - before.successes;
  if (requests <= 0) return null;
  const meanMs = (microseconds: number): number => microseconds / requests / 1000;
  return {
    requests,
    totalMs: meanMs(after.requestMicroseconds - before.requestMicroseconds),
    queueMs: meanMs(after.queueMicroseconds - before.queueMicroseconds),
    computeMs: meanMs(after.computeMicroseconds - before.computeMicroseconds),
  };
}

type FrontMeans = { readonly requests: number; readonly totalMs: number } & (
  | {
      readonly component: 'fastapi';
      readonly queueMs: number;
      readonly tokenizeMs: number;
      readonly computeMs: number;
    }
  | { readonly component: 'gateway'; readonly deidentifyMs: number; readonly tritonMs: number }
);

function frontDelta(before: FrontCounters | null, after: FrontCounters | null): FrontMeans | null {
  if (before === null || after === null) return null;
  const requests = after.requests - before.requests;
  if (requests <= 0) return null;
  const meanMs = (from: number, to: number): number => ((to - from) / requests) * 1000;
  const totalMs = meanMs(before.totalSeconds, after.totalSeconds);
  if (before.component === 'fastapi' && after.component === 'fastapi') {
    return {
      component: 'fastapi',
      requests,
      totalMs,
      queueMs: meanMs(before.queueSeconds, after.queueSeconds),
      tokenizeMs: meanMs(before.tokenizeSeconds, after.tokenizeSeconds),
      computeMs: meanMs(before.computeSeconds, after.computeSeconds),
    };
  }
  if (before.component === 'gateway' && after.component === 'gateway') {
    return {
      component: 'gateway',
      requests,
      totalMs,
      deidentifyMs: meanMs(before.deidentifySeconds, after.deidentifySeconds),
      tritonMs: meanMs(before.tritonSeconds, after.tritonSeconds),
    };
  }
  return null;
}
