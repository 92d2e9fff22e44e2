import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerLoad } from '../../../src/cli/load.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
const root = mkdtempSync(join(tmpdir(), 'topology-bench-confirm-'));

beforeAll(async () => {
  server = await startTruthServer();
  mkdirSync(join(root, 'dist'));
  copyFileSync(await workerBundle(), join(root, 'dist', 'worker.cjs'));
});
afterAll(() => server.stop());
beforeEach(() => server.forget());

/** Runs the command on streams that say they are a terminal, answers its question, and returns what it printed. */
async function load(
  args: readonly string[],
  answer: string | undefined,
  signal = new AbortController().signal,
): Promise<{ stdout: string; stderr: string }> {
  const terminal = (): PassThrough & { isTTY: boolean; columns: number } =>
    Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const [stdin, stdout, stderr] = [terminal(), terminal(), terminal()];
  const printed = { stdout: '', stderr: '' };
  stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  stderr.on('data', (chunk: Buffer) => {
    printed.stderr += chunk.toString();
    if (answer !== undefined && chunk.toString().includes('[y/N]')) stdin.write(`${answer}\n`);
  });
  const program = new Command('topology-bench').exitOverride();
  registerLoad(program, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    signal,
    root,
    version: '0.0.0',
  });
  try {
    await program.parseAsync(['load', ...args], { from: 'user' });
  } finally {
    process.exitCode = 0;
  }
  return printed;
}

/** Reaches the loopback server, by an address that is no loopback address. */
const elsewhere = (): string => `http://0.0.0.0:${String(server.port)}/ok?delay=5`;
const short = ['--connections', '2', '--duration', '0.2'];

describe('loading a machine that is not this one', () => {
  it('asks, and sends nothing when the answer is not yes', async () => {
    for (const answer of ['', 'n', 'no way', 'yesterday']) {
      await expect(load([elsewhere(), ...short], answer)).rejects.toMatchObject({
        reason: 'target-refused',
        message: `0.0.0.0:${String(server.port)} is not this machine, and it was not confirmed; nothing was sent.`,
      });
    }
    expect((await server.truth()).sockets).toBe(0);
  });

  it('goes ahead when the answer is yes', async () => {
    const { stdout, stderr } = await load([elsewhere(), ...short], 'y');
    expect(stderr).toContain('is not this machine. Load it? [y/N]');
    expect(stdout).toContain('Closed loop from this machine: 2 connections for 0.2');
    expect((await server.truth()).received).toBeGreaterThan(0);
  });

  it('does not ask with --yes, nor for this machine', async () => {
    const { stderr } = await load([elsewhere(), ...short, '--yes'], undefined);
    expect(stderr).not.toContain('[y/N]');
    expect((await load([server.url('/ok?delay=5'), ...short], undefined)).stderr).not.toContain('[y/N]');
  });

  it('is cancelled by Ctrl-C at the question', async () => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 100);
    await expect(load([elsewhere(), ...short], undefined, controller.signal)).rejects.toMatchObject({
      reason: 'cancelled',
    });
    expect((await server.truth()).sockets).toBe(0);
  });
});

it('has measured nothing when Ctrl-C comes while the first answer is waited for', async () => {
  const controller = new AbortController();
  const running = load([server.url('/hang'), ...short], undefined, controller.signal);
  await expect.poll(async () => (await server.truth()).received).toBe(1);
  controller.abort();
  const { stdout } = await running;
  expect(stdout).toMatch(/^CANCELLED\. /);
  expect(stdout).toContain('0 sent, 0 ok');
  expect((await server.truth()).received).toBe(1);
});
