/**
 * What our load worker costs beside plain autocannon, in pairs that take turns in one run:
 * CPU for each request at about 780 requests a second (a fixed-delay server and 8 connections), and the highest rate.
 * `node test/bench/load-overhead.ts [--pairs N] [--seconds S]` prints a table, then one line of JSON; 1 when a limit is missed.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { LoadSpec, PhaseMeasurement } from '../../src/core/load.ts';
import { createLoadDriver } from '../../src/load/driver.ts';
import { workerBundle } from '../unit/load/worker-bundle.ts';

const limits = { cpuRatio: 1.3, rateRatio: 0.9 };

interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMsPerThousandRequests: number;
}

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' } },
});
const pairs = Number(values.pairs);
const durationSeconds = Number(values.seconds);
const bodies = Array.from({ length: 256 }, (_, index) =>
  JSON.stringify({
    inputs: [
      {
        name: 'text',
        shape: [1, 1],
        datatype: 'BYTES',
        data: [`A sentence of ordinary length, number ${String(index)}, as a client would send it.`],
      },
    ],
  }),
);
const driver = createLoadDriver({ workerPath: await workerBundle() });
const server = fork(join(import.meta.dirname, 'load-server.ts'), ['9.3'], { execArgv: [] });
const [port] = (await once(server, 'message')) as [number];

const steady = await compare(`http://127.0.0.1:${String(port)}/delay`, 8);
const fastest = await compare(`http://127.0.0.1:${String(port)}/fast`, 32);
server.kill();

const cpuRatio = median(
  steady.map(({ ours, plain }) => ours.cpuMsPerThousandRequests / plain.cpuMsPerThousandRequests),
);
const rateRatio = median(fastest.map(({ ours, plain }) => ours.requestsPerSecond / plain.requestsPerSecond));
print('fixed delay, 8 connections', steady);
print('as fast as it goes, 32 connections', fastest);
console.log(
  `CPU for each request, ours / plain, median of pairs: ${cpuRatio.toFixed(2)} (limit ${String(limits.cpuRatio)})`,
);
console.log(`highest rate, ours / plain, median of pairs: ${rateRatio.toFixed(2)} (limit ${String(limits.rateRatio)})`);
console.log(JSON.stringify({ name: 'load-overhead', cpuRatio, rateRatio, limits, steady, fastest }));
process.exitCode = cpuRatio <= limits.cpuRatio && rateRatio >= limits.rateRatio ? 0 : 1;

async function compare(url: string, connections: number): Promise<{ ours: Sample; plain: Sample }[]> {
  const results: { ours: Sample; plain: Sample }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // Who goes first changes, so that neither has the better half of a machine that slows down.
    if (pair % 2 === 0) {
      const first = await ours(url, connections);
      results.push({ ours: first, plain: await plain(url, connections) });
    } else {
      const first = await plain(url, connections);
      results.push({ plain: first, ours: await ours(url, connections) });
    }
  }
  return results;
}

async function ours(url: string, connections: number): Promise<Sample> {
  let measured: PhaseMeasurement | undefined;
  const spec: LoadSpec = {
    url,
    tls: null,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    secretHeader: null,
    bodies,
    seed: 1,
    timeoutMs: 10_000,
    phases: [{ name: 'load', kind: 'measured', loop: 'closed', connections, durationSeconds }],
    gate: 'stdin',
    gateTimeoutSeconds: 10,
  };
  const ignore = (): void => undefined;
  const handlers = {
    nextPhase: async (index: number) => spec.phases[index] ?? null,
    phaseEnded: async (_phase: number, measurement: PhaseMeasurement) => {
      measured = measurement;
    },
    snapshot: ignore,
    warning: ignore,
  };
  await driver.run(spec, {}, handlers, new AbortController().signal);
  if (measured === undefined || measured.requests.errors > 0)
    throw new Error('The worker measured nothing, or errors.');
  return {
    requestsPerSecond: measured.rps,
    cpuMsPerThousandRequests: (measured.generator.cpuSeconds * 1e6) / measured.requests.ok,
  };
}

async function plain(url: string, connections: number): Promise<Sample> {
  const options = {
    url,
    connections,
    duration: durationSeconds,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: bodies[0],
  };
  const program = join(import.meta.dirname, 'load-plain.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(options)]);
  const { requests, seconds, cpuSeconds } = JSON.parse(stdout) as {
    requests: number;
    seconds: number;
    cpuSeconds: number;
  };
  return { requestsPerSecond: requests / seconds, cpuMsPerThousandRequests: (cpuSeconds * 1e6) / requests };
}

function print(title: string, results: readonly { ours: Sample; plain: Sample }[]): void {
  console.log(
    `${title}${' '.repeat(40 - title.length)}   ours req/s  plain req/s   ours CPU ms/1000  plain CPU ms/1000`,
  );
  for (const [index, { ours: a, plain: b }] of results.entries()) {
    const cells = [a.requestsPerSecond, b.requestsPerSecond, a.cpuMsPerThousandRequests, b.cpuMsPerThousandRequests];
    console.log(
      `  pair ${String(index + 1).padEnd(34)}${cells.map((cell, column) => cell.toFixed(1).padStart([12, 13, 19, 19][column] ?? 12)).join('')}`,
    );
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
