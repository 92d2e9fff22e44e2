import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nameLoad } from '../../src/core/phaseLoad.ts';
import { defaultCacheDirectory } from '../../src/assets/cacheDirectory.ts';
import { runRecordSchema } from '../../src/core/record.ts';
import { prepareLocal } from '../../src/local/prepare.ts';
import { cli, cliBundle, signalGroup, startCli, startProgram, type Started } from '../unit/cli/bundle.ts';
import { assets, never } from './support.ts';

/** The shipped command line with servers on this machine: however it is stopped, it cleans up and says how it ended. */

let cache: string;
let folder: string;

beforeAll(async () => {
  await prepareLocal({ assets, triton: false, status: () => undefined }, never);
  // The environments as they are, and a folder for runs that no other run on this machine shares.
  cache = await mkdtemp(join(tmpdir(), 'topology-bench-cache-'));
  const made = defaultCacheDirectory();
  for (const name of await readdir(made)) {
    if (!name.startsWith('local-')) await symlink(join(made, name), join(cache, name));
  }
  await mkdir(join(cache, 'local-runs'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-cli-'));
});
afterEach(async () => {
  expect(await processes()).toEqual([]);
  expect(await readdir(join(cache, 'local-runs'))).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const local = ['run', '--local', '--topologies', 'fastapi', '--cores', '1'];
const options = (): { cwd: string; env: Record<string, string> } => ({
  cwd: folder,
  env: { TOPOLOGY_BENCH_CACHE: cache },
});

/** Of the runs of these tests, by their environment. */
async function processes(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    if (`\0${environment}`.includes(`\0TOPOLOGY_BENCH_RUN_DIRECTORY=${cache}`)) found.push(name);
  }
  return found;
}

async function underLoad(started: Started): Promise<void> {
  await started.said('fastapi: warming up');
  await sleep(1000);
  expect((await processes()).length).toBeGreaterThan(0);
}

test('a run to its end: its record, its report, and an exit code that says whether the numbers hold', async () => {
  const report = join(folder, 'report.html');
  const { code, stdout, stderr } = await cli([...local, '--json', '--report', report], options());
  const record = runRecordSchema.parse(JSON.parse(stdout));
  expect(record).toMatchObject({ status: 'completed', failure: null });
  const measured = record.topologies.flatMap(({ phases }) => phases.filter(({ kind }) => kind === 'measured'));
  expect(measured.map((phase) => nameLoad(phase).short)).toEqual(['1', '8', '32']);
  for (const { split, measurement } of measured) expect(split?.totalMs).toBe(measurement.latency.meanMs);
  expect(code).toBe(measured.every(({ validity }) => validity.valid) ? 0 : 1);
  const path = join(folder, '.topology-bench', 'runs', `${record.id}.json`);
  expect(stderr).toContain(`Record: ${path}\n`);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(record);
  expect(await readFile(report, 'utf8')).toContain(record.id);
});

describe('stopped under load, it leaves nothing', () => {
  test('by Ctrl-C: 130', async () => {
    const started = startCli(local, options());
    await underLoad(started);
    signalGroup(started, 'SIGINT');
    const { code, stdout, stderr } = await started.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('Stopping\n');
    expect(stderr).toMatch(/^topology-bench: Cancelled /m);
  });

  test('by Ctrl-C that ends the reader of its output first, as in "| tee log"', async () => {
    const line = `{ "$CLI" ${local.join(' ')} 2>&1; echo $? > code; } | tee log`;
    // The shell and its subshell outlive the interrupt, so that the code can be looked at.
    const started = startProgram('bash', ['-c', `trap : INT; ${line.replace('{', '{ trap : INT;')}`], {
      ...options(),
      env: { ...options().env, CLI: cliBundle },
    });
    await underLoad(started);
    signalGroup(started, 'SIGINT');
    await started.ended;
    expect(await readFile(join(folder, 'code'), 'utf8')).toBe('130\n');
    expect(await readFile(join(folder, 'log'), 'utf8')).toContain('warming up');
  });

  test('by the closing of its terminal', async () => {
    // Python has the terminals that Node lacks. It closes its end of one when it is told to, and waits for the program.
    const terminal = `
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while 0 not in select.select([fd, 0], [], [])[0]:
    try:
        os.write(1, os.read(fd, 65536))
    except OSError:
        break
os.close(fd)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xff)
`;
    const child = spawn('python3', ['-c', terminal, cliBundle, ...local], {
      ...options(),
      env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`, ...options().env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    while (!shown.includes('warm-up')) {
      if (child.exitCode !== null) throw new Error(`It ended too early:\n${shown}`);
      await sleep(100);
    }
    child.stdin.end();
    expect(await ended).toBe(130);
  });
});
