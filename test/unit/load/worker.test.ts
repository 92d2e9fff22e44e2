import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeHistogram, latencyOf } from '../../../src/core/histogram.ts';
import type { LoadSpec, PhaseSnapshot, WorkerMessage } from '../../../src/core/load.ts';
import { createWorkerMessageReader } from '../../../src/core/workerMessages.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import { loadSpec } from './spec.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let workerPath: string;
const folder = mkdtempSync(join(tmpdir(), 'topology-bench-gate-'));

beforeAll(async () => {
  server = await startTruthServer();
  workerPath = await workerBundle();
});
afterAll(() => server.stop());
beforeEach(() => server.forget());

interface Started {
  readonly child: ChildProcess;
  readonly messages: WorkerMessage[];
  /** Everything it wrote, as it wrote it. */
  text(): string;
  until(type: WorkerMessage['type']): Promise<void>;
  readonly exit: Promise<number | null>;
}

/** The word that nothing follows. */
function lastWord(go: number): string {
  return JSON.stringify({ go, next: 'end' });
}

/** The word for a phase. */
function word(go: number, durationSeconds: number): string {
  const phase = { name: 'load', kind: 'measured', loop: 'closed', connections: 8, durationSeconds };
  return JSON.stringify({ go, next: 'phase', phase, startAtMs: null });
}

/** Puts a word in place whole. */
function tell(directory: string, go: number, text: string): void {
  const file = join(directory, `go-${String(go)}`);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** Starts the worker as a pod does: `node worker.cjs SPEC.json`. */
function start(spec: LoadSpec | string, environment: Record<string, string> = {}): Started {
  const file = join(mkdtempSync(join(tmpdir(), 'topology-bench-spec-')), 'spec.json');
  writeFileSync(file, typeof spec === 'string' ? spec : JSON.stringify(spec));
  const child = spawn(process.execPath, [workerPath, file], {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], ...environment },
  });
  const messages: WorkerMessage[] = [];
  const reader = createWorkerMessageReader();
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const output of reader.push(chunk)) {
      if (output.kind === 'message') messages.push(output.message);
      child.emit('said');
    }
  });
  return {
    child,
    messages,
    text: () => text,
    until: async (type) => {
      while (!messages.some((message) => message.type === type)) await once(child, 'said');
    },
    exit: once(child, 'close').then(([code]) => code as number | null),
  };
}

