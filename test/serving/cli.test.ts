import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nameLoad } from '../../src/core/phaseLoad.ts';
import { defaultCacheDirectory } from '../../src/assets/cacheDirectory.ts';
import { runRecordSchema } from '../../src/core/record.ts';
import { thisMachine } from '../../src/engine/host.ts';
import { prepareLocal } from '../../src/local/prepare.ts';
import { parseXml } from '../support/xml.ts';
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

test('a run once more: the same plan, bounds, and files for CI, whose verdicts are the exit code', async () => {
  const first = await cli([...local, '--json'], options());
  const record = runRecordSchema.parse(JSON.parse(first.stdout));
  expect(record.repeats).toBeNull();
  expect(record.modelConfig).toMatchObject({ format: 'config.json' });
  expect(record.software.servingSha256).toBe(await assets.servingSha256('cpu'));
  expect(record.environment.machines).toEqual([thisMachine()]);
  const withoutHistograms = JSON.stringify(record, (key, value: unknown) => (key === 'histogram' ? '' : value));
  expect(withoutHistograms).not.toMatch(/\/(root|home|tmp)\b/);

  const files = ['--junit', 'junit.xml', '--markdown', 'run.md', '--report', 'report.html'];
  const bounds = ['--slo', 'errors<=0', '--slo', '@8:p95<1us', '--max-regression', '1000%'];
  const second = await cli(['run', '--repeat', record.id, ...files, ...bounds], options());
  expect(second.code).toBe(1);
  expect(second.stdout).toContain(`Run ${record.id} and its repeat now\n`);
  const names = (await readdir(join(folder, '.topology-bench', 'runs')))
    .filter((name) => name.endsWith('.json'))
    .sort();
  expect(names).toHaveLength(2);
  const path = join(folder, '.topology-bench', 'runs', names[1] ?? '');
  const again = runRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  expect(again).toMatchObject({ repeats: record.id, plan: record.plan, planSha256: record.planSha256 });

  const junit = await parseXml(await readFile(join(folder, 'junit.xml'), 'utf8'));
  expect(junit.children.map(({ attributes }) => attributes['name'])).toEqual(['fastapi']);
  const cases = junit.children[0]?.children ?? [];
  // Three levels, a bound on each of them, one on one of them, and p95 and RPS of each beside the run before.
  expect(cases).toHaveLength(3 + 3 + 1 + 6);
  const broken = cases.find(({ attributes }) => attributes['name'] === 'c8 @8:p95<1us');
  expect(broken?.children.map(({ name }) => name)).toContain('failure');
  const markdown = await readFile(join(folder, 'run.md'), 'utf8');
  for (const text of [again.id, '**Checks: ', `**Run ${record.id} and its repeat now**`])
    expect(markdown).toContain(text);
  expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain(record.id);

  const c1 = again.topologies[0]?.phases.find(({ name }) => name === 'c1');
  // A level may hold a few errors and be valid.
  const good = c1?.validity.valid === true && c1.measurement.requests.errors === 0;
  const kept = cases.find(({ attributes }) => attributes['name'] === 'c1 errors<=0');
  expect(kept?.children.some(({ name }) => name === 'failure')).toBe(!good);
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
