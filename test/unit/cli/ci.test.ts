import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { createLatencyHistogram, encodeHistogram, latencyOf, recordLatency } from '../../../src/core/histogram.ts';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { Deployment, Target } from '../../../src/core/ports.ts';
import { runRecordSchema } from '../../../src/core/record.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import { encodeWindows } from '../../../src/core/windows.ts';
import { createWindowRecorder } from '../../../src/load/windowRecorder.ts';
import { normal } from '../../support/phaseSimulation.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { parseXml, type Element } from '../../support/xml.ts';
import { runCommand, type RunEnded } from './runCommand.ts';

/** Bounds, baselines, and the files for CI; the target follows a script, all else is the command as it ships. */

let folder: string;
let runs: string;
/** Run whose numbers are all good, and one that is not valid at 32 connections. */
let good: string;
let doubtful: string;

beforeAll(async () => {
  runs = await mkdtemp(join(tmpdir(), 'topology-bench-ci-runs-'));
  good = await recordOf(target());
  doubtful = await recordOf(target(late));
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-ci-'));
});
afterEach(async () => {
  process.exitCode = undefined;
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => rm(runs, { recursive: true, force: true }));

type Change = (phase: string, measurement: PhaseMeasurement) => PhaseMeasurement;

/** Every topology answers 1000 requests a second with a p95 of 2 ms, but for what the change makes of it. */
function target(change: Change = (_phase, measurement) => measurement): Target {
  const scripted = new ScriptedTarget();
  return {
    preflight: (...parts) => scripted.preflight(...parts),
    close: (signal) => scripted.close(signal),
    async deploy(...parts) {
      const deployment = await scripted.deploy(...parts);
      let name = '';
      const load: Deployment['load'] = (request, handlers, signal) =>
        deployment.load(
          request,
          {
            ...handlers,
            nextPhase: async (index) => {
              const phase = await handlers.nextPhase(index);
              name = phase?.name ?? '';
              return phase;
            },
            phaseEnded: (phase, measurement) => handlers.phaseEnded(phase, change(name, measurement)),
          },
          signal,
        );
      return { ...deployment, load };
    },
  };
}

const late: Change = (phase, measurement) =>
  phase === 'c32' ? { ...measurement, generator: { ...measurement.generator, eventLoopDelayP99Ms: 50 } } : measurement;

const slower: Change = (phase, measurement) =>
  phase === 'c8' ? { ...measurement, rps: 800, latency: { ...measurement.latency, p95Ms: 2.5 } } : measurement;

/** Latencies around a median, spread by a log-normal, in windows of time, from which intervals can be made. */
function inWindows(medianMs: number): Change {
  return (_phase, measurement) => {
    const random = seededRandom(3);
    const recorder = createWindowRecorder(5);
    const histogram = createLatencyHistogram();
    for (let at = 0; at < 1000; at += 1) {
      const latencyMs = medianMs * Math.exp(0.1 * normal(random));
      recorder.succeeded(at * 5, latencyMs);
      recordLatency(histogram, latencyMs);
    }
    const windows = encodeWindows(recorder.finish(5000));
    return { ...measurement, windows, latency: latencyOf(histogram), histogram: encodeHistogram(histogram) };
  };
}

const files = (): string[] => [
  '--junit',
  join(folder, 'out', 'junit.xml'),
  '--markdown',
  join(folder, 'out', 'run.md'),
];

function run(options: readonly string[], of: Target = target()): Promise<RunEnded> {
  return runCommand(['--namespace', 'team-a', '--topologies', 'fastapi,triton', '--out', runs, ...options], of);
}

/** @returns the id of its record */
async function recordOf(of: Target): Promise<string> {
  const { stdout } = await run(['--json'], of);
  return runRecordSchema.parse(JSON.parse(stdout)).id;
}

describe('bounds', () => {
  it('that are kept end with 0, those that are broken with 1, and each is told with its number', async () => {
    const kept = await run(['--slo', 'p95<3ms', '--slo', 'triton@8:rps>=1000', '--slo', 'errors<=0']);
    expect(kept.code).toBe(0);
    expect(kept.stdout).toContain('Checks: 13 of 13 passed\n');
    const broken = await run(['--slo', 'p95<3ms', '--slo', 'triton@8:p95<1.5ms']);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain('Checks: 6 of 7 passed\n');
    expect(broken.stdout).toMatch(/^FAILED +triton +c8 +triton@8:p95<1\.5ms +p95 is 2\.000 ms$/m);
    expect(broken.stdout).not.toContain('\u001b');
    expect(broken.stderr).not.toContain('\u001b');
  });

  it('that are given twice are checked once, however they are written', async () => {
    const { stdout } = await run(['--slo', 'p95<3ms', '--slo', ' p95 < 3ms', '--slo', 'p95<3ms', '--slo', 'p95<=3ms']);
    expect(stdout).toContain('Checks: 12 of 12 passed\n');
  });

  it('are told on standard error where standard output is the record', async () => {
    const { code, stdout, stderr } = await run(['--json', '--slo', 'p95<1ms']);
    expect(code).toBe(1);
    expect(runRecordSchema.parse(JSON.parse(stdout)).status).toBe('completed');
    expect(stderr).toContain('Checks: 0 of 6 passed\n');
  });

  it('need valid numbers where they hold, and nowhere else', async () => {
    expect((await run([], target(late))).code).toBe(1);
    expect((await run(['--slo', '@8:p95<3ms'], target(late))).code).toBe(0);
    const { code, stdout } = await run(['--slo', 'triton:p95<3ms'], target(late));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NO NUMBER +triton +c32 +triton:p95<3ms +not valid: the load generator was late/m);
  });

  it('do not make a failed run a good one', async () => {
    const crash = new BenchError({ reason: 'pod-failed', message: 'It crashed.' });
    const { code, stdout } = await run(
      ['--slo', 'fastapi:p95<3ms', '--slo', 'triton:p95<3ms'],
      new ScriptedTarget({ 'deploy triton': crash }),
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ok +fastapi/m);
    expect(stdout).toMatch(/^NO NUMBER +triton +c1 +triton:p95<3ms +the topology failed: It crashed$/m);
  });

  it.each([
    [['--slo', 'p95<50'], '--slo "p95<50" is no bound: p95 needs a unit: ms, s or us.'],
    [['--slo', 'hybrid:p95<50ms'], 'bounds nothing of the plan, which measures fastapi and triton at c1, c8 and c32.'],
    [['--slo', '@2:p95<50ms'], '--slo "@2:p95<50ms" bounds nothing'],
    [['--slo', 'rate>=200'], 'at c1, c8 and c32, and searches for no rate (the profile "server" does).'],
    [
      ['--profile', 'server', '--slo', '@8:p95<50ms'],
      'measures fastapi and triton at confirmation (at the highest rate found, which "rate" bounds).',
    ],
    [['--profile', 'ladder', '--slo', '@3:p95<50ms'], 'at c1, c2, c4, c8, c16, c32, c64, c128 and c256.'],
    [['--max-regression', '10%'], '--max-regression needs a run to compare with.'],
    [['--strict-baseline'], '--strict-baseline needs a run to compare with.'],
    [['--baseline', 'nowhere.json'], 'there is no file nowhere.json'],
    [['--baseline', '20260101-000000-0000'], '20260101-000000-0000 is neither a file nor a run in '],
    [['--json', '--markdown', '-'], '--json and --markdown - would both fill standard output.'],
    [['--junit', '-'], '--junit takes a file, not standard output.'],
  ])('%j is wrong before anything starts', async (options, message) => {
    const scripted = new ScriptedTarget();
    const attempt = run(options, scripted);
    await expect(attempt).rejects.toMatchObject({
      reason: 'plan-invalid',
      message: expect.stringContaining(message) as string,
    });
    expect(scripted.calls).toEqual([]);
  });
});

