import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { runRecordSchema, type RunRecord } from '../../../src/core/record.ts';
import { topologyKey } from '../../../src/core/topologyKey.ts';
import { twoRepetitionsText } from '../../../src/core/twoRepetitions.ts';
import { cachedConfigTexts, readConfigText } from '../../../src/runs/configTexts.ts';
import { parseRecord } from '../../../src/runs/store.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { root } from './bundle.ts';
import { runCommand, type RunEnded } from './runCommand.ts';

/** What `run` makes of a run's end; the target follows a script, all else is the command as it ships. */

let folder: string;
let temporary: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-run-'));
  temporary = await mkdtemp(join(tmpdir(), 'topology-bench-elsewhere-'));
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  await rm(folder, { recursive: true, force: true });
  await rm(temporary, { recursive: true, force: true });
});

function run(
  options: readonly string[],
  target = new ScriptedTarget(),
  signal = new AbortController().signal,
): Promise<RunEnded> {
  return runCommand(['--namespace', 'team-a', '--topologies', 'fastapi', ...options], target, signal);
}

const crash = (): ScriptedTarget =>
  new ScriptedTarget({
    'deploy fastapi': new BenchError({
      reason: 'pod-failed',
      message: 'It crashed.',
      nextStep: 'Give it more memory.',
    }),
  });

function recordOf(text: string): RunRecord {
  return runRecordSchema.parse(JSON.parse(text));
}

describe('a plan file', () => {
  it.each([
    [['--profile', 'paper'], ['fastapi', 'triton (no-batching)', 'triton', 'hybrid'], true],
    [['--profile', 'quick'], ['fastapi'], false],
  ])('with topologies, and %j: %j', async (options, topologies, warns) => {
    const plan = join(folder, 'plan.yaml');
    const model = JSON.stringify(join(root, 'media/models/tiny-sentiment'));
    await writeFile(plan, `version: 1\nmodel: ${model}\ntopologies: [fastapi]\nnamespace: team-a\n`);
    const target = new ScriptedTarget();
    const { stdout, stderr } = await runCommand([plan, '--out', folder, '--json', ...options], target);
    expect(recordOf(stdout).plan.topologies.map(topologyKey)).toEqual(topologies);
    const warning = `Warning: The topologies of ${plan} are not used: the profile "paper" names its own.\n`;
    expect(stderr.includes(warning)).toBe(warns);
  });
});

it('takes the model that comes along where the plan file says so', async () => {
  const plan = join(folder, 'plan.yaml');
  await writeFile(plan, 'version: 1\nmodel: built-in\n');
  const { stdout } = await run([plan, '--out', folder, '--json']);
  expect(recordOf(stdout).plan).toMatchObject({ model: { name: 'tiny-sentiment' } });
});

it('says before the start how long it will take, and of a run with GPUs how many GPU-minutes', async () => {
  const { stderr } = await run(['--out', folder, '--json']);
  expect(stderr).toMatch(/^Expected: 1 topology × \d+ s of load, about \d+ s\n[^]*^Run /mu);
  const onGpu = Object.assign(new ScriptedTarget(), { provider: 'CUDAExecutionProvider' });
  const price = ['--gpu-hour-price', '3.60', '--currency', 'EUR', '--repetitions', '3'];
  expect((await run(['--gpu', '--out', folder, ...price], onGpu)).stderr).toMatch(
    /^Expected: 1 topology × 3 repetitions × \d+ s of load, about \d+ min and about \d+ GPU-minutes \(0\.\d+ EUR at 3\.60 EUR a GPU-hour\)\n/mu,
  );
});

describe('exit code 1 of numbers that are not valid', () => {
  const failing = (): ScriptedTarget => Object.assign(new ScriptedTarget(), { timeouts: 500 });

  it('is explained in one line', async () => {
    const { code, stderr } = await run(['--out', folder], failing());
    expect(code).toBe(1);
    expect(stderr).toContain(
      '\nExit code 1: 3 of 3 measurements are not valid, and a script must not take the numbers for good ones; the table says why.\n',
    );
    expect((await run(['--out', folder, '--json'], failing())).stderr).toContain('; the record says why.\n');
  });

  it('is not spoken of where the numbers are good, where something failed, or where checks say what has to be good', async () => {
    expect((await run(['--out', folder])).stderr).not.toContain('Exit code');
    expect((await run(['--out', folder], crash())).stderr).not.toContain('Exit code');
    expect((await run(['--out', folder, '--slo', 'errors<1%'], failing())).stderr).not.toContain('Exit code');
  });
});

