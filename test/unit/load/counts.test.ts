import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeHistogram, latencyOf } from '../../../src/core/histogram.ts';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { expectCount } from './expectCount.ts';
import { carryOut, listen, loadSpec } from './spec.ts';
import type { Truth } from './truth-server.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let driver: LocalLoadDriver;

beforeAll(async () => {
  server = await startTruthServer();
  driver = createLoadDriver({ workerPath: await workerBundle() });
});
afterAll(() => server.stop());
beforeEach(() => server.forget());

async function load(
  path: string,
  parts: Parameters<typeof loadSpec>[0] = {},
): Promise<{ measured: PhaseMeasurement; truth: Truth }> {
  const heard = listen();
  await carryOut(driver, loadSpec({ url: server.url(path), ...parts }), {}, heard, new AbortController().signal);
  const [measured] = heard.ended;
  if (measured === undefined) throw new Error('no phase ended');
  expect(measured.requests.sent).toBe(measured.requests.ok + measured.requests.errors + measured.requests.inFlight);
  expect(Object.values(measured.errorsByKind).reduce((sum, count) => sum + count, 0)).toBe(measured.requests.errors);
  expect(measured.requests.inFlight).toBeLessThanOrEqual(parts.connections ?? 8);
  expect(measured.latency.samples).toBe(measured.requests.ok);
  return { measured, truth: await server.truth() };
}

describe('the closed loop against a server that keeps its own account', () => {
  it('counts successes, and every request it sent arrived', async () => {
    const { measured, truth } = await load('/ok?delay=3');
    expect(measured.requests.errors).toBe(0);
    expect(measured.requests.sent).toBe(truth.received);
    expectCount(measured.requests.ok, measured, truth, 'ok');
    expect(measured.requests.inFlight).toBeLessThanOrEqual(8);
    expect(truth.sockets).toBe(8);
  });

  it.each([
    ['/500?every=10&delay=1', '500', 'HTTP 500'],
    ['/404?every=3&delay=1', '404', 'HTTP 404'],
    ['/reset?every=7&delay=1', 'reset', 'ECONNRESET'],
    ['/close?every=7&delay=1', 'close', 'closed without an answer'],
    ['/cut?every=7&delay=1', 'cut', 'closed before the answer was complete'],
    ['/garbage?every=7&delay=1', 'garbage', 'malformed answer'],
  ] as const)('%s: failures are counted by kind, apart from successes', async (path, behaviour, kind) => {
    const { measured, truth } = await load(path);
    expect(measured.requests.sent).toBe(truth.received);
    expect(Object.keys(measured.errorsByKind)).toEqual([kind]);
    expectCount(measured.errorsByKind[kind], measured, truth, behaviour);
    expectCount(measured.requests.ok, measured, truth, 'ok');
    expect(measured.requests.timeouts).toBe(0);
  });

  it('counts every kind at once', async () => {
    const { measured, truth } = await load('/mix?delay=1', { connections: 16, durationSeconds: 2 });
    expect(measured.requests.sent).toBe(truth.received);
    expectCount(measured.requests.ok, measured, truth, 'ok', 'goodbye', 'until-close', 'slow-body');
    expectCount(measured.errorsByKind['closed without an answer'], measured, truth, 'close');
    expectCount(measured.errorsByKind['closed before the answer was complete'], measured, truth, 'cut');
    expectCount(measured.errorsByKind['malformed answer'], measured, truth, 'garbage');
    expectCount(measured.errorsByKind['ECONNRESET'], measured, truth, 'reset');
    expectCount(measured.errorsByKind['HTTP 500'], measured, truth, '500');
    expectCount(measured.errorsByKind['HTTP 404'], measured, truth, '404');
  });

  it('counts requests that never get an answer as timeouts, or as in flight', async () => {
    // Long enough that a pause of the machine makes no answer late.
    const { measured, truth } = await load('/hang?every=10&delay=1', { timeoutMs: 3_000, durationSeconds: 5 });
    expect(measured.requests.sent).toBe(truth.received);
    expect(measured.errorsByKind).toEqual({ timeout: measured.requests.timeouts });
    expectCount(measured.requests.timeouts, measured, truth, 'hang');
    // Each counts with the time it took, or the connections' time would not add up.
    expect(measured.generator.littlesLawResidual).toBeLessThan(0.1);
  });

  it('counts all in flight when nothing is answered', async () => {
    const { measured, truth } = await load('/hang', { connections: 4 });
    expect(measured.requests).toEqual({ sent: 4, ok: 0, errors: 0, timeouts: 0, inFlight: 4 });
    expect(truth.received).toBe(4);
    expect(measured.latency).toEqual({ p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null, meanMs: null, samples: 0 });
  });

  it('sends nothing on a connection whose end the server announced', async () => {
    const { measured, truth } = await load('/goodbye?every=3&delay=1');
    expect(measured.requests.errors).toBe(0);
    expect(measured.requests.sent).toBe(truth.received);
  });

  it('ends an answer without a length where its connection ends', async () => {
    const { measured, truth } = await load('/until-close?every=3&delay=1');
    expect(measured.requests.errors).toBe(0);
    expect(measured.requests.sent).toBe(truth.received);
  });

  it('tries a refused port again with growing pauses, and counts each try', async () => {
    const { measured } = await load('http://127.0.0.1:1/', { url: 'http://127.0.0.1:1/', connections: 4 });
    expect(Object.keys(measured.errorsByKind)).toEqual(['ECONNREFUSED']);
    expect(measured.requests.ok).toBe(0);
    expect(measured.rps).toBe(0);
    expect(measured.requests.errors).toBeGreaterThanOrEqual(4);
    // 5, 10, 20, ... 500 ms: about ten tries a connection in the first second.
    expect(measured.requests.errors).toBeLessThanOrEqual(4 * 12);
  });
});