describe('a baseline', () => {
  it('by id or by file passes against the same numbers, and both runs stand side by side', async () => {
    const byId = await run(['--baseline', good]);
    expect(byId.code).toBe(0);
    expect(byId.stdout).toContain('Checks: 12 of 12 passed\n');
    expect(byId.stdout).toContain(`Run ${good}, the baseline, and this one now\n`);
    expect(byId.stdout).toMatch(/^triton +c8 +1\.00 +1\.00 +1\.00 +2\.00 +2\.00 +1\.00 +1000 +1000 +1\.00$/m);
    expect((await run(['--baseline', join(runs, `${good}.json`)])).code).toBe(0);
  });

  it('fails a run that is worse by more than is allowed, by default 10%', async () => {
    const steady = await recordOf(target(inWindows(10)));
    const worse: Change = (phase, measurement) => inWindows(phase === 'c8' ? 12.5 : 10)(phase, measurement);
    const { code, stdout } = await run(['--baseline', steady], target(worse));
    expect(code).toBe(1);
    expect(stdout).toContain('Checks: 10 of 12 passed\n');
    expect(stdout).toMatch(
      /^FAILED +triton +c8 +p95 against run .*, 1\.2\d\d times as much \(95% interval 1\.\d+ to 1\.\d+\); the limit is 1\.100$/m,
    );
    expect((await run(['--baseline', steady, '--max-regression', '30%'], target(worse))).code).toBe(0);
    expect((await run(['--baseline', steady, '--max-regression', '15%'], target(worse))).code).toBe(1);
  });

  it('fails no run by the bare ratio of two phases, unless the baseline is to be strict', async () => {
    const { code, stdout } = await run(['--baseline', good], target(slower));
    expect(code).toBe(0);
    expect(stdout).toContain('Checks: 8 of 12 passed; 4 not shown: a regression is neither shown nor ruled out\n');
    expect(stdout).toMatch(
      /^NOT SHOWN +triton +c8 +p95 against run .*2\.00 ms to 2\.50 ms, 1\.250 times as much \(no 95% interval is known\); the limit is 1\.100$/m,
    );
    expect((await run(['--baseline', good, '--strict-baseline'], target(slower))).code).toBe(1);
    expect((await run(['--baseline', good, '--max-regression', '25%', '--strict-baseline'], target(slower))).code).toBe(
      0,
    );
  });

  it('says of what chance may have done that it is not shown: no failure, unless the baseline is to be strict', async () => {
    const steady = await recordOf(target(inWindows(10)));
    const noisy = target(inWindows(10.2));
    const { code, stdout } = await run(['--baseline', steady, '--max-regression', '1%', ...files()], noisy);
    expect(stdout).toMatch(
      /^NOT SHOWN +triton +c8 +p95 against run .* times as much \(95% interval .*\); the limit is 1\.010$/m,
    );
    expect(stdout).toMatch(/^Checks: \d+ of 12 passed; \d+ not shown: a regression is neither shown nor ruled out$/m);
    expect(stdout).not.toMatch(/^(FAILED|NO NUMBER)/m);
    expect(code).toBe(0);
    expect(await readFile(join(folder, 'out', 'run.md'), 'utf8')).toMatch(
      /\| not shown \| triton \| c8 \| p95 against/,
    );
    const cases = (await parseXml(await readFile(join(folder, 'out', 'junit.xml'), 'utf8'))).children.flatMap(
      ({ children }) => children,
    );
    const [skipped] = cases.find(({ attributes }) => attributes['name']?.startsWith('c8 p95'))?.children ?? [];
    expect(skipped?.name).toBe('skipped');
    expect(skipped?.attributes['message']).toMatch(/^neither shown nor ruled out: p95 went from/);

    const strict = await run(['--baseline', steady, '--max-regression', '1%', '--strict-baseline', ...files()], noisy);
    expect(strict.code).toBe(1);
    expect(strict.stdout).toMatch(
      /^FAILED +triton +c8 +p95 .* not shown, and --strict-baseline asks for more: p95 went/m,
    );
    // What is shown to be kept is kept, however strict.
    expect((await run(['--baseline', steady, '--strict-baseline'], target(inWindows(10)))).code).toBe(0);
  });

  it('that is not valid somewhere is warned of, and fails there', async () => {
    const { code, stdout, stderr } = await run(['--baseline', doubtful]);
    expect(code).toBe(1);
    expect(stderr).toContain(`Warning: The baseline ${doubtful} has no valid numbers for fastapi@c32 and triton@c32,`);
    expect(stdout).toMatch(
      new RegExp(`^NO NUMBER +triton +c32 +rps against .* run ${doubtful} is not valid there`, 'm'),
    );
  });

  it('of something else is wrong before anything starts', async () => {
    const scripted = new ScriptedTarget();
    await expect(run(['--baseline', good, '--vantage', 'this-machine'], scripted)).rejects.toThrow(
      /cannot be compared with the baseline .*: the load comes from inside the cluster in one and this machine in the other/,
    );
    await expect(run(['--baseline', good, '--topologies', 'hybrid'], scripted)).rejects.toThrow(
      /no topology and level in common/,
    );
    for (const share of ['10', '-1%', 'ten%', '1e2%', '%']) {
      await expect(run(['--baseline', good, '--max-regression', share], scripted)).rejects.toThrow(
        /takes a share such as 10%/,
      );
    }
    await writeFile(join(folder, 'cut.json'), '{"version":1,');
    await expect(run(['--baseline', join(folder, 'cut.json')], scripted)).rejects.toMatchObject({
      reason: 'record-unreadable',
      message: expect.stringContaining(join(folder, 'cut.json')) as string,
    });
    expect(scripted.calls).toEqual([]);
  });
});

