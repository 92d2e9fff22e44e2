import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoadReport } from '../../../src/cli/loadReport.ts';
import { defaultMaxInFlight } from '../../../src/core/phaseLoad.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
const root = mkdtempSync(join(tmpdir(), 'topology-bench-load-'));

beforeAll(async () => {
  server = await startTruthServer();
  mkdirSync(join(root, 'dist'));
  copyFileSync(await workerBundle(), join(root, 'dist', 'worker.cjs'));
});
afterAll(() => server.stop());
beforeEach(() => server.forget());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly afterInterruptMs: number;
}

/** Runs the command without a terminal; interrupts it as Ctrl-C does under load, when `interruptWhen` has been printed. */
async function load(args: readonly string[], interruptWhen?: string): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load-program.ts'), 'load', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TEST_ROOT: root },
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  let isLooking = false;
  let sinceInterrupt = (): number => Number.NaN;
  const interrupt = async (): Promise<void> => {
    // The first request looks at the endpoint, before any load.
    await expect.poll(async () => (await server.truth()).received).toBeGreaterThan(20);
    sinceInterrupt = startStopwatch();
    // The whole process group, as a terminal does: the worker hears it too.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (interruptWhen === undefined || isLooking || !stderr.includes(interruptWhen)) return;
    isLooking = true;
    void interrupt();
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr, afterInterruptMs: sinceInterrupt() });
    });
  });
}

const one = ['--connections', '1', '--duration', '0.3'];

