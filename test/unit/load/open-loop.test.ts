import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { schedule } from '../../../src/core/arrivals.ts';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { OpenPhase } from '../../../src/core/plan.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { expectCount } from './expectCount.ts';
import { carryOut, listen, loadSpec, openPhase } from './spec.ts';
import type { Truth } from './truth-server.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let driver: LocalLoadDriver;
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startTruthServer();
  driver = createLoadDriver({ workerPath: await workerBundle() });
});
afterAll(() => server.stop());
beforeEach(() => server.forget());

async function load(
  path: string,
  phase: Partial<OpenPhase> = {},
  parts: Parameters<typeof loadSpec>[0] = {},
): Promise<{ measured: PhaseMeasurement; truth: Truth }> {
  const heard = listen();
  const planned = openPhase(phase);
  await carryOut(driver, loadSpec({ url: server.url(path), phases: [planned], ...parts }), {}, heard, never);
  const [measured] = heard.ended;
  if (measured === undefined || measured.schedule === null) throw new Error('no open phase ended');
  const { requests } = measured;
  expect(requests.sent).toBe(requests.ok + requests.errors + requests.inFlight);
  expect(measured.schedule.scheduled).toBe(requests.sent + measured.schedule.unsent);
  expect(measured.schedule.scheduled).toBe(schedule({ ...planned, seed: 1 }, planned.durationSeconds * 1000).length);
  expect(requests.inFlight).toBeLessThanOrEqual(planned.maxInFlight);
  expect(measured.latency.samples).toBe(requests.ok);
  expect(Object.values(measured.errorsByKind).reduce((sum, count) => sum + count, 0)).toBe(requests.errors);
  return { measured, truth: await server.truth() };
}