/** A server that fails a tenth of its requests at rates above this. */
const upTo =
  (most: number): Change =>
  (phase, measurement) => {
    const rate = Number(/^(?:trial|sustained) ([\d.]+)\/s$/.exec(phase)?.[1] ?? 0);
    if (rate === 0) return measurement;
    if (rate <= most) return { ...measurement, rps: rate };
    const requests = { sent: 1004, ok: 900, errors: 100, timeouts: 0, inFlight: 4 };
    return { ...measurement, rps: rate * 0.9, requests, errorsByKind: { 'HTTP 500': 100 } };
  };

/** The same, and its answers at a rate that it bears come as by a Poisson process, from which intervals can be made. */
const poissonUpTo =
  (most: number): Change =>
  (phase, measurement) => {
    const changed = upTo(most)(phase, measurement);
    if (changed.requests.errors > 0 || !/^(?:trial|sustained) /.test(phase)) return changed;
    const random = seededRandom(5);
    const recorder = createWindowRecorder(5);
    const gapMs = (): number => (-Math.log(1 - random()) * 1000) / changed.rps;
    for (let atMs = gapMs(); atMs < 5000; atMs += gapMs()) recorder.succeeded(atMs, 2);
    return { ...changed, windows: encodeWindows(recorder.finish(5000)) };
  };

