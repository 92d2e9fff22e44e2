import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import { expectSnapshots } from './expectSnapshots.ts';
import { carryOut, type Heard, listen, loadSpec } from './spec.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let workerPath: string;
let driver: LocalLoadDriver;
const folders: string[] = [];
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startTruthServer();
  workerPath = await workerBundle();
  driver = createLoadDriver({ workerPath });
});
afterAll(async () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  await server.stop();
});
beforeEach(() => server.forget());

/** How many requests the server gets meanwhile: none once no worker is left. */
async function receivedInHalfASecond(): Promise<number> {
  const { received } = await server.truth();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return (await server.truth()).received - received;
}

const phase = (name: string, durationSeconds = 0.2) => ({
  name,
  kind: 'measured' as const,
  loop: 'closed' as const,
  connections: 2,
  durationSeconds,
});

/** A driver of workers that hear the word to stop only so much later, as on a machine that has other things to do; null: never. */
function driverOfSlowWorkers(stopDelayMs: number | null): LocalLoadDriver {
  const folder = mkdtempSync(join(tmpdir(), 'topology-bench-slow-'));
  folders.push(folder);
  const slow = join(folder, 'slow.cjs');
  writeFileSync(
    slow,
    `const worker = require('node:child_process').spawn(process.execPath, [${JSON.stringify(workerPath)}, '-'], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    worker.on('exit', (code) => process.exit(code));
    const lines = require('node:readline').createInterface({ input: process.stdin });
    lines.on('close', () => worker.stdin.end());
    lines.on('line', (line) => {
      const say = () => worker.stdin.write(line + '\\n');
      if (line !== '{"stop":true}') say();
      else if (${String(stopDelayMs)} !== null) setTimeout(say, ${String(stopDelayMs)});
    });`,
  );
  return createLoadDriver({ workerPath: slow });
}

/** Cancels a load under way, of a worker that is slow to hear of it. */
async function cancelSlow(stopDelayMs: number | null, afterwards: () => void): Promise<Heard> {
  const controller = new AbortController();
  const heard = listen({
    snapshot: () => {
      if (controller.signal.aborted) return;
      controller.abort();
      setImmediate(afterwards);
    },
  });
  const spec = loadSpec({ url: server.url('/ok?delay=5'), durationSeconds: 60 });
  const run = carryOut(driverOfSlowWorkers(stopDelayMs), spec, {}, heard, controller.signal);
  await expect(run).rejects.toMatchObject({ reason: 'cancelled' });
  return heard;
}

