/** One load by each of the load generators, with the figures that each gives of itself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Phase } from '../../../src/core/plan.ts';
import type { LoadSpec, PhaseMeasurement } from '../../../src/core/load.ts';
import { seededOrder } from '../../../src/core/seededOrder.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import type { LocalLoadDriver } from '../../../src/load/driver.ts';
import { runTimed } from './children.ts';
import type { AvailablePeer } from './install.ts';
import { readPerfAnalyzer, readPlainAutocannon, readVegeta, readWrk, type Figures } from './outputs.ts';

export interface ClosedLoad {
  readonly connections: number;
  /** Whole ones, which are all that wrk takes. */
  readonly seconds: number;
}

export interface OpenLoad {
  readonly ratePerSecond: number;
  readonly seconds: number;
}

/** What every generator sends, and where to. */
export interface Work {
  readonly url: string;
  /** Request bodies as the payload has them; our worker draws their order from the seed. */
  readonly bodies: readonly string[];
  readonly seed: number;
  /** Folder for the files that the generators read and write. */
  readonly folder: string;
}

export interface Sample extends Omit<Figures, 'requests' | 'errors'> {
  /** Of the generator's processes, milliseconds. */
  readonly cpuMsPerThousandRequests: number;
  /** Why a load of ours may not be believed; absent where it may, and of those that do not judge themselves. */
  readonly notValid?: string;
}

export type Generator<L> = (load: L) => Promise<Sample>;

const headers = { 'Content-Type': 'application/json' };
/** perf_analyzer reports its last three windows. */
const perfAnalyzerWindows = 3;
/** Of the open loop: more than is ever unanswered at half of the server's rate. */
const maxInFlight = 256;

/** Our load worker as the command line and the extension start it. */
export function oursClosed(work: Work, driver: LocalLoadDriver): Generator<ClosedLoad> {
  return async ({ connections, seconds }) =>
    ours(work, driver, { name: 'load', kind: 'measured', loop: 'closed', connections, durationSeconds: seconds });
}

/** The same worker at a constant rate. */
export function oursOpen(work: Work, driver: LocalLoadDriver): Generator<OpenLoad> {
  return async ({ ratePerSecond, seconds }) =>
    ours(work, driver, {
      name: 'load',
      kind: 'measured',
      loop: 'open',
      ratePerSecond,
      arrivals: 'constant',
      maxInFlight,
      durationSeconds: seconds,
    });
}

async function ours(work: Work, driver: LocalLoadDriver, phase: Phase): Promise<Sample> {
  let measured: PhaseMeasurement | undefined;
  const spec: LoadSpec = {
    url: work.url,
    tls: null,
    method: 'POST',
    headers,
    secretHeader: null,
    bodies: [...work.bodies],
    seed: work.seed,
    timeoutMs: 10_000,
    phases: [],
    gate: 'stdin',
    gateTimeoutSeconds: 10,
  };
  const handlers = {
    nextPhase: async (index: number) => (index === 0 ? phase : null),
    phaseEnded: async (_phase: number, measurement: PhaseMeasurement) => {
      measured = measurement;
    },
    snapshot: () => undefined,
    warning: (message: string) => {
      console.log(message);
    },
  };
  await driver.run(spec, {}, handlers, new AbortController().signal);
  if (measured === undefined) throw new Error('The worker measured nothing.');
  const { reasons } = judgeMeasurement(measured);
  return {
    ...sampleOf({
      requests: measured.requests.ok,
      errors: measured.requests.errors,
      requestsPerSecond: measured.rps,
      p50Ms: measured.latency.p50Ms,
      p95Ms: measured.latency.p95Ms,
      cpuSeconds: measured.generator.cpuSeconds,
    }),
    ...(reasons.length === 0 ? {} : { notValid: reasons.join('; ') }),
  };
}

/**
 * autocannon as anyone would call it, in a process of its own, with its own figures. It first loads a server of its own, because
 * our worker does too: code that has run before is faster.
 */
export function plainAutocannon(work: Work): Generator<ClosedLoad> {
  return async ({ connections, seconds }) => {
    const [first, ...more] = inOrder(work, work.bodies).map((body) => ({ method: 'POST', headers, body }));
    // Its list of requests costs it more time, so that one request is no list.
    const what = more.length === 0 ? first : { requests: [first, ...more] };
    const file = join(work.folder, 'autocannon.json');
    await writeFile(file, JSON.stringify({ url: work.url, connections, duration: seconds, ...what }));
    const program = join(import.meta.dirname, 'autocannonProgram.ts');
    const { output } = await runTimed([process.execPath, program, file]);
    return sampleOf(readPlainAutocannon(output));
  };
}

