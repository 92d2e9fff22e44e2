import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { schedule } from '../../../src/core/arrivals.ts';
import type { LoadSpec, PhaseMeasurement } from '../../../src/core/load.ts';
import type { OpenPhase, PhaseLoad } from '../../../src/core/plan.ts';
import { seededOrder } from '../../../src/core/seededOrder.ts';
import type { LocalLoadDriver } from '../../../src/load/driver.ts';
import type { Identity } from '../../support/selfSigned.ts';
import { carryOut, listen, loadSpec } from './spec.ts';
import type { Entry, Fault, Service } from './timed-server.ts';
import { type SeenRequest, wireTapVariable } from './wireTap.ts';

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
  readonly arrivals: OpenPhase['arrivals'];
  /** Of the closed loop; chosen for about the same rate. null where it would tell nothing. */
  readonly connections: number | null;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  /** Shortest measurement that tells something of it. */
  readonly leastSeconds?: number;
}

const usual = { ratePerSecond: 400, arrivals: 'poisson', connections: 4, maxInFlight: 512, timeoutMs: 5_000 } as const;
const constant: Service = { kind: 'constant', ms: 10 };
const lognormal: Service = { kind: 'lognormal', medianMs: 10, sigma: 0.5 };
const stall = {
  service: { kind: 'stall', ms: 5, stallMs: 1_000, at: 100 },
  ratePerSecond: 300,
  connections: null,
  // In a shorter one the median falls among those who wait, where each millisecond of the stall is one of the quantile.
  leastSeconds: 4,
} as const;
const fault = (kind: Fault): Service => ({ kind: 'fault', ms: 5, fault: kind, share: 0.1 });

export const truthCases: readonly TruthCase[] = [
  { ...usual, name: 'constant 10 ms', service: constant },
  { ...usual, name: 'constant 10 ms, evenly spaced', service: constant, arrivals: 'constant', connections: null },
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
  ...[
    { ratePerSecond: 200, connections: 2 },
    { ratePerSecond: 1_000, connections: 12 },
  ].flatMap((load) =>
    [
      { name: 'constant 10 ms', service: constant },
      { name: 'lognormal, median 10 ms', service: lognormal },
    ].map(({ name, service }) => ({
      ...usual,
      ...load,
      name: `${name}, ${String(load.ratePerSecond)}/s`,
      service,
      // p99 needs 459 successes.
      leastSeconds: 3,
    })),
  ),
  { ...usual, ...stall, name: 'a stall of 1 s' },
  // Here nearly all who wait are not even sent meanwhile: latency from the sending would be that of the sixteen alone, above p95.
  { ...usual, ...stall, name: 'a stall of 1 s, room for 16', maxInFlight: 16 },
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

/** What one repetition measured, and two accounts of what it should have. */
export interface Repetition {
  readonly measured: PhaseMeasurement;
  /** The server's account. */
  readonly entries: readonly Entry[];
  /** The account kept at the sockets of the load worker. */
  readonly seen: readonly SeenRequest[];
  /**
   * Latencies of the successes by the server's account, ascending. It sees no pause of the load worker and no way there and back,
   * so that a measurement is this or more.
   */
  readonly servedMs: readonly number[];
  /** The same of those that the measurement counts, by the account at the sockets: they include all that the worker waited for. */
  readonly seenMs: readonly number[];
}

/** More than the fastest case sends in 5 s, so that none is sent twice. */
const bodyCount = 8_192;
const seed = 7;

/**
 * Loads a case several times in a row by the real worker. In a closed loop a request's latency runs from its sending, in an open
 * one from its due time in the seeded schedule, which starts where the request that was the least late says that it does.
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
      : {
          loop,
          ratePerSecond: truthCase.ratePerSecond,
          arrivals: truthCase.arrivals,
          maxInFlight: truthCase.maxInFlight,
        };
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
  const folder = mkdtempSync(join(tmpdir(), 'topology-bench-truth-'));
  const tapped = join(folder, 'seen');
  const environment = {
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'wireTap.ts')).href}`,
    [wireTapVariable]: tapped,
  };
  try {
    const heard = listen({
      beforePhase: async () => {
        await server.entries();
      },
      phaseEnded: async (index, measured) => {
        // What is still in flight is left behind by then.
        const entries = await server.entries();
        const seen = JSON.parse(readFileSync(tapped, 'utf8').split('\n')[index] ?? '') as SeenRequest[];
        if (index > 0) found.push(repetitionOf(load, measured, { entries, seen }, durationSeconds));
      },
    });
    await carryOut(options.driver, spec, environment, heard, new AbortController().signal);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
  return found;
}

function repetitionOf(
  load: PhaseLoad,
  measured: PhaseMeasurement,
  accounts: Pick<Repetition, 'entries' | 'seen'>,
  durationSeconds: number,
): Repetition {
  const served = accounts.entries.flatMap(({ number, status, arrivedMs: fromMs, answeredMs: toMs }) =>
    status === 200 && toMs !== null ? [{ number, fromMs, toMs }] : [],
  );
  const seen = accounts.seen
    .flatMap(({ number, status, writtenMs: fromMs, readMs: toMs }) =>
      status === 200 && toMs !== null ? [{ number, fromMs, toMs }] : [],
    )
    .sort((a, b) => a.toMs - b.toMs)
    // What was read later than these was in flight when the window ended.
    .slice(0, measured.requests.ok);
  if (load.loop === 'closed')
    return { measured, ...accounts, servedMs: latenciesOf(served), seenMs: latenciesOf(seen) };
  const times = schedule({ ...load, seed }, durationSeconds * 1000);
  const dueOf = new Map(seededOrder(bodyCount, seed).map((body, index) => [body, times[index] ?? Number.NaN]));
  const due = (number: number): number => dueOf.get(number) ?? Number.NaN;
  const start = Math.min(...accounts.seen.map(({ number, writtenMs }) => writtenMs - due(number)));
  const windowMs = measured.window.endMs - measured.window.startMs;
  const fromSchedule = (requests: readonly Timed[]): number[] =>
    latenciesOf(requests.map(({ number, toMs }) => ({ fromMs: start + due(number), toMs })));
  return {
    measured,
    ...accounts,
    servedMs: fromSchedule(served.filter(({ toMs }) => toMs - start <= windowMs)),
    seenMs: fromSchedule(seen),
  };
}

interface Timed {
  readonly number: number;
  readonly fromMs: number;
  readonly toMs: number;
}

function latenciesOf(requests: readonly Pick<Timed, 'fromMs' | 'toMs'>[]): number[] {
  return requests.map(({ fromMs, toMs }) => toMs - fromMs).sort((a, b) => a - b);
}

/** The smallest value that at least `quantile` of the sorted values do not exceed, as the histogram reads it. */
export function quantileOf(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
}

/** @param latencies ascending */
export function quantilesOf(latencies: readonly number[]): Quantiles {
  return { p50: quantileOf(latencies, 0.5), p95: quantileOf(latencies, 0.95), p99: quantileOf(latencies, 0.99) };
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
