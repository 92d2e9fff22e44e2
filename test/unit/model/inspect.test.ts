import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { exitCodeOfFailure } from '../../../src/cli/failure.ts';
import { registerInspect } from '../../../src/cli/inspect.ts';

let folder: string;
const root = join(import.meta.dirname, '..', '..', '..');

/** A whole model, beside which a test puts its own config. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-inspect-'));
  for (const name of ['config.json', 'model.onnx', 'tokenizer.json'])
    await copyFile(join(root, 'media/models/tiny-sentiment', name), join(folder, name));
});

afterEach(async () => {
  process.exitCode = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function inspect(name: string, text: string, ...more: string[]): Promise<{ out: string; code: unknown }> {
  const file = join(folder, name);
  await writeFile(file, text);
  const stdout = new PassThrough();
  const program = new Command().exitOverride();
  const context = { stdout, root, version: '0.0.0', signal: new AbortController().signal };
  registerInspect(program, context as unknown as CliContext);
  await program.parseAsync(['inspect', file, ...more], { from: 'user' });
  const code = process.exitCode;
  return { out: String(stdout.read()).replaceAll(folder, '.'), code };
}

const good = `name: "tiny" backend: "python" max_batch_size: 8
input { name: "text" data_type: TYPE_STRING dims: 1 }
output { name: "logits" data_type: TYPE_FP32 dims: 2 }
dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 }
instance_group { count: 2 kind: KIND_CPU }
`;

test('a Triton config', async () => {
  expect(await inspect('config.pbtxt', good)).toEqual({
    code: 0,
    out: `./config.pbtxt: Triton model config
name: tiny
task: text classification
backend: python
max batch size: 8
dynamic batching: on, delay 100 us, preferred sizes 4, 8
instances: 2 (cpu)
labels: 2, without names
No problems.
./config.pbtxt:4:20: hint: Triton cuts batches to the preferred sizes: of 7 texts that wait it runs 4 first, although \
all would fit, which costs throughput. Leave "preferred_batch_size" out, as Triton's documentation advises for all but \
TensorRT models with several optimization profiles: then a batch takes all that waits. See https://docs.nvidia.com/\
deeplearning/triton-inference-server/user-guide/docs/user_guide/batcher.html#preferred-batch-sizes
`,
  });
});

test('its errors, as an editor can jump to them', async () => {
  const { out, code } = await inspect('config.pbtxt', good.replace('dims: 1', 'dims: "1"'));
  expect(code).toBe(1);
  expect(out).toContain('./config.pbtxt:2:51: error: "dims" takes a whole number.\n');
});

test('a number that cannot be read is said to be none', async () => {
  const { out, code } = await inspect('config.pbtxt', good.replace('8', 'many').replace('count: 2', 'count: some'));
  expect(code).toBe(1);
  expect(out).toContain('\nmax batch size: (not understood)\n');
  expect(out).toContain('\ninstances: (not understood) (cpu)\n');
  expect(out).not.toMatch(/max_batch_size, \d/u);
  expect((await inspect('config.pbtxt', good.replace('8', ''))).out).toContain('max batch size: (not understood)');
  const absent = good.replace(/max_batch_size: 8|dynamic_batching .*/gu, '');
  expect((await inspect('config.pbtxt', absent)).out).toContain('\nmax batch size: 0\n');
});

test('an unknown field, with the one that was meant', async () => {
  const { out, code } = await inspect(
    'config.pbtxt',
    good.replace('backend: "python"', 'platfrom: "onnxruntime_onnx"'),
  );
  expect(code).toBe(0);
  expect(out).toContain(
    './config.pbtxt:1:14: warning: ModelConfig has no field "platfrom". Did you mean "platform"? Triton refuses a config with a field that it does not know, and only a newer one may know it.\n',
  );
});

test('as JSON, with offsets', async () => {
  const text = `${good}oops: 1\n`;
  const { out, code } = await inspect('config.pbtxt', text, '--json');
  const parsed = JSON.parse(out) as {
    kind: string;
    model: { name: string };
    problems: { start: number; end: number; line: number; column: number }[];
  };
  expect(code).toBe(0);
  expect(parsed.kind).toBe('triton');
  expect(parsed.model.name).toBe('tiny');
  expect(parsed.problems).toMatchObject([{ severity: 'warning', line: 6, column: 1 }]);
  expect(text.slice(parsed.problems[0]?.start, parsed.problems[0]?.end)).toBe('oops');
});

test('hints as JSON, with the edits that do away with them', async () => {
  const text = good.replace(/^dynamic.*\n/mu, '');
  const { out, code } = await inspect('config.pbtxt', text, '--json');
  const { hints } = JSON.parse(out) as { hints: readonly unknown[] };
  expect(code).toBe(0);
  expect(hints).toMatchObject([
    {
      code: 'dynamic-batching-off',
      severity: 'information',
      line: 1,
      column: 32,
      fixes: [{ isPreferred: true, edits: [{ length: 0, text: ' dynamic_batching { }' }] }],
    },
  ]);
});