describe('a search for the highest rate', () => {
  const search = (options: readonly string[], most: number, server = upTo): Promise<RunEnded> =>
    run(['--profile', 'server', ...options], target(server(most)));

  it('is bounded by the rate that it found, and by the phase that confirmed it', async () => {
    const kept = await search(['--slo', 'rate>=500', '--slo', 'p95<5ms'], 600);
    expect(kept.stdout).toContain('Checks: 4 of 4 passed\n');
    expect(kept.stdout).toMatch(
      /^ok +triton +confirmation +rate>=500 +rate is 596\.0\/s \(the next rate missed the bound; not confidently: no 95% interval of p95 lies wholly under the bound\)$/m,
    );
    expect(kept.stdout).toMatch(/^ok +triton +confirmation +p95<5ms +p95 is 2\.000 ms$/m);
    expect(kept.code).toBe(0);
    const junit = join(folder, 'junit.xml');
    const broken = await search(['--slo', 'triton@confirmation:rate>=600', '--junit', junit], 600);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^FAILED +triton +confirmation +triton@confirmation:rate>=600 +rate is 596\.0\/s/m);
    const suites = (await parseXml(await readFile(junit, 'utf8'))).children;
    expect(suites.map(({ children }) => children.map(({ attributes }) => attributes['name']))).toEqual([
      ['confirmation'],
      ['confirmation', 'confirmation triton@confirmation:rate>=600'],
    ]);
  });

  it('is a success when it found a rate, whatever its trials missed, and none when it did not', async () => {
    expect((await search([], 600)).code).toBe(0);
    expect((await search([], 0)).code).toBe(1);
    const { code, stdout } = await search(['--slo', 'rate>=1'], 0);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NO NUMBER +triton +confirmation +rate>=1 +no rate was found: no rate kept the bound$/m);
  });

  it('is compared with an earlier one by its rate, and with none that had another bound', async () => {
    const earlier = runRecordSchema.parse(JSON.parse((await search(['--json'], 600, poissonUpTo)).stdout)).id;
    const same = await search(['--baseline', earlier], 600, poissonUpTo);
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('Checks: 2 of 2 passed\n');
    const lower = await search(['--baseline', earlier], 400, poissonUpTo);
    expect(lower.code).toBe(1);
    expect(lower.stdout).toContain('Checks: 0 of 2 passed\n');
    expect(lower.stdout).toMatch(/^FAILED +triton +confirmation +rps against run .*; the limit is 0\.900$/m);
    await expect(search(['--baseline', earlier, '--slo-p95', '50'], 600)).rejects.toThrow(
      /the bound of p95 that rates are searched for is 100 ms in one and 50 ms in the other/,
    );
    await expect(search(['--baseline', good], 600)).rejects.toThrow(
      /no topology and level in common: the baseline has fastapi@c1, .*, and the plan fastapi@confirmation and triton@confirmation\./,
    );
  });
});