describe('topology-bench load', () => {
  it('prints its result as JSON', async () => {
    const { code, stdout } = await load([server.url('/ok?delay=3'), '--connections', '4', '--duration', '3', '--json']);
    const report = JSON.parse(stdout) as LoadReport;
    const truth = await server.truth();
    // One more was sent to see what comes back.
    expect(report.requests.sent).toBe(truth.received - 1);
    expect(report.requests.sent).toBe(report.requests.ok + report.requests.errors + report.requests.inFlight);
    expect(report).toMatchObject({ errorsByKind: {}, cancelled: false, vantage: 'this-machine', loop: 'closed' });
    for (const value of [report.latency.p50Ms, report.latency.p95Ms, report.latency.maxMs, report.rps])
      expect(value).toBeGreaterThan(0);
    expect(report.window.endMs - report.window.startMs).toBeGreaterThanOrEqual(999);
    // A busy machine may make the generator late, which the report then says; nothing else may be wrong with this load.
    expect(report.validity.valid).toBe(report.validity.reasons.length === 0);
    const late = /the load generator|^the connections were not kept busy/;
    expect(report.validity.reasons.filter((reason) => !late.test(reason))).toEqual([]);
    expect(code).toBe(report.validity.valid ? 0 : 1);
  });

  it('sends on a schedule with --rate, and says how it was kept', async () => {
    const args = [server.url('/ok?delay=3'), '--rate', '200', '--arrivals', 'constant', '--duration', '1'];
    const { stdout } = await load([...args, '--json']);
    const report = JSON.parse(stdout) as LoadReport;
    expect(report.requests.sent).toBe((await server.truth()).received - 1);
    expect(report).toMatchObject({
      loop: 'open',
      settings: { load: { loop: 'open', ratePerSecond: 200, arrivals: 'constant', maxInFlight: defaultMaxInFlight } },
      schedule: { scheduled: 200 },
    });
    expect(report.generator.overheadMs?.p50).toBeGreaterThan(0);
    expect(report.generator.scheduleDelay?.p50Ms).toBeGreaterThanOrEqual(0);
    const table = (await load([...args, '--max-in-flight', '300'])).stdout;
    expect(table).toMatch(/^Open loop from this machine: 200\/s constant, at most 300 in flight, for \d+\.\d\d s\n/);
    expect(table).toMatch(/schedule +200 scheduled at 200\/s, 200 sent \(0 late\), 0 unsent\n/);
    expect(table).toMatch(
      /delay +of the sending: median \d+\.\d+ ms, p99 too few samples \(needs 459\), max \d+\.\d+ ms; \d+ sent more than 10 ms late\n/,
    );
    expect(table).toMatch(/overhead +of the generator itself: p50 \d+\.\d+ ms, p95 \d+\.\d+ ms \(not subtracted\)\n/);
  });

  it('drops the numbers of the warm-up', async () => {
    const { stdout } = await load([
      server.url('/ok?delay=5'),
      '--connections',
      '2',
      '--duration',
      '0.5',
      '--warm-up',
      '0.5',
      '--json',
    ]);
    const report = JSON.parse(stdout) as LoadReport;
    const { received } = await server.truth();
    expect(report.settings).toMatchObject({ warmUpSeconds: 0.5, durationSeconds: 0.5 });
    expect(report.requests.sent).toBeLessThan(received);
    expect(report.window.endMs - report.window.startMs).toBeLessThan(1000 + (report.generator.stalledMs ?? 0));
  });

  it('says why a result is not valid, and ends with 1', async () => {
    const errors = await load([server.url('/500?every=5&delay=2'), '--connections', '4', '--duration', '0.5']);
    expect(errors.code).toBe(1);
    expect(errors.stdout).toMatch(
      /valid +NO\n +errors: 1\d\.\d% of the requests sent failed \(HTTP 500: \d+\); the limit is 1\.0%/,
    );
    const few = await load([server.url('/ok?delay=50'), '--connections', '1', '--duration', '0.5', '--json']);
    expect(few.code).toBe(1);
    const report = JSON.parse(few.stdout) as LoadReport;
    expect(report.latency.p95Ms).toBeNull();
    expect(report.validity.reasons[0]).toMatch(/^insufficient samples: \d+ successes, and p95 needs 90$/);
  });

  it.each([
    [
      () => server.url('/404?private=path'),
      1,
      'The endpoint answered 404 Not Found (no media type) to one GET without a body, which was sent to see what comes back before any load. Check the path of the address, and the name of the model in it.',
    ],
    [() => server.url('/garbage'), 1, 'The endpoint answered with what is not HTTP. See whether the server is well'],
    [() => server.url('/close'), 1, 'The endpoint closed the connection without an answer. See whether the server'],
    [
      () => 'http://127.0.0.1:1/',
      0,
      'The endpoint does not take a connection: nothing listens on its port (ECONNREFUSED). Check the address and port',
    ],
  ])('looks at the answer to one request before any load', async (url, received, message) => {
    const { code, stdout, stderr } = await load([url(), ...one, '--json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`topology-bench: ${message}`);
    expect(stderr).not.toContain('Measuring');
    expect((await server.truth()).received).toBe(received);
  });

  it('takes an answer that is not JSON to a body that is where it is told to', async () => {
    const body = join(root, 'asked.json');
    writeFileSync(body, '{}');
    const args = [server.url('/until-close'), ...one, '--body-file', body, '--json'];
    expect((await load(args)).stderr).toContain('answered 200 OK with a body that is not JSON (no media type)');
    const { stdout } = await load([...args, '--header', 'Accept: */*']);
    expect((JSON.parse(stdout) as LoadReport).requests.ok).toBeGreaterThan(0);
  });

  it('sends the body and the headers it was given', async () => {
    const body = join(root, 'body.json');
    writeFileSync(body, '\ufeff{"text": "naïve"}\n');
    await load([
      server.url('/ok?keep=1&delay=20'),
      ...['--connections', '1', '--duration', '0.1', '--body-file', body],
      ...['--header', 'Content-Type: application/json', '--header', 'X-Colon: a:b'],
    ]);
    const { bodies, headers } = await server.truth();
    expect(bodies[0]).toBe('\ufeff{"text": "naïve"}\n');
    expect(headers[0]).toMatchObject({ 'content-type': 'application/json', 'x-colon': 'a:b' });
  });

  it('ends within a second of Ctrl-C and prints what it measured', async () => {
    const args = [server.url('/ok?delay=5'), '--connections', '4', '--duration', '60', '--json'];
    const { code, stdout, afterInterruptMs } = await load(args, 'Measuring');
    expect(code).toBe(130);
    expect(afterInterruptMs).toBeLessThan(1000);
    const report = JSON.parse(stdout) as LoadReport;
    expect(report.cancelled).toBe(true);
    expect(report.validity.valid).toBe(false);
    expect(report.validity.reasons[0]).toBe('cancelled before the duration was over');
    expect(report.requests.ok).toBeGreaterThan(0);
    expect(report.window.endMs - report.window.startMs).toBeLessThan(30_000);
  });

  it('has measured nothing when Ctrl-C comes in the warm-up', async () => {
    const args = [server.url('/ok?delay=5'), '--connections', '4', '--duration', '60', '--warm-up', '60'];
    const { code, stdout } = await load(args, 'Warming up');
    expect(code).toBe(130);
    expect(stdout).toMatch(/^CANCELLED\. /);
    expect(stdout).toContain('0 sent, 0 ok');
  });

  it.each([
    [
      ['http://127.0.0.1:1/', '--connections', '0', '--duration', '1'],
      '--connections takes a whole number from 1 to 4096, not "0".',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1.5', '--duration', '1'],
      '--connections takes a whole number from 1 to 4096, not "1.5".',
    ],
    [['http://127.0.0.1:1/', '--connections', '5000', '--duration', '1'], '--connections takes a whole number'],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '-1'],
      '--duration takes a number of seconds above 0 and up to 86400, not "-1".',
    ],
    [['http://127.0.0.1:1/', '--connections', '1', '--duration', '0'], '--duration takes'],
    [['http://127.0.0.1:1/', '--connections', '1', '--duration', 'soon'], '--duration takes'],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--warm-up', '-3'],
      '--warm-up takes a number of seconds from 0 up to 86400',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--timeout', '0'],
      '--timeout takes a whole number from 1 to 600000',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--body-file', '/nowhere/b'],
      'The body file cannot be read: there is no such file.',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--body-file', process.execPath],
      'is not UTF-8 text',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--header', 'no colon'],
      '--header takes "Name: value"; what was given has no colon.',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--header', 'bad name: x'],
      '"bad name" is no header name',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--header', 'A: x', '--header', 'a: y'],
      'The header "a" is given twice.',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--header', 'Content-Length: 3'],
      'is set by the load generator itself',
    ],
    [['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--method', 'HEAD'], '--method takes GET, POST'],
    [['127.0.0.1/x', '--connections', '1', '--duration', '1'], '"127.0.0.1/x" is no URL'],
    [['me:hush@127.0.0.1/x', '--connections', '1', '--duration', '1'], 'Only http:// and https:// can be loaded'],
    [['http://me:hush@/x', '--connections', '1', '--duration', '1'], 'What was given is no URL'],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--duration', '1', '--seed', '2'],
      '--seed orders the bodies of --inputs or makes the schedule of --rate, and there are neither.',
    ],
    [
      ['ftp://127.0.0.1/', '--connections', '1', '--duration', '1'],
      'Only http:// and https:// can be loaded, not ftp://',
    ],
    [
      ['http://me:hush@127.0.0.1/', '--connections', '1', '--duration', '1'],
      'A user name or password in the URL is not sent.',
    ],
    [
      ['http://192.0.2.1/', '--connections', '1', '--duration', '1'],
      '192.0.2.1 is not this machine, and there is no terminal to ask on; nothing was sent.',
    ],
    [
      ['http://127.0.0.1:1/', '--duration', '1'],
      'How to load is not said. Give --connections N for a closed loop, or --rate R',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '1', '--rate', '5', '--duration', '1'],
      '--connections makes a closed loop and --rate an open one; give one of them.',
    ],
    [
      ['http://127.0.0.1:1/', '--rate', '0', '--duration', '1'],
      '--rate takes a number above 0 and up to 100000, not "0".',
    ],
    [['http://127.0.0.1:1/', '--rate', '-5', '--duration', '1'], '--rate takes a number above 0'],
    [['http://127.0.0.1:1/', '--rate', '100001', '--duration', '1'], '--rate takes a number above 0 and up to 100000'],
    [
      ['http://127.0.0.1:1/', '--rate', '5', '--arrivals', 'bursts', '--duration', '1'],
      '--arrivals takes poisson or constant, not "bursts".',
    ],
    [
      ['http://127.0.0.1:1/', '--rate', '5', '--max-in-flight', '0', '--duration', '1'],
      '--max-in-flight takes a whole number from 1 to 4096',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '5', '--arrivals', 'poisson', '--duration', '1'],
      '--arrivals is of the open loop; it goes with --rate.',
    ],
    [
      ['http://127.0.0.1:1/', '--connections', '5', '--max-in-flight', '9', '--duration', '1'],
      '--max-in-flight is of the open loop; it goes with --rate.',
    ],
    [
      ['http://127.0.0.1:1/', '--rate', '5', '--duration', '1', '--insecure'],
      '--insecure is of https:// addresses, and this one is http://.',
    ],
    [
      ['https://127.0.0.1:1/', '--rate', '5', '--duration', '1', '--insecure', '--ca', process.execPath],
      '--ca says whom to believe and --insecure to believe anyone; give one of them.',
    ],
    [
      ['https://127.0.0.1:1/', '--rate', '5', '--duration', '1', '--ca', '/nowhere/ca.pem'],
      'The certificate file cannot be read: there is no such file.',
    ],
    [
      ['https://127.0.0.1:1/', '--rate', '5', '--duration', '1', '--ca', join(import.meta.dirname, 'spec.ts')],
      'holds no PEM certificate',
    ],
  ])('refuses %j with one clear line', async (args, message) => {
    const { code, stdout, stderr } = await load(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('hush');
  });
});