describe('the worker as a program of its own', () => {
  it('runs all phases, and numbers its messages without a gap', async () => {
    const phases = [
      { name: 'warm-up', kind: 'warm-up' as const, loop: 'closed' as const, connections: 2, durationSeconds: 0.2 },
      { name: 'c1', kind: 'measured' as const, loop: 'closed' as const, connections: 1, durationSeconds: 1.2 },
    ];
    const worker = start(loadSpec({ url: server.url('/ok?delay=5'), phases }));
    expect(await worker.exit).toBe(0);
    // Whether a second was passed over in a pause is not the question here.
    expect(worker.messages.map((message) => message.type).filter((type) => type !== 'snapshot')).toEqual([
      'ready',
      'phase-started',
      'phase-ended',
      'phase-started',
      'phase-ended',
      'finished',
    ]);
    expect(worker.messages.map((message) => message.seq)).toEqual(worker.messages.map((_, index) => index));
    expect(worker.messages[0]).toMatchObject({ node: process.version, autocannon: '9.0.0' });
  });

  it('tells its histogram each second when it is one of several, and spares a single one the work', async () => {
    const snapshots = async (environment: Record<string, string>): Promise<PhaseSnapshot[]> => {
      const worker = start(loadSpec({ url: server.url('/ok?delay=5'), durationSeconds: 60 }), environment);
      const told = (): PhaseSnapshot[] =>
        worker.messages.flatMap((message) => (message.type === 'snapshot' ? [message.snapshot] : []));
      await expect.poll(() => told().length).toBeGreaterThanOrEqual(2);
      worker.child.kill('SIGTERM');
      await worker.exit;
      return told().slice(0, 2);
    };
    const told = await snapshots({ JOB_COMPLETION_INDEX: '1' });
    for (const { histogram, latency } of told) {
      const all = decodeHistogram(histogram ?? '');
      expect(all.totalCount).toBe(latency.samples);
      expect(latencyOf(all).p95Ms).toBe(latency.p95Ms);
    }
    expect((await snapshots({})).map(({ histogram }) => histogram)).toEqual([undefined, undefined]);
  });

  it('waits for the file of each phase when its gate is a directory', async () => {
    const directory = mkdtempSync(join(folder, 'gate-'));
    const worker = start(loadSpec({ url: server.url('/ok?delay=5'), gate: { directory }, durationSeconds: 0.2 }));
    await worker.until('waiting');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await server.truth()).received).toBe(0);
    tell(directory, 0, word(0, 0.2));
    // Put there before it is asked for, it is found all the same.
    tell(directory, 1, lastWord(1));
    expect(await worker.exit).toBe(0);
    expect((await server.truth()).received).toBeGreaterThan(0);
  });

  it('gives up when nobody opens its gate', async () => {
    const worker = start(loadSpec({ url: server.url('/ok'), gate: { directory: folder }, gateTimeoutSeconds: 0.3 }));
    expect(await worker.exit).toBe(1);
    expect(worker.messages.at(-1)).toMatchObject({ type: 'failed', reason: 'connection-lost' });
  });

  it('ends within a second of SIGTERM, in the middle of a phase', async () => {
    const worker = start(loadSpec({ url: server.url('/ok?delay=5'), durationSeconds: 60 }));
    await worker.until('phase-started');
    const sinceAsked = startStopwatch();
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(1);
    expect(sinceAsked()).toBeLessThan(1000);
    expect(worker.messages.at(-1)).toMatchObject({ type: 'failed', reason: 'cancelled' });
    // A phase that was cut short must not look like one that ended.
    expect(worker.messages.some((message) => message.type === 'phase-ended')).toBe(false);
  });

  it.each(['/ok?delay=5', '/hang'])('ends within a second when its controller is gone (%s)', async (path) => {
    const worker = start(loadSpec({ url: server.url(path), gate: 'stdin', durationSeconds: 60 }));
    worker.child.stdin?.write(`${word(0, 60)}\n`);
    await worker.until('phase-started');
    const sinceGone = startStopwatch();
    worker.child.stdin?.end();
    expect(await worker.exit).toBe(1);
    expect(sinceGone()).toBeLessThan(1000);
  });

  it('leaves Ctrl-C to its controller when it has one', async () => {
    const worker = start(loadSpec({ url: server.url('/ok?delay=5'), gate: 'stdin', durationSeconds: 0.5 }));
    worker.child.stdin?.write(`${word(0, 0.5)}\n`);
    await worker.until('phase-started');
    worker.child.kill('SIGINT');
    worker.child.stdin?.write(`${lastWord(1)}\n`);
    expect(await worker.exit).toBe(0);
    expect(worker.messages.at(-1)?.type).toBe('finished');
  });

  it('reports what it measured when it is told to stop', async () => {
    const worker = start(loadSpec({ url: server.url('/ok?delay=5'), gate: 'stdin', durationSeconds: 60 }));
    worker.child.stdin?.write(`${word(0, 60)}\n`);
    await worker.until('snapshot');
    worker.child.stdin?.write('{"stop":true}\n');
    expect(await worker.exit).toBe(1);
    expect(worker.messages.slice(-2)).toMatchObject([{ type: 'phase-ended' }, { type: 'failed', reason: 'cancelled' }]);
  });

  it.each([
    ['no JSON', 'it is no JSON'],
    ['{}', 'url: '],
    [JSON.stringify(loadSpec({ url: 'ftp://127.0.0.1/' })), 'only http:// and https:// can be loaded'],
    [
      JSON.stringify(
        loadSpec({ url: 'https://127.0.0.1/', tls: { caPem: '-----BEGIN CERTIFICATE-----', verify: true } }),
      ),
      'The certificate authorities cannot be read',
    ],
    [JSON.stringify(loadSpec({ method: 'HEAD' })), 'The method HEAD is not supported'],
    [JSON.stringify(loadSpec({ headers: { 'X-A': 'a\r\nX-B: b' } })), 'The value of the header "X-A" is not allowed'],
  ])('refuses the spec %s', async (spec, why) => {
    const worker = start(spec);
    expect(await worker.exit).toBe(1);
    expect(worker.messages).toHaveLength(1);
    expect(worker.messages[0]).toMatchObject({
      type: 'failed',
      reason: 'plan-invalid',
      message: expect.stringContaining(why) as string,
    });
  });

  it('never says the secret, not even when it may not be sent', async () => {
    const secretHeader = { name: 'X-Key', environmentVariable: 'TRUTH_KEY' };
    const worker = start(loadSpec({ secretHeader }), { TRUTH_KEY: 'hush\nhush' });
    expect(await worker.exit).toBe(1);
    expect(worker.text()).toContain('The value of the header');
    expect(worker.text()).not.toContain('hush');
  });
});