describe('a ladder', () => {
  /** It ends at eight connections, where the load generator was late. */
  const climb = (options: readonly string[]): Promise<RunEnded> => {
    const lateAt8: Change = (phase, measurement) => late(phase === 'c8' ? 'c32' : phase, measurement);
    return run(['--profile', 'ladder', ...options], target(lateAt8));
  };

  it('is bounded at its levels by their connections, and where nothing else is said at those it came to', async () => {
    expect((await climb(['--slo', '@4:rps>=1000'])).code).toBe(0);
    const beyond = await climb(['--slo', 'triton@16:p95<3ms']);
    expect(beyond.code).toBe(1);
    expect(beyond.stdout).toMatch(/^NO NUMBER +triton +c16 +triton@16:p95<3ms +the ladder ended before it$/m);
    const { stdout } = await climb(['--slo', 'triton:p95<3ms']);
    expect(stdout).toContain('Checks: 3 of 4 passed\n');
    expect(stdout).toMatch(/^NO NUMBER +triton +c8 +triton:p95<3ms +not valid: the load generator was late/m);
  });

  it('is compared with an earlier one at the levels that this one could believe', async () => {
    const earlier = runRecordSchema.parse(JSON.parse((await climb(['--json'])).stdout)).id;
    const { code, stdout, stderr } = await climb(['--baseline', earlier]);
    expect(code).toBe(0);
    expect(stdout).toContain('Checks: 12 of 12 passed\n');
    expect(stderr).not.toContain('Warning');
  });
});

describe('files for CI', () => {
  const junit = async (): Promise<Element> => await parseXml(await readFile(join(folder, 'out', 'junit.xml'), 'utf8'));
  const markdown = (): Promise<string> => readFile(join(folder, 'out', 'run.md'), 'utf8');

  it('are written whole, name what failed, and leave nothing else', async () => {
    const { code, stderr } = await run([...files(), '--slo', '@8:p95<1ms']);
    expect(code).toBe(1);
    expect((await junit()).attributes).toMatchObject({ tests: '8', failures: '2', errors: '0' });
    expect(await markdown()).toContain('**Checks: 0 of 2 passed**');
    expect(await markdown()).toContain('| failed | triton | c8 | @8:p95\\<1ms | p95 is 2.000 ms |');
    expect((await readdir(join(folder, 'out'))).sort()).toEqual(['junit.xml', 'run.md']);
    expect(stderr).toContain(`JUnit: ${join(folder, 'out', 'junit.xml')}\n`);
    expect(stderr).toContain(`Markdown: ${join(folder, 'out', 'run.md')}\n`);
  });

  it('are there when the run failed, and when it never began', async () => {
    const crash = new BenchError({ reason: 'pod-failed', message: 'It crashed at <main>.' });
    expect((await run(files(), new ScriptedTarget({ 'deploy triton': crash }))).code).toBe(1);
    const failed = await junit();
    expect(failed.attributes).toMatchObject({ tests: '6', errors: '3', failures: '0' });
    expect(await markdown()).toContain('triton failed: It crashed at \\<main\\>.');
    const forbidden = new BenchError({
      reason: 'forbidden',
      message: 'You may not at https://192.0.2.1:6443 yet.',
      nextStep: 'Ask at https://192.0.2.1:6443',
    });
    await expect(run(files(), new ScriptedTarget({ preflight: forbidden }))).rejects.toMatchObject({
      reason: 'forbidden',
    });
    const none = await junit();
    expect(none.children[0]?.children[0]?.children[0]).toMatchObject({
      name: 'error',
      attributes: { type: 'forbidden', message: 'You may not at (address) yet. Ask at (address).' },
    });
    expect(await markdown()).toBe('**You may not at (address) yet. Ask at (address).**\n');
  });

  it('say what was left behind', async () => {
    const left = new BenchError({ reason: 'clean-up-incomplete', message: 'Job x is still there.' });
    expect((await run(files(), new ScriptedTarget({ close: left }))).code).toBe(1);
    expect((await junit()).children[0]?.attributes).toMatchObject({ name: 'run', errors: '1' });
  });

  it('that cannot be written cost no other, but are no success', async () => {
    await mkdir(join(folder, 'out', 'junit.xml'), { recursive: true });
    const { code, stderr } = await run(files());
    expect(code).toBe(1);
    expect(stderr).toContain(
      `topology-bench: The JUnit file could not be written to ${join(folder, 'out', 'junit.xml')}: `,
    );
    expect(await markdown()).toContain('| triton |');
    expect((await readdir(join(folder, 'out'))).sort()).toEqual(['junit.xml', 'run.md']);
  });

  it('Markdown can be what is printed, in place of the table', async () => {
    const { code, stdout } = await run(['--markdown', '-', '--slo', 'p95<3ms']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\*\*/);
    expect(stdout).toContain('**Checks: 6 of 6 passed**');
    expect(stdout).not.toMatch(/^Caveats$/m);
  });
});
