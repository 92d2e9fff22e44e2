import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { runCommand } from '../../../src/local/command.ts';
import { identityOf, isAlive } from '../../../src/local/processIdentity.ts';
import { findPython } from '../../../src/local/python.ts';
import { makeRunDirectory, removeLeftovers, runDirectoryVariable } from '../../../src/local/runDirectory.ts';
import { keepLog, logTail } from '../../../src/local/serverLog.ts';
import { ServerProcess } from '../../../src/local/serverProcess.ts';
import { startStopwatch } from '../../support/stopwatch.ts';

/** Real processes: shells that stand for servers. */

const never = new AbortController().signal;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-processes-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function start(script: string, environment: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const { executable } = await findPython(never);
  return await ServerProcess.start({
    name: 'server',
    python: executable,
    command: ['/bin/sh', '-c', script],
    environment: { PATH: process.env['PATH'] ?? '', ...environment },
    directory: folder,
    cpus: null,
  });
}

async function contentOf(name: string): Promise<string> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const path = join(folder, name);
    const text = existsSync(path) ? await readFile(path, 'utf8') : '';
    if (text.endsWith('\n')) return text.trim();
    await sleep(50);
  }
  throw new Error(`${name} was never written`);
}

function exists(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

describe('a server', () => {
  test('ends with all that it started, also with what ignores being told', async () => {
    const server = await start(`
      trap '' TERM
      sh -c 'trap "" TERM; echo $$ > stubborn; while :; do sleep 0.1; done' &
      sleep 1000 & echo $! > child
      echo $$ > own
      while :; do sleep 0.1; done`);
    const pids = await Promise.all(['stubborn', 'child', 'own'].map(contentOf));
    expect(pids.every(exists)).toBe(true);
    const sinceTold = startStopwatch();
    await server.stop();
    expect(sinceTold()).toBeLessThan(9000);
    expect(pids.some(exists)).toBe(false);
    await server.stop();
  });

  test('gets its time to end in its own order', async () => {
    const server = await start(
      `trap 'sleep 0.3; echo orderly > end; exit 0' TERM; echo up > up; while :; do sleep 0.05; done`,
    );
    await contentOf('up');
    await server.stop();
    expect(await contentOf('end')).toBe('orderly');
    expect(server.exitCode).toBe(0);
    expect(server.died).toBe(false);
  });

  test('that is told to end and has to be killed for it has not died', async () => {
    const server = await start('echo up > up; while :; do sleep 0.05; done');
    await contentOf('up');
    const { pid } = JSON.parse(await readFile(join(folder, 'server.pid'), 'utf8')) as { pid: number };
    // It hears no word any more.
    process.kill(pid, 'SIGSTOP');
    const stopped = server.stop();
    process.kill(-pid, 'SIGKILL');
    await stopped;
    await server.whenEnded;
    expect(server.exitCode).toBe(137);
    expect(server.died).toBe(false);
  });

  test('that ends by itself says with which code, and takes its children along', async () => {
    const server = await start('sleep 1000 & echo $! > child; echo "no such model" >&2; exit 7');
    const child = await contentOf('child');
    await server.whenEnded;
    expect(server.exitCode).toBe(7);
    expect(exists(child)).toBe(false);
    await server.stop();
    expect(server.died).toBe(true);
    expect(await logTail(server.logPath)).toBe('no such model');
  });

  test('that is killed counts as ended by a signal', async () => {
    const server = await start('kill -9 $$');
    await server.whenEnded;
    expect(server.exitCode).toBe(128 + 9);
    await server.stop();
    expect(server.died).toBe(true);
  });

  test('that does not exist is an end, not a crash', async () => {
    const { executable } = await findPython(never);
    const server = await ServerProcess.start({
      name: 'nothing',
      python: executable,
      command: [join(folder, 'nothing')],
      environment: {},
      directory: folder,
      cpus: null,
    });
    await server.whenEnded;
    expect(server.exitCode).toBe(127);
    expect(await logTail(server.logPath)).toContain('No such file');
    await server.stop();
  });

  test('runs on the CPUs that it is given', async () => {
    const { executable } = await findPython(never);
    const server = await ServerProcess.start({
      name: 'pinned',
      python: executable,
      command: [executable, '-c', 'import os; print(len(os.sched_getaffinity(0)), flush=True)'],
      environment: {},
      directory: folder,
      cpus: { first: 0, count: 1 },
    });
    await server.whenEnded;
    expect(await logTail(server.logPath)).toBe('1');
  });
});

test('a server whose process id cannot be written down does not go on by itself', async () => {
  // A folder in its place stands for a disk that is full.
  await mkdir(join(folder, 'server.pid'));
  await expect(start('echo $$ > began; sleep 600')).rejects.toMatchObject({ code: 'EISDIR' });
  if (existsSync(join(folder, 'began'))) expect(exists(await contentOf('began'))).toBe(false);
});

describe('leftovers', () => {
  test('of a run whose process is gone are ended and removed; those of a live one are not', async () => {
    const runs = join(folder, 'runs');
    const mine = await makeRunDirectory(runs);
    const theirs = join(runs, 'run-aBc123');
    await mkdir(theirs);
    await writeFile(join(theirs, 'owner.json'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    await writeFile(join('/dev/shm', 'topology_bench_aBc123_region'), 'x');
    const orphan = spawn('sleep', ['1000'], {
      env: { ...process.env, [runDirectoryVariable]: theirs },
      stdio: 'ignore',
    });
    const own = spawn('sleep', ['1000'], {
      env: { ...process.env, [runDirectoryVariable]: mine.path },
      stdio: 'ignore',
    });
    const ended = once(orphan, 'exit');
    expect(await removeLeftovers(runs)).toBe(1);
    await ended;
    expect(orphan.signalCode).toBe('SIGKILL');
    expect(own.signalCode).toBeNull();
    expect(existsSync(theirs)).toBe(false);
    expect(existsSync('/dev/shm/topology_bench_aBc123_region')).toBe(false);
    expect(existsSync(mine.path)).toBe(true);
    own.kill();
    await mine.remove();
    expect(existsSync(mine.path)).toBe(false);
    expect(await removeLeftovers(runs)).toBe(0);
  });

  test('a process is known by when it started, not by its number alone', async () => {
    const identity = await identityOf(process.pid);
    expect(identity?.startedAt).toMatch(/^\d+$/);
    expect(await isAlive({ pid: process.pid, startedAt: identity?.startedAt ?? '' })).toBe(true);
    expect(await isAlive({ pid: process.pid, startedAt: '1' })).toBe(false);
    expect(await identityOf(2 ** 22 + 1)).toBeUndefined();
  });
});

describe('logs', () => {
  test('the last lines, without tables, the errors before them, and without the name of the home folder', async () => {
    const path = join(folder, 'triton.log');
    const noise = Array.from({ length: 30 }, (_, index) => `I1122 line ${String(index)}`);
    await writeFile(
      path,
      [
        'E1122 17:00:00.1 "failed to load"',
        '| table |',
        '+------+',
        ...noise,
        `error in ${process.env['HOME'] ?? ''}/models`,
        '',
      ].join('\n'),
    );
    const lines = (await logTail(path)).split('\n');
    expect(lines[0]).toBe('E1122 17:00:00.1 "failed to load"');
    expect(lines.at(-1)).toBe('error in ~/models');
    expect(lines).toHaveLength(13);
    expect(await logTail(join(folder, 'none'))).toBe('');
  });

  test('of servers that failed the last twenty are kept', async () => {
    await writeFile(join(folder, 'server.log'), 'last words');
    for (let index = 0; index < 25; index += 1) {
      await keepLog(join(folder, 'server.log'), folder, `17953684${String(index).padStart(2, '0')}-server`);
    }
    expect(existsSync(join(folder, 'local-logs', '1795368404-server.log'))).toBe(false);
    expect(existsSync(join(folder, 'local-logs', '1795368405-server.log'))).toBe(true);
  });
});

describe('a command', () => {
  test('that fails says its last words and what to do', async () => {
    const failed: unknown = await runCommand(
      'installing',
      ['/bin/sh', '-c', 'echo one; echo two >&2; exit 3'],
      () => undefined,
      never,
      'Try again.',
    ).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(BenchError);
    expect(failed).toMatchObject({
      reason: 'set-up-failed',
      message: 'Failed while installing: one / two',
      nextStep: 'Try again.',
    });
  });

  test('that does not exist is a missing tool, which is another thing than one that fails', async () => {
    const missing = runCommand('looking', ['/nowhere/at-all'], () => undefined, never);
    await expect(missing).rejects.toMatchObject({ reason: 'tool-missing' });
  });

  test('is ended by a cancel, and so is what it started', async () => {
    const controller = new AbortController();
    const script = `sleep 1000 & echo $! > ${join(folder, 'child')}; wait`;
    const outcome = runCommand('waiting', ['/bin/sh', '-c', script], () => undefined, controller.signal).catch(
      (error: unknown) => error,
    );
    const child = await contentOf('child');
    controller.abort();
    expect(await outcome).toMatchObject({ reason: 'cancelled' });
    await expect.poll(() => exists(child)).toBe(false);
  });
});