export function wrk(work: Work, peer: AvailablePeer): Generator<ClosedLoad> {
  return async ({ connections, seconds }) => {
    const file = join(work.folder, 'bodies.txt');
    await writeFile(file, `${inOrder(work, work.bodies).join('\n')}\n`);
    const load = ['-t1', `-c${String(connections)}`, `-d${String(seconds)}s`, '--timeout', '10s'];
    const script = ['-s', join(import.meta.dirname, 'wrk.lua'), work.url, '--', file];
    const { output, cpuSeconds } = await runTimed([peer.path, ...load, ...script], peer.environment);
    return sampleOf({ ...readWrk(output), cpuSeconds });
  };
}

export interface PerfAnalyzerWork extends Work {
  readonly texts: readonly string[];
  readonly address: string;
  readonly modelName: string;
  inferences(): Promise<number>;
}

/**
 * NVIDIA's perf_analyzer over HTTP with JSON tensors, as all others send them. It reports its last three windows; any three
 * are stable enough, because the time of all generators must be the same.
 */
export function perfAnalyzer(work: PerfAnalyzerWork, peer: AvailablePeer): Generator<ClosedLoad> {
  return async ({ connections, seconds }) => {
    const input = join(work.folder, 'perf-analyzer-input.json');
    const report = join(work.folder, 'perf-analyzer.csv');
    await writeFile(input, JSON.stringify({ data: inOrder(work, work.texts).map((text) => ({ text: [text] })) }));
    const level = String(connections);
    const before = await work.inferences();
    const { output, cpuSeconds } = await runTimed(
      [
        peer.path,
        ...['-m', work.modelName, '-u', work.address, '-i', 'http', '--input-data', input, '-f', report],
        ...['--input-tensor-format', 'json', '--output-tensor-format', 'json'],
        ...['--concurrency-range', `${level}:${level}`],
        ...['--measurement-interval', String(Math.round((seconds * 1000) / perfAnalyzerWindows))],
        ...['--max-trials', String(perfAnalyzerWindows), '--stability-percentage', '999'],
      ],
      peer.environment,
    );
    // It says of its windows alone how many requests it sent; its CPU time is that of all.
    const requests = (await work.inferences()) - before;
    return sampleOf({ ...(await readPerfAnalyzer(report, output)), requests, cpuSeconds });
  };
}

export function vegeta(work: Work, peer: AvailablePeer): Generator<OpenLoad> {
  return async ({ ratePerSecond, seconds }) => {
    const targets = join(work.folder, 'vegeta-targets.json');
    const results = join(work.folder, 'vegeta-results.bin');
    const lines = inOrder(work, work.bodies).map((body) =>
      JSON.stringify({
        method: 'POST',
        url: work.url,
        header: { 'Content-Type': ['application/json'] },
        body: Buffer.from(body).toString('base64'),
      }),
    );
    await writeFile(targets, `${lines.join('\n')}\n`);
    const { cpuSeconds } = await runTimed([
      peer.path,
      ...['attack', '-format=json', `-targets=${targets}`, `-output=${results}`, '-timeout=10s'],
      ...[`-rate=${String(ratePerSecond)}/1s`, `-duration=${String(seconds)}s`],
    ]);
    const { output } = await runTimed([peer.path, 'report', '-type=json', results]);
    return sampleOf({ ...readVegeta(output), cpuSeconds });
  };
}

/** As our worker sends them, so that all generators send the same texts in the same order. */
function inOrder(work: Work, items: readonly string[]): string[] {
  return seededOrder(items.length, work.seed).map((index) => items[index] ?? '');
}

function sampleOf(figures: Figures & { readonly cpuSeconds: number }): Sample {
  const { requests, errors, cpuSeconds, ...said } = figures;
  if (errors > 0) throw new Error(`${String(errors)} requests failed; errors measure no latency.`);
  if (!(requests > 0)) throw new Error('No request was answered.');
  return { ...said, cpuMsPerThousandRequests: (cpuSeconds * 1e6) / requests };
}
