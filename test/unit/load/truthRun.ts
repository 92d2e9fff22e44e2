import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { schedule } from '../../../src/core/arrivals.ts';
import type { LoadSpec, PhaseMeasurement } from '../../../src/core/load.ts';
import type { PhaseLoad } from '../../../src/core/plan.ts';
import { seededOrder } from '../../../src/core/seededOrder.ts';
import type { LocalLoadDriver } from '../../../src/load/driver.ts';
import type { Identity } from '../../support/selfSigned.ts';
import { carryOut, listen, loadSpec } from './spec.ts';
import type { Entry, Fault, Service } from './timed-server.ts';

export interface TimedServer {
  readonly port: number;
  /** What was served since the last call. */
  entries(): Promise<Entry[]>;
  stop(): Promise<void>;
}

export async function startTimedServer(service: Service, identity?: Identity): Promise<TimedServer> {
  const args = [JSON.stringify(service), ...(identity === undefined ? [] : [JSON.stringify(identity)])];
  const child = fork(join(import.meta.dirname, 'timed-server.ts'), args, { execArgv: [] });
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    async entries() {
      const told = once(child, 'message');
      child.send('tell');
      const [entries] = (await told) as [Entry[]];
      return entries;
    },
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** A server's behaviour, and the load that it is measured under. */
export interface TruthCase {
  readonly name: string;
  readonly service: Service;
  readonly ratePerSecond: number;
  /** Of the closed loop; chosen for about the same rate. null where it would tell nothing. */
  readonly connections: number | null;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  /** Shortest measurement that tells something of it. */
  readonly leastSeconds?: number;
}

const usual = { ratePerSecond: 400, connections: 4, maxInFlight: 512, timeoutMs: 5_000 };
const lognormal: Service = { kind: 'lognormal', medianMs: 10, sigma: 0.5 };
const fault = (kind: Fault): Service => ({ kind: 'fault', ms: 5, fault: kind, share: 0.1 });

export const truthCases: readonly TruthCase[] = [
  { ...usual, name: 'constant 10 ms', service: { kind: 'constant', ms: 10 } },
  {
    ...usual,
    name: 'bimodal: 3 % at 100 ms',
    service: { kind: 'bimodal', ms: 5, slowMs: 100, share: 0.03 },
  },
  {
    ...usual,
    name: 'bimodal: 8 % at 100 ms',
    service: { kind: 'bimodal', ms: 5, slowMs: 100, share: 0.08 },
    connections: 8,
  },
  { ...usual, name: 'lognormal, median 10 ms', service: lognormal },
  ...[200, 1_000].flatMap((ratePerSecond) =>
    [
      { name: 'constant 10 ms', service: { kind: 'constant', ms: 10 } as const },
      { name: 'lognormal, median 10 ms', service: lognormal },
    ].map(({ name, service }) => ({
      ...usual,
      name: `${name}, ${String(ratePerSecond)}/s`,
      service,
      ratePerSecond,
      connections: null,
      // p99 needs 459 successes.
      leastSeconds: 2.5,
    })),
  ),
  {
    ...usual,
    name: 'a stall of 1 s',
    service: { kind: 'stall', ms: 5, stallMs: 1_000, at: 100 },
    ratePerSecond: 300,
    connections: null,
    // In a shorter one the median falls among those who wait, where each millisecond of the stall is one of the quantile.
    leastSeconds: 4,
  },
  { ...usual, name: '10 % never answered', service: fault('hang'), timeoutMs: 250, connections: 16 },
  { ...usual, name: '10 % reset', service: fault('reset') },
  { ...usual, name: '10 % closed unanswered', service: fault('close') },
  { ...usual, name: '10 % answered 500', service: fault('500') },
  { ...usual, name: '10 % with slow bodies', service: fault('slow-body') },
];

/** What it answers in time are the fast ones alone, so that no quantile of them is compared: the measurement is refused. */
export const slowerThanAsked: TruthCase = {
  ...usual,
  name: 'slower than asked',
  service: { kind: 'queue', ms: 5 },
  connections: null,
};

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What one repetition measured, and what the server says. */
export interface Repetition {
  readonly measured: PhaseMeasurement;
  readonly entries: readonly Entry[];
  /** Latencies of the successes that the measurement holds, ascending. */
  readonly truthMs: readonly number[];
  /** Lateness of each arrival against the schedule, open loops only. */
  readonly arrivalDelaysMs: readonly number[];
}

/** More than the fastest case sends in 5 s, so that none is sent twice. */
const bodyCount = 8_192;
const seed = 7;

/**
 * Loads a case several times in a row by the real worker. A closed loop's truth is the server's own log. An open loop's is
 * the seeded schedule: a request's latency runs from its due time, laid on the server's clock by the arrival that was the
 * least late, to the moment that the server wrote its answer.
 */
export async function runTruthCase(
  truthCase: TruthCase,
  loop: PhaseLoad['loop'],
  options: {
    readonly driver: LocalLoadDriver;
    readonly repetitions: number;
    readonly durationSeconds: number;
    readonly identity?: Identity;
  },
): Promise<Repetition[]> {
  const { identity, repetitions } = options;
  const durationSeconds = Math.max(options.durationSeconds, truthCase.leastSeconds ?? 0);
  const server = await startTimedServer(truthCase.service, identity);
  const load: PhaseLoad =
    loop === 'closed'
      ? { loop, connections: truthCase.connections ?? 1 }
      : { loop, ratePerSecond: truthCase.ratePerSecond, arrivals: 'poisson', maxInFlight: truthCase.maxInFlight };
  const phase = { ...load, name: 'truth', kind: 'measured' as const, durationSeconds };
  const spec: LoadSpec = loadSpec({
    url: `${identity === undefined ? 'http' : 'https'}://127.0.0.1:${String(server.port)}/`,
    tls: identity === undefined ? null : { caPem: identity.cert, verify: true },
    method: 'POST',
    bodies: Array.from({ length: bodyCount }, (_, index) => String(index)),
    seed,
    timeoutMs: truthCase.timeoutMs,
    // The first run of each path through the code is slower; it is no repetition.
    phases: [
      { ...phase, name: 'warm-up', kind: 'warm-up', durationSeconds: 0.5 },
      ...Array.from({ length: repetitions }, () => phase),
    ],
  });
  const found: Repetition[] = [];
  try {
    const heard = listen({
      beforePhase: async () => {
        await server.entries();
      },
      phaseEnded: async (index, measured) => {
        // What is still in flight is left behind by then.
        const entries = await server.entries();
        if (index > 0) found.push(repetitionOf(load, measured, entries, durationSeconds));
      },
    });
    await carryOut(options.driver, spec, {}, heard, new AbortController().signal);
  } finally {
    await server.stop();
  }
  return found;
}

function repetitionOf(
  load: PhaseLoad,
  measured: PhaseMeasurement,
  entries: readonly Entry[],
  durationSeconds: number,
): Repetition {
  const successes = entries.filter((entry) => entry.status === 200);
  if (load.loop === 'closed') {
    const truthMs = successes.map((entry) => (entry.answeredMs ?? 0) - entry.arrivedMs).sort((a, b) => a - b);
    return { measured, entries, truthMs, arrivalDelaysMs: [] };
  }
  const times = schedule({ ...load, seed }, durationSeconds * 1000);
  const dueOf = new Map(seededOrder(bodyCount, seed).map((body, index) => [body, times[index] ?? Number.NaN]));
  const due = ({ number }: Entry): number => dueOf.get(number) ?? Number.NaN;
  const start = Math.min(...entries.map((entry) => entry.arrivedMs - due(entry)));
  const windowMs = measured.window.endMs - measured.window.startMs;
  return {
    measured,
    entries,
    truthMs: successes
      .filter((entry) => (entry.answeredMs ?? 0) - start <= windowMs)
      .map((entry) => (entry.answeredMs ?? 0) - start - due(entry))
      .sort((a, b) => a - b),
    arrivalDelaysMs: entries.map((entry) => entry.arrivedMs - start - due(entry)).sort((a, b) => a - b),
  };
}

/** The smallest value that at least `quantile` of the sorted values do not exceed, as the histogram reads it. */
export function quantileOf(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
}

export function truthOf({ truthMs }: Repetition): Quantiles {
  return { p50: quantileOf(truthMs, 0.5), p95: quantileOf(truthMs, 0.95), p99: quantileOf(truthMs, 0.99) };
}

export function measuredOf({ measured: { latency } }: Repetition): Quantiles {
  return { p50: latency.p50Ms ?? Number.NaN, p95: latency.p95Ms ?? Number.NaN, p99: latency.p99Ms ?? Number.NaN };
}

export function median(numbers: readonly number[]): number {
  return quantileOf(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );
}
