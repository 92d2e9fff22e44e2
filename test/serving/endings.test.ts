import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import type { TopologyName } from '../../src/core/plan.ts';
import { inferenceRequestBody } from '../../src/core/openInference.ts';
import { removeLeftovers } from '../../src/local/runDirectory.ts';
import {
  assets,
  never,
  type Bench,
  measuredPhase,
  openBench,
  remainingProcesses,
  removeRunsDirectory,
  root,
  runsDirectory,
  serverProcesses,
  withFolder,
} from './support.ts';

/** However a run ends, its processes, its shared memory and its folder end with it. */

/** A process of its own that has the hybrid up; killed with the test, whatever becomes of that. */
function holdDeployment(): ReturnType<typeof spawnHolder> & Disposable {
  const child = spawnHolder();
  return Object.assign(child, {
    [Symbol.dispose]: () => {
      child.kill('SIGKILL');
    },
  });
}

function spawnHolder(): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [join(root, 'test/serving/holdDeployment.ts')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function reasonOf(action: Promise<unknown>): Promise<BenchError> {
  const outcome: unknown = await action.catch((error: unknown) => error);
  if (!(outcome instanceof BenchError)) throw new Error(`expected a BenchError, got ${String(outcome)}`);
  return outcome;
}

/** How the shared memory of these tests' runs is called; what other runs on this machine have there is none of ours. */
const prefixes = new Set<string>();

/** To be called while they are there. */
async function noteRuns(): Promise<string[]> {
  const runs = await readdir(runsDirectory);
  for (const name of runs) prefixes.add(name.replace('run-', 'topology_bench_'));
  return runs;
}

async function sharedMemory(): Promise<string[]> {
  return (await readdir('/dev/shm')).filter((name) => [...prefixes].some((prefix) => name.startsWith(prefix)));
}

const benches: Bench[] = [];

async function open(options?: Parameters<typeof openBench>[0]): Promise<Bench> {
  const bench = await openBench(options);
  benches.push(bench);
  expect(await noteRuns()).not.toEqual([]);
  return bench;
}

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.target.close(never);
  expect(await remainingProcesses(0)).toEqual([]);
  expect(await sharedMemory()).toEqual([]);
});

afterAll(removeRunsDirectory);

describe('cancelled while it starts', () => {
  test.each<[TopologyName, number]>([
    ['fastapi', 0],
    ['fastapi', 300],
    ['triton', 0],
    ['triton', 150],
    ['triton', 500],
    ['hybrid', 400],
    ['hybrid', 1500],
  ])('%s after %d ms', async (name, afterMs) => {
    const bench = await open();
    const controller = new AbortController();
    const deploying = bench.deploy(name, controller.signal);
    const outcome = reasonOf(
      deploying.then(() => Promise.reject(new BenchError({ reason: 'internal', message: 'it was ready' }))),
    );
    await sleep(afterMs);
    controller.abort();
    const { reason } = await outcome;
    // A quick machine may have it ready before the longest delay.
    expect(['cancelled', 'internal']).toContain(reason);
    if (reason === 'cancelled') expect(await remainingProcesses(0)).toEqual([]);
    await bench.target.close(never);
    expect((await readdir(runsDirectory)).length).toBe(0);
  });

  test('before anything was started', async () => {
    const bench = await open();
    expect((await reasonOf(bench.deploy('triton', AbortSignal.abort()))).reason).toBe('cancelled');
    await bench.target.close(never);
  });
});

describe('a model that cannot be loaded', () => {
  test.each<TopologyName>(['fastapi', 'triton', 'hybrid'])("%s fails with the server's own words", async (name) => {
    await withFolder(async (folder) => {
      await cp(assets.tinyModelDirectory, folder, { recursive: true });
      const whole = await readFile(join(folder, 'model.onnx'));
      await writeFile(join(folder, 'model.onnx'), whole.subarray(0, 100_000));
      const bench = await open({ modelPath: folder });
      const error = await reasonOf(bench.deploy(name));
      expect(error.reason).toBe('pod-failed');
      expect(error.message).toMatch(/model\.onnx|protobuf|INVALID_PROTOBUF|parsing/i);
      expect(bench.said.some((line) => line.includes('the log of'))).toBe(true);
      await bench.target.close(never);
    });
  });
});

test.each<[TopologyName, string]>([
  ['triton', 'bin/tritonserver'],
  ['fastapi', 'spawn_main'],
])('%s that dies under load ends the load at once, in its own words', async (name, commandPart) => {
  const bench = await open();
  const deployment = await bench.deploy(name);
  const ended: number[] = [];
  let killed: Promise<void> | undefined;
  const phases = [measuredPhase(2, 1), measuredPhase(2, 60)];
  const error = await reasonOf(
    deployment.load(
      { bodies: [inferenceRequestBody(['anybody there?'])], seed: 1, timeoutMs: 20_000 },
      {
        running: () => undefined,
        nextPhase: async (index) => phases[index] ?? null,
        phaseEnded: async (index) => {
          ended.push(index);
        },
        snapshot: (index) => {
          if (index === 1) killed ??= kill(commandPart);
        },
        warning: () => undefined,
      },
      never,
    ),
  );
  await killed;
  expect(error.reason).toBe('pod-failed');
  expect(error.message).toMatch(new RegExp(`^${name} ended with code 137 while it was under load`, 'u'));
  expect(ended).toEqual([0]);
  await deployment.remove(never);
  expect(bench.said.filter((line) => line.includes(`the log of ${name} is`))).toHaveLength(1);
  await bench.target.close(never);
});

async function kill(part: string): Promise<void> {
  const line = (await serverProcesses()).find((candidate) => candidate.includes(part));
  if (line !== undefined) process.kill(Number(line.split(':')[0]), 'SIGKILL');
}

test('a killed run takes its servers with it, and the next start finds its folder', async () => {
  using child = holdDeployment();
  const [ready] = (await once(child.stdout, 'data')) as [Buffer];
  expect(ready.toString()).toContain('ready');
  expect((await serverProcesses()).length).toBeGreaterThan(3);
  expect((await noteRuns()).length).toBe(1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await remainingProcesses(60_000)).toEqual([]);
  expect(await removeLeftovers(runsDirectory)).toBe(1);
  expect(await readdir(runsDirectory)).toEqual([]);
});

test('what a killed run could not end itself is ended by the next start', async () => {
  using child = holdDeployment();
  await once(child.stdout, 'data');
  await noteRuns();
  // Those that would end the servers are killed first, all at once.
  const keepers = (await serverProcesses()).filter((line) => line.includes('grace, first, count'));
  expect(keepers.length).toBe(2);
  for (const line of keepers) process.kill(Number(line.split(':')[0]), 'SIGKILL');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await serverProcesses()).length).toBeGreaterThan(0);
  expect(await removeLeftovers(runsDirectory)).toBe(1);
  expect(await remainingProcesses(20_000)).toEqual([]);
});

test("a run that is under way is nobody else's leftover", async () => {
  const bench = await open();
  await bench.deploy('fastapi');
  expect(await removeLeftovers(runsDirectory)).toBe(0);
  expect((await serverProcesses()).length).toBeGreaterThan(0);
  await bench.target.close(never);
});
