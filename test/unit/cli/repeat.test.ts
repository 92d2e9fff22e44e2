import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Chosen } from '../../../src/cli/choices.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { runRecordSchema, type RunRecord } from '../../../src/core/record.ts';
import { deployedPlan } from '../../../src/core/repeat.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { root } from './bundle.ts';
import { runCommand, type RunEnded } from './runCommand.ts';

const tinyModel = join(root, 'media/models/tiny-sentiment');

let folder: string;
let runs: string;
let record: RunRecord;
let path: string;
let planned: Plan | undefined;

/** Writes down the plan that it is to carry out. */
class Watched extends ScriptedTarget {
  override preflight(...parts: Parameters<ScriptedTarget['preflight']>): ReturnType<ScriptedTarget['preflight']> {
    [planned] = parts;
    return super.preflight(...parts);
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-repeat-'));
  runs = join(folder, 'runs');
  const options = ['--namespace', 'team-a', '--topologies', 'triton', '--seed', '7', '--memory', '4096'];
  const { stdout } = await runCommand([...options, '--out', runs, '--json'], new ScriptedTarget());
  record = runRecordSchema.parse(JSON.parse(stdout));
  path = join(runs, `${record.id}.json`);
});
beforeEach(() => {
  planned = undefined;
});
afterEach(() => {
  process.exitCode = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function repeat(...options: readonly string[]): Promise<RunEnded> {
  return runCommand(['--out', runs, ...options], new Watched());
}

/** The record with a change, as a file of its own. */
async function changed(change: (record: RunRecord) => RunRecord): Promise<string> {
  const file = join(folder, 'changed.json');
  await writeFile(file, JSON.stringify(change(record)));
  return file;
}

describe('run --repeat', () => {
  it('carries out the same plan, by id and by file, and its record names the one it repeats', async () => {
    const byId = await repeat('--repeat', record.id, '--json');
    const again = runRecordSchema.parse(JSON.parse(byId.stdout));
    expect(byId.code).toBe(0);
    expect(planned).toEqual(record.plan);
    expect(again).toMatchObject({ plan: record.plan, planSha256: record.planSha256, repeats: record.id });
    expect(again.id).not.toBe(record.id);
    expect(record.repeats).toBeNull();
    expect(byId.stderr).toContain(`Plan: of run ${record.id}\n`);
    expect(byId.stderr).toContain(`Run ${record.id} and its repeat now\n`);
    const byPath = await repeat('--repeat', path, '--report', join(folder, 'report.html'));
    expect(byPath.code).toBe(0);
    expect(byPath.stdout).toMatch(/^Topology +Level +p50 ms +now +ratio +p95 ms +now +ratio +RPS +now +ratio$/m);
    expect(byPath.stdout).toMatch(/^triton +c8 +1\.00 +1\.00 +1\.00 +2\.00 +2\.00 +1\.00 +1000 +1000 +1\.00$/m);
    const report = await readFile(join(folder, 'report.html'), 'utf8');
    expect(report.match(new RegExp(`"id":"${record.id}"`, 'g'))).toHaveLength(1);
    expect(report).toContain(`"repeats":"${record.id}"`);
  });

  it('runs images by the digest they had', async () => {
    const image = deployedPlan(record).images.triton;
    const pinned = `nvcr.io/nvidia/tritonserver@sha256:${'ab'.repeat(32)}`;
    const file = await changed((one) => ({
      ...one,
      topologies: one.topologies.map((result) => ({
        ...result,
        placements: [
          {
            component: 'triton',
            node: 'n',
            gpuProduct: null,
            image,
            imageDigest: pinned.slice(-71),
            pinnedImage: pinned,
          },
        ],
      })),
    }));
    await repeat('--repeat', file);
    expect(planned?.images).toEqual({ ...deployedPlan(record).images, triton: pinned });
  });

  it('takes a record of the first version', async () => {
    const old = join(root, 'test/unit/runs/record-v1.json');
    const { code, stderr } = await repeat('--repeat', old);
    const { plan } = JSON.parse(await readFile(old, 'utf8')) as { plan: object };
    expect(planned).toMatchObject(plan);
    // What it did not say yet is as it was then.
    expect(planned?.load).toMatchObject({ search: null, repetitions: 1, generators: 1 });
    expect(code).toBe(0);
    // Each of its phases had the same arrivals and order of texts, which the repeat draws anew.
    expect(stderr.match(/^Warning: .*$/gm)).toEqual([
      expect.stringMatching(/sent its texts in the same order, .*; the repeat draws both anew for each\.$/),
    ]);
  });

  it('may be elsewhere on a cluster, and compared by a stricter bound', async () => {
    const { code, stdout } = await repeat(
      '--repeat',
      record.id,
      '--namespace',
      'team-b',
      '--create-namespace',
      '--max-regression',
      '0%',
    );
    expect(planned?.target).toEqual({ kind: 'kubernetes', namespace: 'team-b', createNamespace: true });
    expect(code).toBe(0);
    expect(stdout).toContain('Checks: 6 of 6 passed\n');
  });

  it('takes the model where it is named, or where the plan file says, if it is the very same', async () => {
    const moved = join(folder, 'moved');
    await cp(tinyModel, moved, { recursive: true });
    expect((await repeat('--repeat', record.id, '--model', moved)).code).toBe(0);
    await writeFile(join(folder, 'plan.yaml'), 'version: 1\nmodel: ./moved\n');
    expect((await repeat('--repeat', record.id, join(folder, 'plan.yaml'))).code).toBe(0);
  });

  describe('in a folder with a topology-bench.yaml', () => {
    const here = process.cwd();
    let elsewhere: string;

    beforeEach(async () => {
      elsewhere = await mkdtemp(join(tmpdir(), 'topology-bench-here-'));
      process.chdir(elsewhere);
    });
    afterEach(async () => {
      process.chdir(here);
      await rm(elsewhere, { recursive: true, force: true });
    });

    it('takes no plan from it, but where the model lies and which cluster it is', async () => {
      await cp(tinyModel, join(elsewhere, 'mine'), { recursive: true });
      await writeFile('topology-bench.yaml', 'version: 1\nmodel: ./mine\ncontext: there\nseed: 99\n');
      const chosen: Chosen[] = [];
      const { code, stderr } = await runCommand(
        ['--out', runs, '--repeat', record.id],
        new Watched(),
        undefined,
        undefined,
        { chosen: (what) => chosen.push(what) },
      );
      expect(code).toBe(0);
      expect(planned).toEqual(record.plan);
      expect(chosen[0]?.kubeContext).toBe('there');
      expect(Object.values(chosen[0]?.modelPaths ?? {})[0]).toContain(join(elsewhere, 'mine'));
      expect(stderr).toContain(`Plan: of run ${record.id}\n`);
      expect(stderr).toContain('From topology-bench.yaml: where the model is looked for and the kube context\n');
      expect(stderr).not.toContain('Plan: topology-bench.yaml');
    });

    it('is not stopped by one that is no valid plan, and stopped by such a one that is named', async () => {
      await writeFile('topology-bench.yaml', 'version: 1\ncores: many\n');
      const { code, stderr } = await repeat('--repeat', record.id);
      expect(code).toBe(0);
      expect(planned).toEqual(record.plan);
      expect(stderr).toContain('Warning: topology-bench.yaml is not looked at for the model or the kube context.');
      expect(stderr).toContain('cores: must be a number');
      const named = await repeat('--repeat', record.id, '--model', tinyModel, '--context', 'there');
      expect(named.stderr).not.toContain('topology-bench.yaml');
      await expect(repeat('--repeat', record.id, 'topology-bench.yaml')).rejects.toThrow(/cores: must be a number/);
    });
  });

  it('refuses another model, and names the file and both hashes', async () => {
    const other = join(folder, 'other');
    await cp(tinyModel, other, { recursive: true });
    const text = await readFile(join(other, 'tokenizer.json'), 'utf8');
    await writeFile(join(other, 'tokenizer.json'), `${text} `);
    const wanted = deployedPlan(record).model.files.find(({ name }) => name === 'tokenizer.json')?.sha256 ?? '';
    const attempt = repeat('--repeat', record.id, '--model', other);
    await expect(attempt).rejects.toMatchObject({
      reason: 'plan-invalid',
      message: expect.stringMatching(
        new RegExp(`${join(other, 'tokenizer.json')} \\(tokenizer.json\\) has SHA-256 [0-9a-f]{64}, and had ${wanted}`),
      ) as string,
    });
    await expect(repeat('--repeat', record.id, '--model', join(folder, 'none'))).rejects.toMatchObject({
      reason: 'model-not-found',
    });
    expect(planned).toBeUndefined();
  });

  it('says where it looked when it finds the model nowhere', async () => {
    const file = await changed((one) => ({
      ...one,
      plan: {
        ...deployedPlan(one),
        model: {
          ...deployedPlan(one).model,
          files: deployedPlan(one).model.files.map((entry) => ({ ...entry, sha256: '0'.repeat(64) })),
        },
      },
    }));
    await expect(repeat('--repeat', file)).rejects.toThrow(
      /was not found\. Looked in\n.*tiny-sentiment: .*model\.onnx\) has SHA-256 [0-9a-f]{64}, and had 0{64}/,
    );
  });

  it('refuses other texts than were sent then', async () => {
    const file = await changed((one) => ({
      ...one,
      plan: {
        ...deployedPlan(one),
        load: { ...deployedPlan(one).load, payload: { ...one.plan.load.payload, sha256: '1'.repeat(64) } },
      },
    }));
    await expect(repeat('--repeat', file)).rejects.toThrow(
      /had SHA-256 1{64}, and "clinical-sentences" has [0-9a-f]{64}/,
    );
    expect(planned).toBeUndefined();
  });

  it('says that the config was changed since, and runs the settings of then', async () => {
    const file = await changed((one) => ({
      ...one,
      modelConfig: { format: 'config.json', sha256: '2'.repeat(64), settingsSha256: null },
    }));
    const { stderr } = await repeat('--repeat', file);
    expect(stderr).toContain(
      `Warning: The config.json has changed since run ${record.id}; the repeat takes the settings of then.\n`,
    );
  });

  it.each([
    [['--profile', 'standard'], '--profile would change it'],
    [['--topologies', 'fastapi', '--cores', '1', '--gpu'], '--topologies, --cores and --gpu would change it'],
    [['--seed', '7'], '--seed would change it'],
    [
      ['--repetitions', '3', '--generators', '2', '--slo-p95', '50'],
      '--repetitions, --generators and --slo-p95 would change it',
    ],
    [['--vantage', 'this-machine', '--triton-image', 'x'], '--vantage and --triton-image would change it'],
    [['--local'], 'and --local contradict each other: run '],
  ])('refuses %j, and names both', async (options, message) => {
    await expect(repeat('--repeat', record.id, ...options)).rejects.toMatchObject({
      reason: 'plan-invalid',
      message: expect.stringMatching(new RegExp(`^--repeat .*${message}`)) as string,
    });
    expect(planned).toBeUndefined();
  });

  it('refuses a cluster for what ran on this machine', async () => {
    const old = join(root, 'test/unit/runs/record-v1.json');
    await expect(repeat('--repeat', old, '--context', 'prod', '--namespace', 'a')).rejects.toThrow(
      /^--repeat and --context and --namespace contradict each other: run .* was on this machine/,
    );
    expect((await repeat('--repeat', old, '--local')).code).toBe(0);
  });

  it('refuses what is no record', async () => {
    await expect(repeat('--repeat', folder)).rejects.toThrow(/is a folder/);
    await expect(repeat('--repeat', join(folder, 'none.json'))).rejects.toThrow(/there is no file/);
    await writeFile(join(folder, 'newer.json'), '{"version":9}');
    await expect(repeat('--repeat', join(folder, 'newer.json'))).rejects.toMatchObject({
      reason: 'record-unreadable',
      nextStep: expect.stringContaining('Update Topology Bench') as string,
    });
  });
});