describe('the load driver', () => {
  it('calls the handlers in order, and starts no phase before its handler has resolved', async () => {
    const received: number[] = [];
    const heard = listen({
      beforePhase: async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        received.push((await server.truth()).received);
        await server.forget();
      },
      phaseEnded: async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
      },
    });
    const software = await carryOut(
      driver,
      loadSpec({ url: server.url('/ok?delay=5'), phases: [phase('a'), phase('b'), phase('c')] }),
      {},
      heard,
      never,
    );
    expect(heard.calls).toEqual(['before 0', 'ended 0', 'before 1', 'ended 1', 'before 2', 'ended 2']);
    expect(software).toEqual({ node: process.version, autocannon: '9.0.0' });
    // What the server had received when each phase was allowed: all of the phase before, nothing of the next.
    expect(received).toEqual([0, heard.ended[0]?.requests.sent, heard.ended[1]?.requests.sent]);
  });

  it('gives a snapshot a second, each complete', async () => {
    const heard = listen();
    await carryOut(driver, loadSpec({ url: server.url('/ok?delay=5'), durationSeconds: 3.9 }), {}, heard, never);
    const elapsedMs = heard.snapshots.map((snapshot) => snapshot.elapsedMs);
    expectSnapshots(elapsedMs, 3, heard.ended[0]?.generator.stalledMs ?? null);
    const sent = heard.snapshots.map((snapshot) => snapshot.requests.sent);
    expect([...sent].sort((a, b) => a - b)).toEqual(sent);
    for (const { requests } of heard.snapshots)
      expect(requests.sent).toBe(requests.ok + requests.errors + requests.inFlight);
  });

  it('cancels within a second, and says what was measured by then', async () => {
    const controller = new AbortController();
    const startedAt = performance.now();
    let sinceAbort = (): number => Number.NaN;
    const heard = listen({
      snapshot: () => {
        sinceAbort = startStopwatch();
        controller.abort();
      },
    });
    const run = carryOut(
      driver,
      loadSpec({ url: server.url('/ok?delay=5'), durationSeconds: 60 }),
      {},
      heard,
      controller.signal,
    );
    await expect(run).rejects.toMatchObject({ reason: 'cancelled' });
    expect(sinceAbort()).toBeLessThan(1000);
    const tookMs = performance.now() - startedAt;
    expect(heard.calls).toEqual(['before 0', 'cancelled 0']);
    const [measured] = heard.cancelled;
    expect(measured?.requests.ok).toBeGreaterThan(0);
    expect((measured?.window.endMs ?? 0) - (measured?.window.startMs ?? 0)).toBeLessThan(tookMs);
    const { received } = await server.truth();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await server.truth()).received).toBe(received);
  });

  it('cancels within a second while nothing is answered', async () => {
    const controller = new AbortController();
    const run = carryOut(
      driver,
      loadSpec({ url: server.url('/hang'), durationSeconds: 60 }),
      {},
      listen(),
      controller.signal,
    );
    await Promise.race([run, expect.poll(async () => (await server.truth()).received).toBeGreaterThan(0)]);
    const sinceAbort = startStopwatch();
    controller.abort();
    await expect(run).rejects.toMatchObject({ reason: 'cancelled' });
    expect(sinceAbort()).toBeLessThan(1000);
  });

  it('cancels within a second while a handler hangs', async () => {
    const controller = new AbortController();
    const heard = listen({ beforePhase: () => new Promise<never>(() => undefined) });
    const run = carryOut(driver, loadSpec({ url: server.url('/ok') }), {}, heard, controller.signal);
    await Promise.race([run, expect.poll(() => heard.calls).toEqual(['before 0'])]);
    const sinceAbort = startStopwatch();
    controller.abort();
    await expect(run).rejects.toMatchObject({ reason: 'cancelled' });
    // The handler is given up 0.8 s after the worker's end; the rest is what a busy machine may add.
    expect(sinceAbort()).toBeLessThan(3000);
  });

  it('waits for a worker that is slow to stop, and for what it measured', async () => {
    const heard = await cancelSlow(1_500, () => undefined);
    expect(heard.calls).toEqual(['before 0', 'cancelled 0']);
    expect(heard.cancelled[0]?.requests.ok).toBeGreaterThan(0);
  });

  it('hears what the worker said while this process stood still', async () => {
    const heard = await cancelSlow(300, () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_500);
    });
    expect(heard.calls).toEqual(['before 0', 'cancelled 0']);
  });

  it('ends a worker that does not stop', async () => {
    let sinceAbort = (): number => Number.NaN;
    const heard = await cancelSlow(null, () => {
      sinceAbort = startStopwatch();
    });
    expect(sinceAbort()).toBeLessThan(6000);
    expect(heard.calls).toEqual(['before 0']);
    await expect.poll(receivedInHalfASecond).toBe(0);
  });

  it('starts nothing when it is cancelled before', async () => {
    await expect(
      carryOut(driver, loadSpec({ url: server.url('/ok') }), {}, listen(), AbortSignal.abort()),
    ).rejects.toMatchObject({
      reason: 'cancelled',
    });
    expect((await server.truth()).sockets).toBe(0);
  });

  it('rejects with what a handler threw', async () => {
    const heard = listen({ beforePhase: async () => Promise.reject(new Error('the counters are gone')) });
    await expect(carryOut(driver, loadSpec({ url: server.url('/ok') }), {}, heard, never)).rejects.toThrow(
      'the counters are gone',
    );
  });

  it('refuses a spec that the worker cannot carry out, in the words of the worker', async () => {
    const bad = loadSpec({ url: server.url('/ok'), headers: { 'Content-Length': '3' } });
    await expect(carryOut(driver, bad, {}, listen(), never)).rejects.toMatchObject({
      reason: 'plan-invalid',
      message: 'The load worker failed: The header "Content-Length" is set by the load generator itself.',
    });
    const missing = loadSpec({
      url: server.url('/ok'),
      secretHeader: { name: 'X-Key', environmentVariable: 'TRUTH_NOT_SET' },
    });
    await expect(carryOut(driver, missing, {}, listen(), never)).rejects.toThrow('TRUTH_NOT_SET, which is not set');
  });

  it('says why a worker could not run', async () => {
    const spec = loadSpec({ url: server.url('/ok') });
    await expect(
      carryOut(createLoadDriver({ workerPath: '/nowhere/worker.cjs' }), spec, {}, listen(), never),
    ).rejects.toMatchObject({
      reason: 'load-failed',
      message: expect.stringContaining('/nowhere/worker.cjs') as string,
    });
    const noNode = createLoadDriver({ workerPath, nodePath: '/nowhere/node' });
    await expect(carryOut(noNode, spec, {}, listen(), never)).rejects.toMatchObject({
      reason: 'load-failed',
      message: expect.stringContaining('could not be run') as string,
    });
  });

  it('leaves no worker behind when its process is killed', async () => {
    const parent = fork(join(import.meta.dirname, 'driver-program.ts'), [workerPath, server.url('/ok?delay=5')], {
      execArgv: [],
    });
    while ((await server.truth()).received === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    parent.kill('SIGKILL');
    await expect.poll(receivedInHalfASecond).toBe(0);
  });

  it('gives the worker nothing of its own environment but what a runtime needs', async () => {
    process.env['TRUTH_SECRET_OF_PARENT'] = 'x';
    const spec = loadSpec({
      url: server.url('/ok'),
      secretHeader: { name: 'X-Key', environmentVariable: 'TRUTH_SECRET_OF_PARENT' },
    });
    await expect(carryOut(driver, spec, {}, listen(), never)).rejects.toThrow('which is not set');
    delete process.env['TRUTH_SECRET_OF_PARENT'];
  });
});