describe("the text of a run's model config", () => {
  it('is kept where VS Code finds it, and in no record', async () => {
    vi.stubEnv('TOPOLOGY_BENCH_CACHE', join(folder, 'cache'));
    const { stdout } = await run(['--out', folder, '--json']);
    const hash = recordOf(stdout).modelConfig?.sha256 ?? '';
    expect(await readConfigText([cachedConfigTexts()], hash)).toContain('"id2label"');
    expect(cachedConfigTexts()).toBe(join(folder, 'cache', 'config-texts'));
    expect(stdout).not.toContain('id2label');
  });

  it('that cannot be kept keeps no run from being measured', async () => {
    vi.stubEnv('TOPOLOGY_BENCH_CACHE', join(folder, 'cache'));
    await mkdir(join(folder, 'cache'));
    await writeFile(cachedConfigTexts(), '');
    const { code, stderr } = await run(['--out', folder]);
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: The model config's text could not be kept in ");
  });
});

describe('a record that its folder does not take', () => {
  let blocked: string;
  beforeEach(async () => {
    blocked = join(folder, 'taken');
    await writeFile(blocked, '');
  });

  it('goes whole into a file of the temporary folder that only its user may read, and is named', async () => {
    const { code, stdout, stderr } = await run(['--out', blocked]);
    expect(code).toBe(1);
    expect(stdout).toContain('fastapi');
    const [name = ''] = await readdir(temporary);
    const path = join(temporary, name);
    expect(stderr).toContain(`Record: ${path} (to be moved: ${blocked} did not take it)\n`);
    expect(stderr).toContain('Warning: The record was not saved: ');
    expect(stderr).not.toContain('window');
    const record = parseRecord(path, await readFile(path, 'utf8'));
    expect(record.topologies[0]?.phases.length).toBeGreaterThan(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is on standard output alone where no folder takes it', async () => {
    vi.stubEnv('TMPDIR', join(blocked, 'none'));
    const { code, stdout, stderr } = await run(['--out', blocked, '--json']);
    expect(code).toBe(1);
    expect(recordOf(stdout).status).toBe('completed');
    expect(stderr).toMatch(/Warning: The run record could not be written to .* What is left .* standard output\.\n/);
    const table = await run(['--out', blocked]);
    expect(table.stderr).toContain('What is left of the record is the table');
    expect(table.stdout).toContain('fastapi');
  });
});

describe('a run in which nothing was measured', () => {
  it('prints, saves and reports its record all the same, and says why once', async () => {
    const report = join(folder, 'report.html');
    const { code, stdout, stderr } = await run(['--out', join(folder, 'runs'), '--json', '--report', report], crash());
    expect(code).toBe(1);
    const record = recordOf(stdout);
    expect(record).toMatchObject({ status: 'failed', failure: { reason: 'pod-failed', message: 'It crashed.' } });
    const path = join(folder, 'runs', `${record.id}.json`);
    expect(parseRecord(path, await readFile(path, 'utf8'))).toEqual(record);
    expect(stderr).toContain(`Record: ${path}\n`);
    expect(stderr).toContain(`Report: ${report}\n`);
    expect(await readFile(report, 'utf8')).toContain('It crashed.');
    expect(stderr.match(/It crashed\./g)).toHaveLength(1);
    expect(stderr).toContain('\ntopology-bench: Nothing was measured. Give it more memory.\n');
    expect(await readdir(temporary)).toEqual([]);
  });

  it('is not taken for wrong input, whatever the reason: something was started', async () => {
    const refused = new BenchError({ reason: 'plan-invalid', message: 'The worker does not take it.' });
    const { code } = await run(['--out', folder], new ScriptedTarget({ 'deploy fastapi': refused }));
    expect(code).toBe(1);
  });

  it('has no record when it did not get past its checks', async () => {
    const forbidden = new BenchError({ reason: 'forbidden', message: 'You may not.' });
    const attempt = run(['--out', folder, '--json'], new ScriptedTarget({ preflight: forbidden }));
    await expect(attempt).rejects.toMatchObject({ reason: 'forbidden' });
    expect(await readdir(folder)).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe('a run that is stopped', () => {
  it('keeps what was measured, says that it stops, and ends with 130', async () => {
    const controller = new AbortController();
    const target = new ScriptedTarget();
    const deploy = target.deploy.bind(target);
    target.deploy = async (plan, topology, progress, signal) => {
      if (topology.name === 'triton') controller.abort();
      return await deploy(plan, topology, progress, signal);
    };
    const options = ['--topologies', 'fastapi,triton', '--out', folder, '--json'];
    const { code, stdout, stderr } = await run(options, target, controller.signal);
    expect(code).toBe(130);
    const record = recordOf(stdout);
    expect(record.status).toBe('cancelled');
    expect(record.topologies.map(({ status }) => status)).toEqual(['completed', 'cancelled']);
    expect(stderr).toContain('Stopping\n');
    expect(stderr).toContain('Record: ');
  });

  it('before anything was measured has nothing to print', async () => {
    const attempt = run(['--out', folder, '--json'], new ScriptedTarget(), AbortSignal.abort());
    await expect(attempt).rejects.toMatchObject({ reason: 'cancelled' });
  });
});

it('a report that cannot be written takes nothing from the record, but is no success', async () => {
  const { code, stdout, stderr } = await run(['--out', join(folder, 'runs'), '--json', '--report', folder]);
  expect(code).toBe(1);
  expect(recordOf(stdout).status).toBe('completed');
  expect(stderr).toContain('Record: ');
  expect(stderr).toContain(`topology-bench: The report could not be written to ${folder}: `);
});

it('something that is left on the cluster is no success', async () => {
  const left = new BenchError({ reason: 'clean-up-incomplete', message: 'Job x is still there.' });
  const { code, stderr } = await run(['--out', join(folder, 'runs')], new ScriptedTarget({ close: left }));
  expect(code).toBe(1);
  expect(stderr).toContain('Warning: Job x is still there.');
});

it('two repetitions are warned of before the run, and stand beside its result with what they are worth', async () => {
  const { stdout, stderr } = await run(['--repetitions', '2', '--out', folder]);
  expect(stderr).toMatch(/^Warning: With two repetitions a 95% interval reaches 12\.7 standard errors[^]*^Run /mu);
  expect(stdout.replace(/\s+/g, ' ')).toContain(`- ${twoRepetitionsText}`);
});

describe('a price of a GPU-hour', () => {
  const onGpu = (): ScriptedTarget => Object.assign(new ScriptedTarget(), { provider: 'CUDAExecutionProvider' });
  const price = ['--gpu-hour-price', '3.60', '--currency', 'EUR'];

  it('is shown beside p95 in table, Markdown and report, and is in no record', async () => {
    const [markdown, report] = [join(folder, 'out.md'), join(folder, 'out.html')];
    const options = ['--gpu', '--out', join(folder, 'runs'), '--markdown', markdown, '--report', report, ...price];
    const { stdout, stderr } = await run(options, onGpu());
    expect(stderr).not.toContain('not used');
    // 1,000 a second on one GPU are 3.6 million an hour.
    expect(stdout).toMatch(/Topology +Conn\. +p95 ms +Req\/GPU-h +EUR\/1M req\n/);
    expect(stdout).toMatch(/fastapi +8 +2\.00 +3600k +1\.00\n/);
    expect(stdout.replace(/\s+/g, ' ')).toContain('at 3.60 EUR a GPU-hour, if the GPU is this busy all the time.');
    expect(await readFile(markdown, 'utf8')).toMatch(/\| Req\/GPU-h \| EUR\/1M req \|/);
    expect(await readFile(report, 'utf8')).toContain('id="gpu-price">{"perGpuHour":3.6,"currency":"EUR"}<');
    const [name = ''] = await readdir(join(folder, 'runs'));
    expect(await readFile(join(folder, 'runs', name), 'utf8')).not.toContain('EUR');
  });

  it('is not needed for the requests of a GPU-hour', async () => {
    const { stdout } = await run(['--gpu', '--out', folder], onGpu());
    expect(stdout).toMatch(/fastapi +8 +2\.00 +3600k\n/);
    expect(stdout).not.toContain('1M req');
  });

  it('is warned of where there is no GPU that it is of', async () => {
    const { stdout, stderr } = await run(['--out', folder, ...price]);
    expect(stderr).toContain('Warning: --gpu-hour-price is not used: the run holds no GPU.\n');
    expect(stdout).not.toContain('EUR');
  });

  it('has no figure, but the reason, where the CPU computed', async () => {
    const { stdout } = await run(['--gpu', '--allow-cpu-provider', '--out', folder, ...price]);
    expect(stdout).toContain('No cost of fastapi: a GPU was held, but the CPU computed.');
    expect(stdout).not.toContain('EUR');
  });

  it.each([
    [['--gpu-hour-price', 'free'], 'is a number such as 2.50, not "free".'],
    [['--gpu-hour-price', '-1'], 'not "-1".'],
    [['--gpu-hour-price', '0'], 'from 0.0001 to 10000000, not 0.'],
    [['--gpu-hour-price', 'NaN'], 'not "NaN".'],
    [['--gpu-hour-price', '99999999'], 'not 99999999.'],
    [['--gpu-hour-price', '2', '--currency', 'so much'], 'A currency is up to eight letters or a sign'],
    [
      ['--gpu-hour-price', '2 EUR', '--currency', 'USD'],
      '--gpu-hour-price names EUR and --currency USD; give one of them.',
    ],
    [['--currency', 'EUR'], '--currency needs a --gpu-hour-price'],
  ])('%j is wrong input, and nothing is started', async (options, message) => {
    const target = onGpu();
    await expect(run(['--gpu', '--out', folder, ...options], target)).rejects.toMatchObject({
      reason: 'plan-invalid',
      message: expect.stringContaining(message) as string,
    });
    expect(target.calls).toEqual([]);
  });
});