describe('the closed loop against a server of known delay', () => {
  it('measures from the sending to the last byte', async () => {
    const { measured, truth } = await load('/slow-body?delay=10', { connections: 4 });
    const shortestKeptMs = Math.min(...truth.keptMs);
    // The server wrote half the answer after `kept`, and the rest about 30 ms later.
    expect(measured.latency.p50Ms).toBeGreaterThan(shortestKeptMs + 25);
  });

  it.each(['/close?every=5&delay=5', '/reset?every=5&delay=5', '/mix?delay=5'])(
    '%s: a lost request shifts no later latency',
    async (path) => {
      const { measured } = await load(path, { connections: 4 });
      // Latencies that start at the request before would make the connections busy for twice the time there was.
      const { meanMs, samples } = measured.latency;
      const { startMs, endMs } = measured.window;
      expect(samples).toBeGreaterThan(0);
      expect((meanMs ?? 0) * samples).toBeLessThan(1.1 * 4 * (endMs - startMs));
    },
  );

  it('says the window truly, and the rate over it', async () => {
    const { measured } = await load('/ok?delay=2', { durationSeconds: 1.9 });
    const windowMs = measured.window.endMs - measured.window.startMs;
    expect(windowMs).toBeGreaterThanOrEqual(1899);
    expect(measured.rps).toBeCloseTo((measured.requests.ok * 1000) / windowMs, 2);
    expect(measured.attemptedRps).toBeCloseTo((measured.requests.sent * 1000) / windowMs, 2);
    expect(measured.timeSeries.reduce((sum, second) => sum + second.ok, 0)).toBe(measured.requests.ok);
    expect(measured.timeSeries.at(-1)?.second).toBeCloseTo(windowMs / 1000, 2);
    expect(measured.timeSeries.length).toBeGreaterThanOrEqual(
      2 - Math.round((measured.generator.stalledMs ?? 0) / 1_000),
    );
    expect(measured.timeSeries.length).toBeLessThanOrEqual(2);
  });

  it('gives the histogram that its quantiles come from', async () => {
    const { measured } = await load('/ok?delay=2');
    const { p50Ms, p95Ms, p99Ms, samples } = latencyOf(decodeHistogram(measured.histogram));
    expect({ p50Ms, p95Ms, p99Ms, samples }).toEqual({
      p50Ms: measured.latency.p50Ms,
      p95Ms: measured.latency.p95Ms,
      p99Ms: measured.latency.p99Ms,
      samples: measured.latency.samples,
    });
  });
});

describe('the requests', () => {
  it('rotate through all bodies in the order of the seed, whatever the connection', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `body number ${String(index)} ü`);
    const order = async (seed: number): Promise<string[]> => {
      await server.forget();
      const parts = { bodies, seed, connections: 1, durationSeconds: 2.5 };
      const { truth } = await load('/ok?keep=1&delay=1', { method: 'POST', ...parts });
      return truth.bodies;
    };
    const first = await order(7);
    expect(first.length).toBeGreaterThan(40);
    expect([...first.slice(0, 20)].sort()).toEqual([...bodies].sort());
    expect(first.slice(20, 40)).toEqual(first.slice(0, 20));
    expect((await order(7)).slice(0, 20)).toEqual(first.slice(0, 20));
    expect((await order(8)).slice(0, 20)).not.toEqual(first.slice(0, 20));
  });

  it('are in an order of their own in each phase that has a seed of its own', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `body number ${String(index)}`);
    const order = async (seed: number): Promise<string[]> => {
      await server.forget();
      const phases = [
        { name: 'load', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 2.5, seed },
      ] as const;
      const { truth } = await load('/ok?keep=1&delay=1', { method: 'POST', bodies, phases: [...phases] });
      return truth.bodies.slice(0, 20);
    };
    const first = await order(7);
    expect([...first].sort()).toEqual([...bodies].sort());
    expect(await order(7)).toEqual(first);
    expect(await order(8)).not.toEqual(first);
  });

  it('are shared out over the connections, so that each body is sent equally often', async () => {
    const bodies = Array.from({ length: 10 }, (_, index) => String(index));
    const { truth } = await load('/ok?keep=1&delay=2', { method: 'POST', bodies, connections: 7 });
    const counts = bodies.map((body) => truth.bodies.filter((sent) => sent === body).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('carry their headers, and the secret one from the environment', async () => {
    const heard = listen();
    await carryOut(
      driver,
      loadSpec({
        url: server.url('/ok?keep=1&delay=20'),
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Model': 'a b' },
        secretHeader: { name: 'X-Api-Key', environmentVariable: 'TRUTH_KEY' },
        bodies: ['{}'],
        connections: 1,
        durationSeconds: 0.2,
      }),
      { TRUTH_KEY: 'not to be seen' },
      heard,
      new AbortController().signal,
    );
    const { headers } = await server.truth();
    expect(headers[0]).toMatchObject({
      host: `127.0.0.1:${String(server.port)}`,
      connection: 'keep-alive',
      'content-type': 'application/json',
      'x-model': 'a b',
      'x-api-key': 'not to be seen',
      'content-length': '2',
    });
    expect(JSON.stringify(heard.ended)).not.toContain('not to be seen');
  });
});