describe('the open loop against a server that keeps its own account', () => {
  it('sends every request of its schedule, on connections that are kept', async () => {
    const { measured, truth } = await load('/ok?delay=3');
    expect(measured.requests).toMatchObject({ sent: truth.received, errors: 0 });
    expect(measured.schedule?.unsent).toBe(0);
    expectCount(measured.requests.ok, measured, truth, 'ok');
    // One of them was opened to see whether the endpoint accepts any.
    expect(measured.generator.connectionsOpened).toBe(truth.sockets - 1);
  });

  it.each([
    ['/500?every=10&delay=1', '500', 'HTTP 500'],
    ['/404?every=3&delay=1', '404', 'HTTP 404'],
    ['/reset?every=7&delay=1', 'reset', 'ECONNRESET'],
    ['/close?every=7&delay=1', 'close', 'closed without an answer'],
    ['/cut?every=7&delay=1', 'cut', 'closed before the answer was complete'],
    ['/garbage?every=7&delay=1', 'garbage', 'malformed answer'],
  ] as const)("%s: counts failures by kind, with the closed loop's names", async (path, behaviour, kind) => {
    const { measured, truth } = await load(path);
    expect(measured.requests.sent).toBe(truth.received);
    expect(Object.keys(measured.errorsByKind)).toEqual([kind]);
    expectCount(measured.errorsByKind[kind], measured, truth, behaviour);
    expectCount(measured.requests.ok, measured, truth, 'ok');
  });

  it('counts every kind at once', async () => {
    const { measured, truth } = await load('/mix?delay=1', { ratePerSecond: 500, durationSeconds: 2 });
    expect(measured.requests.sent).toBe(truth.received);
    expectCount(measured.requests.ok, measured, truth, 'ok', 'goodbye', 'until-close', 'slow-body');
    expectCount(measured.errorsByKind['closed without an answer'], measured, truth, 'close');
    expectCount(measured.errorsByKind['closed before the answer was complete'], measured, truth, 'cut');
    expectCount(measured.errorsByKind['malformed answer'], measured, truth, 'garbage');
    expectCount(measured.errorsByKind['ECONNRESET'], measured, truth, 'reset');
    expectCount(measured.errorsByKind['HTTP 500'], measured, truth, '500');
  });

  it('counts a refused port once for each request, and no more often', async () => {
    const { measured } = await load('', {}, { url: 'http://127.0.0.1:1/' });
    expect(measured.errorsByKind).toEqual({ ECONNREFUSED: measured.requests.sent - measured.requests.inFlight });
    expect(measured.requests.ok).toBe(0);
  });

  it('holds back what there is no room for, and says how much', async () => {
    const { measured, truth } = await load('/hang', { maxInFlight: 4 });
    expect(truth.received).toBe(4);
    expect(measured.requests).toEqual({ sent: 4, ok: 0, errors: 0, timeouts: 0, inFlight: 4 });
    expect(measured.schedule).toMatchObject({ late: 0 });
    // The oldest has waited since it was due, at the beginning.
    expect(measured.longestWaitMs).toBeGreaterThan(900);
    expect(judgeMeasurement(measured).reasons).toContainEqual(
      expect.stringMatching(/^the asked rate was not reached: 4 of the \d+ requests scheduled were sent/),
    );
  });

  it('sends late what waited for room, and counts its wait', async () => {
    // Four at a time, each a quarter of a second: 16 a second, where 40 are due.
    const { measured } = await load('/ok?delay=250', { maxInFlight: 4, ratePerSecond: 40, durationSeconds: 5 });
    expect(measured.schedule?.late).toBeGreaterThan(15);
    // Without the wait it would be the server's 250 ms.
    expect(measured.latency.maxMs).toBeGreaterThan(800);
    // The wait for room is not the generator's own delay.
    expect(measured.generator.scheduleDelay?.p50Ms ?? 0).toBeLessThan(100);
  });

  it('makes room with a timeout, which counts from the sending', async () => {
    const { measured, truth } = await load('/hang', { maxInFlight: 8, durationSeconds: 3 }, { timeoutMs: 200 });
    expect(measured.errorsByKind).toEqual({ timeout: measured.requests.timeouts });
    expectCount(measured.requests.timeouts, measured, truth, 'hang');
    expect(measured.requests.timeouts).toBeGreaterThanOrEqual(24);
  });

  it('sends the bodies in the order of the seed', async () => {
    const bodies = Array.from({ length: 10 }, (_, index) => `body ${String(index)}`);
    const phase = { ratePerSecond: 50, maxInFlight: 1, durationSeconds: 3 };
    const { truth } = await load('/ok?keep=1', phase, { method: 'POST', bodies });
    expect([...truth.bodies.slice(0, 10)].sort()).toEqual(bodies);
    expect(truth.bodies.slice(10, 20)).toEqual(truth.bodies.slice(0, 10));
  });

  it('ends within a second of a cancel, and says what was measured by then', async () => {
    const controller = new AbortController();
    const heard = listen({
      snapshot: (_phase, { requests }) => {
        if (requests.ok > 100) controller.abort();
      },
    });
    const phases = [openPhase({ durationSeconds: 60 })];
    const run = carryOut(driver, loadSpec({ url: server.url('/ok?delay=5'), phases }), {}, heard, controller.signal);
    await expect(run).rejects.toMatchObject({ reason: 'cancelled' });
    const [measured] = heard.cancelled;
    expect(measured?.requests.ok).toBeGreaterThan(100);
    // What was due by then, not in the whole minute.
    expect(measured?.schedule?.scheduled).toBeLessThan(6_000);
  });

  it('gives up on an endpoint that never accepts', async () => {
    // A listener that stands still with its backlog full answers no further connection.
    const listener = spawn(process.execPath, [
      '-e',
      "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))",
    ]);
    const [printed] = (await once(listener.stdout, 'data')) as [Buffer];
    listener.kill('SIGSTOP');
    const port = Number(printed.toString());
    const waiting = Array.from({ length: 16 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await new Promise((resolve) => setTimeout(resolve, 300));
    try {
      const spec = loadSpec({ url: `http://127.0.0.1:${String(port)}/`, timeoutMs: 400, phases: [openPhase()] });
      await expect(carryOut(driver, spec, {}, listen(), never)).rejects.toMatchObject({
        reason: 'load-failed',
        message: 'The load worker failed: The endpoint did not accept a connection within 400 ms.',
      });
    } finally {
      for (const socket of waiting) socket.destroy();
      listener.kill('SIGKILL');
    }
  });
});