describe('what a run would refuse', () => {
  const without = (name: string): Promise<void> => rm(join(folder, name));
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n';

  test('a model of another kind, with what is supported', async () => {
    const { out, code } = await inspect('config.json', '{"architectures":["BertForMaskedLM"],"model_type":"bert"}');
    expect(code).toBe(0);
    expect(out).toBe(`./config.json: Hugging Face model config
name: (its folder's)
task: not supported
./config.json: warning: a run would refuse it. The model of ./config.json cannot be benchmarked, because its architecture is \
BertForMaskedLM rather than one that ends in ForSequenceClassification. Text classifiers with an ONNX model are supported so far.
`);
  });

  test('a model without its ONNX file', async () => {
    await without('model.onnx');
    const { out, code } = await inspect('config.pbtxt', good);
    expect(code).toBe(0);
    expect(out).toMatch(/warning: a run would refuse it\. .*model\.onnx/);
    expect(out).not.toContain('No problems.');
  });

  test('a model without its tokenizer, unless that is elsewhere', async () => {
    await without('tokenizer.json');
    const { out, code } = await inspect('config.pbtxt', good);
    expect(code).toBe(0);
    expect(out).toContain('warning: a run would refuse it. The model has no tokenizer.json. Looked in ');
    const elsewhere = join(root, 'media/models/tiny-sentiment');
    expect(await inspect('config.pbtxt', good, '--tokenizer', elsewhere)).toMatchObject({ code: 0 });
  });

  test('what Git LFS has not downloaded: the model, or the config itself', async () => {
    await writeFile(join(folder, 'model.onnx'), pointer);
    const model = await inspect('config.pbtxt', good, '--json');
    expect(model.code).toBe(0);
    expect(JSON.parse(model.out)).toMatchObject({
      kind: 'triton',
      refusal: expect.stringMatching(/model\.onnx is a Git LFS pointer, .*Run "git lfs pull/) as string,
    });
    expect(await inspect('config.json', pointer)).toEqual({
      code: 2,
      out: `./config.json: error: a run would refuse it. ./config.json is a Git LFS pointer, not the file itself: it was not \
downloaded. Run "git lfs pull --include 'config.json'" in ..
`,
    });
  });

  test('and what it would take otherwise than the config says', async () => {
    const { out, code } = await inspect('config.pbtxt', good.replace('max_batch_size: 8', 'max_batch_size: 4096'));
    expect(code).toBe(0);
    expect(out).toContain('./config.pbtxt: warning: max_batch_size is 4096; the run takes 1024.\n');
    expect(out).not.toContain('No problems.');
  });

  test('a plan whose model is not there, or whose fields do not fit each other', async () => {
    const missing = await inspect('topology-bench.yaml', 'version: 1\nmodel: models/tiny\n');
    expect(missing.code).toBe(0);
    expect(missing.out).toContain(
      'warning: a run would refuse it. There is no model at ./models/tiny: no such file or folder.',
    );
    const { out, code } = await inspect('topology-bench.yaml', 'version: 1\nmodel: .\ncores: 1\n');
    expect(code).toBe(1);
    expect(out).toContain('error: a run would refuse it. The hybrid needs at least 2 cores');
    const unnamed = await inspect('topology-bench.yaml', 'version: 1\n');
    expect(unnamed.code).toBe(1);
    expect(unnamed.out).toContain(
      './topology-bench.yaml: error: a run would refuse it. The plan file names no model. Name its folder',
    );
  });
});

test('a plan file', async () => {
  expect(await inspect('topology-bench.yaml', 'version: 1\nmodel: .\n')).toEqual({
    code: 0,
    out: './topology-bench.yaml: plan of Topology Bench\nNo problems.\n',
  });
  expect(await inspect('endpoint.yaml', 'version: 1\ntarget: endpoint\nprofile: quick\n')).toMatchObject({ code: 0 });
  const { out, code } = await inspect('topology-bench.yaml', 'version: 1\nmodel: m\ncores: many\n');
  expect(code).toBe(1);
  expect(out).toContain('topology-bench.yaml:3:');
});

test('neither', async () => {
  const { out, code } = await inspect('config.json', '{"port": 80}', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ kind: null, model: null, problems: [] });
  const error: unknown = await inspect('config.json', '{"port": 80}').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: 'The file is neither a model config nor a plan file.',
    nextStep: expect.stringContaining('Give a config.pbtxt') as string,
    where: { file: join(folder, 'config.json') },
  });
  expect(exitCodeOfFailure(error)).toBe(2);
});

test('a file that cannot be read', async () => {
  const program = new Command().exitOverride();
  registerInspect(program, { stdout: new PassThrough() } as unknown as CliContext);
  const error: unknown = await program
    .parseAsync(['inspect', join(folder, 'none')], { from: 'user' })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: 'The file cannot be read: there is no such file.',
    nextStep: 'Check its path.',
  });
});
