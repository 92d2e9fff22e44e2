import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BenchError, explain } from '../../../src/core/errors.ts';
import { modelSchema } from '../../../src/core/plan.ts';
import {
  findModelTokenizer,
  resolveModel,
  type ModelRequest,
  type ResolvedModel,
} from '../../../src/models/resolve.ts';

const tiny = join(import.meta.dirname, '../../../media/models/tiny-sentiment');
const never = new AbortController().signal;
/** Enough of an ONNX file for what is looked at: the version field, and whatever else a test wants in it. */
const onnxStart = Buffer.from([0x08, 0x08]);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-model-'));
  process.env['TOPOLOGY_BENCH_CACHE'] = join(folder, 'cache');
});

afterEach(async () => {
  delete process.env['TOPOLOGY_BENCH_CACHE'];
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

function resolve(path: string, more: Partial<ModelRequest> = {}, signal = never): Promise<ResolvedModel> {
  return resolveModel({ path: join(folder, path), ...more }, signal);
}

async function failure(action: Promise<unknown>): Promise<BenchError> {
  const outcome: unknown = await action.catch((error: unknown) => error);
  if (!(outcome instanceof BenchError)) throw new Error(`expected a BenchError, got ${String(outcome)}`);
  return outcome;
}

const tokenizer = JSON.stringify({
  model: { type: 'WordPiece', vocab: { '[PAD]': 3 } },
  added_tokens: [{ id: 3, content: '[PAD]' }],
});
const config = JSON.stringify({
  architectures: ['BertForSequenceClassification'],
  model_type: 'bert',
  id2label: { 0: 'bad', 1: 'good' },
  max_position_embeddings: 256,
});
const pbtxt = (more = ''): string => `name: "my model"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }, { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 300 }
instance_group [ { kind: KIND_CPU count: 3 } ]
${more}`;

describe('the built-in model', () => {
  test('is complete, and its hashes are those of its files', async () => {
    const { model, modelPaths, triton, warnings } = await resolveModel({ path: tiny }, never);
    expect(modelSchema.parse(model)).toEqual(model);
    expect(model).toMatchObject({
      name: 'tiny-sentiment',
      labels: ['NEGATIVE', 'POSITIVE'],
      maxBatchSize: 32,
      maxLength: 512,
      paddingBuckets: [16, 32, 64, 128, 256, 512],
      precision: 'int8',
    });
    expect(model.files.map((file) => file.name)).toEqual(['model.onnx', 'tokenizer.json', 'config.json']);
    for (const file of model.files) {
      const bytes = await readFile(modelPaths[file.name] ?? '');
      expect(file.sizeBytes).toBe(bytes.length);
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    expect(triton).toBeNull();
    expect(warnings).toEqual([]);
  });

  test('is known by the hash of its config', async () => {
    const { config } = await resolveModel({ path: tiny }, never);
    const bytes = await readFile(join(tiny, 'config.json'));
    expect(config).toMatchObject({ format: 'config.json', sha256: createHash('sha256').update(bytes).digest('hex') });
  });

  test('by its config.json and by its ONNX file it is the same', async () => {
    const whole = await resolveModel({ path: tiny }, never);
    expect(await resolveModel({ path: join(tiny, 'config.json') }, never)).toEqual(whole);
    expect(await resolveModel({ path: join(tiny, 'model.onnx') }, never)).toEqual(whole);
  });
});

describe('a Triton model', () => {
  test('settings as they stand; the highest version by number; files beside and above', async () => {
    await write({
      'repo/m/config.pbtxt': pbtxt(),
      'repo/m/1/model.onnx': onnxStart,
      'repo/m/9/model.onnx': Buffer.concat([onnxStart, Buffer.from('nine')]),
      'repo/m/10/model.onnx': Buffer.concat([onnxStart, Buffer.from('ten')]),
      'repo/m/tokenizer.json': tokenizer,
      'repo/config.json': config,
    });
    const { model, modelPaths, triton, config: read, warnings } = await resolve('repo/m/config.pbtxt');
    expect(read).toMatchObject({ format: 'config.pbtxt', sha256: createHash('sha256').update(pbtxt()).digest('hex') });
    expect(triton).toEqual({
      dynamicBatching: { preferredBatchSizes: [4], maxQueueDelayMicroseconds: 300 },
      instances: 3,
    });
    expect(model).toMatchObject({
      name: 'my-model',
      maxBatchSize: 8,
      labels: ['bad', 'good'],
      maxLength: 256,
      paddingBuckets: [16, 32, 64, 128, 256],
      precision: 'float32',
    });
    expect(modelPaths['model.onnx']).toBe(join(folder, 'repo/m/10/model.onnx'));
    expect(modelPaths['tokenizer.json']).toBe(join(folder, 'repo/m/tokenizer.json'));
    expect(modelPaths['config.json']).toBe(join(folder, 'repo/config.json'));
    expect(warnings).toEqual([]);
    expect(await resolve('repo/m')).toEqual(await resolve('repo/m/config.pbtxt'));
  });

  test('another file name, a fixed length, a label file, and a batch size asked for', async () => {
    await write({
      'm/config.pbtxt': pbtxt('default_model_filename: "classifier.onnx"')
        .replaceAll('dims: [ -1 ]', 'dims: [ 48 ]')
        .replace('dims: [ 2 ]', 'dims: [ 3 ] label_filename: "labels.txt"'),
      'm/1/classifier.onnx': onnxStart,
      'm/1/tokenizer.json': tokenizer,
      'm/labels.txt': 'low\r\nmiddle\r\nhigh\r\n',
    });
    const { model, modelPaths } = await resolve('m', { maxBatchSize: 2 });
    expect(model).toMatchObject({
      labels: ['low', 'middle', 'high'],
      maxLength: 48,
      paddingBuckets: [48],
      maxBatchSize: 2,
    });
    expect(modelPaths['model.onnx']).toBe(join(folder, 'm/1/classifier.onnx'));
    // The pods' config.json is written, because there was none, with the padding id of the tokenizer.
    expect(JSON.parse(await readFile(modelPaths['config.json'] ?? '', 'utf8'))).toEqual({
      pad_token_id: 3,
      id2label: { 0: 'low', 1: 'middle', 2: 'high' },
    });
  });

  test("ONNX Runtime's file may be called anything, and a Python model's program is none", async () => {
    const bin = pbtxt('default_model_filename: "model.bin"');
    await write({ 'm/config.pbtxt': bin, 'm/1/model.bin': onnxStart, 'm/tokenizer.json': tokenizer });
    expect((await resolve('m')).modelPaths['model.onnx']).toBe(join(folder, 'm/1/model.bin'));
    await write({
      'p/config.pbtxt': pbtxt('default_model_filename: "run.py"').replace('onnxruntime', 'python'),
      'p/1/run.py': 'import numpy',
      'p/1/model.onnx': onnxStart,
      'p/tokenizer.json': tokenizer,
    });
    expect((await resolve('p')).modelPaths['model.onnx']).toBe(join(folder, 'p/1/model.onnx'));
  });

  test('without batches nothing is batched dynamically', async () => {
    await write({
      'm/config.pbtxt': pbtxt()
        .replace('max_batch_size: 8', 'max_batch_size: 0')
        .replace(/preferred_batch_size: .*?\]/, '')
        .replaceAll('dims: [ -1 ]', 'dims: [ -1, -1 ]')
        .replace('dims: [ 2 ]', 'dims: [ -1, 2 ]'),
      'm/1/model.onnx': onnxStart,
      'm/tokenizer.json': tokenizer,
    });
    const { model, triton, warnings } = await resolve('m');
    expect(model.maxBatchSize).toBe(1);
    expect(triton?.dynamicBatching).toBeNull();
    expect(warnings.join()).toContain('max_batch_size is 0');
    expect(warnings.join()).toContain('LABEL_0');
  });

  const encoder = config.replace('SequenceClassification', 'MaskedLM');

  test.each([
    ['one folder up', 'repo/config.json'],
    ['beside it', 'repo/m/config.json'],
    ['beside the ONNX file', 'repo/m/1/config.json'],
  ])("an encoder's config.json %s refuses no good config.pbtxt, and gives it no labels", async (_, encodersPath) => {
    await write({
      'repo/m/config.pbtxt': pbtxt(),
      'repo/m/1/model.onnx': onnxStart,
      'repo/m/tokenizer.json': tokenizer,
      [encodersPath]: encoder,
    });
    const { model, warnings } = await resolve('repo/m/config.pbtxt');
    expect(model).toMatchObject({ labels: ['LABEL_0', 'LABEL_1'], maxLength: 512 });
    expect(warnings.join()).toContain('config.json with its labels was not found');
    if (encodersPath === 'repo/config.json') return;
    await write({ 'repo/config.json': config });
    expect((await resolve('repo/m/config.pbtxt')).model.labels).toEqual(['bad', 'good']);
  });

  test("a classifier's config.json one folder up gives its labels only to a model of as many", async () => {
    await write({
      'repo/m/config.pbtxt': pbtxt().replace('dims: [ 2 ]', 'dims: [ 3 ]'),
      'repo/m/1/model.onnx': onnxStart,
      'repo/m/tokenizer.json': tokenizer,
      'repo/config.json': config,
    });
    expect((await resolve('repo/m')).model.labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
    await write({ 'repo/config.json': config.replace('"good"', '"good","2":"best"') });
    expect((await resolve('repo/m')).model.labels).toEqual(['bad', 'good', 'best']);
  });

  test('a config.json beside it that says more of the same model does: here that it takes two texts', async () => {
    await write({
      'repo/m/config.pbtxt': pbtxt(),
      'repo/m/1/model.onnx': onnxStart,
      'repo/m/tokenizer.json': tokenizer,
      'repo/m/config.json': config.replace('good', 'entailment'),
    });
    expect((await failure(resolve('repo/m'))).message).toContain('two texts');
    await rename(join(folder, 'repo/m/config.json'), join(folder, 'repo/config.json'));
    expect((await resolve('repo/m')).model.labels).toEqual(['LABEL_0', 'LABEL_1']);
  });

  test('a config with an error, with the place', async () => {
    await write({ 'm/config.pbtxt': pbtxt('instance_group { count: "1" }'), 'm/1/model.onnx': onnxStart });
    const error = await failure(resolve('m'));
    expect(error.reason).toBe('model-unsupported');
    expect(explain(error)).toMatch(
      /^\S*config\.pbtxt:8:25: This is not a valid model config\. "count" takes a whole number of 32 bits\.$/u,
    );
  });

  test('another kind of model, with the reason', async () => {
    await write({ 'm/config.pbtxt': pbtxt().replace('dims: [ 2 ]', 'dims: [ -1, 9 ]'), 'm/1/model.onnx': onnxStart });
    const error = await failure(resolve('m'));
    expect(error.reason).toBe('model-unsupported');
    expect(error.message).toContain('more than one number for each label');
    expect(error.nextStep).toContain('Text classifiers');
  });
});

describe('a Hugging Face model', () => {
  test("the hub's layout: onnx/ below, links to the files themselves, labels completed", async () => {
    await write({
      'blobs/a': Buffer.concat([onnxStart, Buffer.from('..MatMulInteger..')]),
      'blobs/b': tokenizer,
      'snap/config.json': JSON.stringify({
        architectures: ['BertForSequenceClassification'],
        model_type: 'bert',
        pad_token_id: 7,
      }),
    });
    await mkdir(join(folder, 'snap/onnx'));
    await symlink('../../blobs/a', join(folder, 'snap/onnx/model.onnx'));
    await symlink('../blobs/b', join(folder, 'snap/tokenizer.json'));
    const { model, modelPaths } = await resolve('snap/config.json');
    expect(model).toMatchObject({ name: 'snap', precision: 'int8', labels: ['LABEL_0', 'LABEL_1'], maxLength: 512 });
    expect(JSON.parse(await readFile(modelPaths['config.json'] ?? '', 'utf8'))).toMatchObject({
      pad_token_id: 7,
      model_type: 'bert',
      id2label: { 0: 'LABEL_0', 1: 'LABEL_1' },
    });
  });

  test("Python's Infinity in config.json is read", async () => {
    await write({
      'm/config.json':
        '{ "limits": [0.0, Infinity], "architectures": ["BertForSequenceClassification"], "model_type": "bert" }',
      'm/model.onnx': onnxStart,
      'm/tokenizer.json': tokenizer,
    });
    expect((await resolve('m')).model.labels).toEqual(['LABEL_0', 'LABEL_1']);
  });

  test('weights beside the ONNX file come along', async () => {
    const location = (name: string): Buffer =>
      Buffer.concat([Buffer.from('\x0a\x08location\x12', 'latin1'), Buffer.from([name.length]), Buffer.from(name)]);
    // Behind a megabyte, so that the name lies across two of the pieces that are read.
    const graph = Buffer.concat([
      onnxStart,
      Buffer.alloc((1 << 20) - 8),
      location('model.onnx_data'),
      location('more.bin'),
    ]);
    await write({
      'm/model.onnx': graph,
      'm/model.onnx_data': 'weights',
      'm/more.bin': 'more',
      'm/tokenizer.json': tokenizer,
      'm/config.json': config,
    });
    const { model } = await resolve('m');
    expect(model.files.map((file) => file.name)).toEqual([
      'model.onnx',
      'model.onnx_data',
      'more.bin',
      'tokenizer.json',
      'config.json',
    ]);
    await rm(join(folder, 'm/more.bin'));
    const error = await failure(resolve('m'));
    expect(error.reason).toBe('model-incomplete');
    expect(error.message).toContain('"more.bin"');
  });

  test('the only ONNX file is taken whatever its name; of several one must be named', async () => {
    await write({ 'm/onnx/model_fp16.onnx': onnxStart, 'm/tokenizer.json': tokenizer, 'm/config.json': config });
    expect((await resolve('m')).model.precision).toBe('float16');
    await write({ 'm/onnx/model_int8.onnx': onnxStart });
    const error = await failure(resolve('m'));
    expect(error.message).toContain('several ONNX files');
    expect((await resolve('m/onnx/model_int8.onnx')).modelPaths['model.onnx']).toContain('model_int8');
  });

  test("a config.json of something else is no model's", async () => {
    await write({ 'm/config.json': '{"port": 80}', 'm/model.onnx': onnxStart, 'm/tokenizer.json': tokenizer });
    expect((await failure(resolve('m/config.json'))).reason).toBe('model-unsupported');
    expect((await resolve('m')).warnings.join()).toContain('config.json with its labels was not found');
  });

  test('where its own config.json is missing the warning says where to put it, and what the servers get instead', async () => {
    await write({ 'm/1/model.onnx': onnxStart, 'm/tokenizer.json': tokenizer, 'm/config.pbtxt': pbtxt() });
    const { model, warnings } = await resolve('m');
    expect(model.files.map(({ name }) => name)).toContain('config.json');
    const lookedIn = ['m/1', 'm', ''].map((path) => join(folder, path)).map((path) => path.replace(/\/$/u, ''));
    expect(warnings.join()).toContain(`config.json with its labels was not found; looked in ${lookedIn.join(', ')}. `);
    expect(warnings.join()).toContain('The servers get one that calls its labels LABEL_0, LABEL_1; put the');
  });

  test("the config.json of a model of another kind, one folder up, is a neighbour's", async () => {
    await write({
      'config.json': config.replace('Sequence', 'Token'),
      'm/model.onnx': onnxStart,
      'm/tokenizer.json': tokenizer,
    });
    expect((await resolve('m')).model.labels).toEqual(['LABEL_0', 'LABEL_1']);
    await write({ 'onnx/model.onnx': onnxStart, 'onnx/tokenizer.json': tokenizer });
    expect((await failure(resolve('onnx/model.onnx'))).message).toContain('BertForTokenClassification');
  });

  test('a token classifier is not supported', async () => {
    await write({
      'm/config.json': config.replace('Sequence', 'Token'),
      'm/model.onnx': onnxStart,
      'm/tokenizer.json': tokenizer,
    });
    const error = await failure(resolve('m'));
    expect(error.reason).toBe('model-unsupported');
    expect(error.message).toContain('BertForTokenClassification');
  });
});

describe('what is missing or broken is said', () => {
  const complete = { 'm/model.onnx': onnxStart, 'm/tokenizer.json': tokenizer, 'm/config.json': config };
  const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';

  test.each<[string, Readonly<Record<string, string | Buffer>>, string, string]>([
    ['no ONNX file', { 'm/tokenizer.json': tokenizer }, 'model-incomplete', 'no ONNX file'],
    ['no tokenizer', { 'm/model.onnx': onnxStart }, 'tokenizer-missing', 'no tokenizer.json. Looked in'],
    ['an empty tokenizer', { ...complete, 'm/tokenizer.json': ' ' }, 'model-incomplete', 'it is empty'],
    ['a broken tokenizer', { ...complete, 'm/tokenizer.json': '{"model": ' }, 'model-incomplete', 'not valid JSON'],
    [
      'a tokenizer of another kind',
      { ...complete, 'm/tokenizer.json': '{"vocab": {}}' },
      'model-incomplete',
      'no "model"',
    ],
    ['a pointer for the model', { ...complete, 'm/model.onnx': lfs }, 'model-incomplete', 'Git LFS pointer'],
    ['a pointer for the tokenizer', { ...complete, 'm/tokenizer.json': lfs }, 'model-incomplete', 'Git LFS pointer'],
    ['a pointer for the config', { ...complete, 'm/config.json': lfs }, 'model-incomplete', 'Git LFS pointer'],
    ['an empty ONNX file', { ...complete, 'm/model.onnx': '' }, 'model-incomplete', 'is empty'],
    [
      'a web page for the model',
      { ...complete, 'm/model.onnx': '<!DOCTYPE html>' },
      'model-incomplete',
      'not an ONNX file',
    ],
    [
      'a broken config.json',
      { ...complete, 'm/config.json': config.slice(0, -3) },
      'model-unsupported',
      'Not valid JSON',
    ],
  ])('%s', async (_, files, reason, message) => {
    await write(files);
    const error = await failure(resolve('m'));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(message);
    expect(error.nextStep).not.toBe('');
  });

  test('no folder', async () => {
    const error = await failure(resolve('nowhere'));
    expect(error.reason).toBe('model-not-found');
    expect(error.message).toContain(join(folder, 'nowhere'));
  });

  test('a file of another kind', async () => {
    await write({ 'm/readme.md': 'hello' });
    expect((await failure(resolve('m/readme.md'))).reason).toBe('model-not-found');
  });

  test('the tokenizer that was asked for', async () => {
    await write({ 'm/model.onnx': onnxStart, 'm/config.json': config, 'elsewhere/tokenizer.json': tokenizer });
    const asked = (path: string): Promise<ResolvedModel> => resolve('m', { tokenizerPath: join(folder, path) });
    expect((await asked('elsewhere')).modelPaths['tokenizer.json']).toBe(join(folder, 'elsewhere/tokenizer.json'));
    expect((await asked('elsewhere/tokenizer.json')).modelPaths['tokenizer.json']).toContain('elsewhere');
    expect((await failure(asked('m'))).message).toContain(join(folder, 'm/tokenizer.json'));
    expect((await failure(asked('nowhere.json'))).reason).toBe('tokenizer-missing');
  });

  // Root may read everything.
  const unreadable = process.getuid?.() === 0 ? 'a folder where a file is due' : 'a file without permission';
  test(unreadable, async () => {
    await write(complete);
    await rm(join(folder, 'm/config.json'));
    if (process.getuid?.() === 0) {
      await mkdir(join(folder, 'm/config.json'));
      expect((await resolve('m')).warnings.join()).toContain('not found');
      return;
    }
    await write(complete);
    await chmod(join(folder, 'm/model.onnx'), 0);
    expect((await failure(resolve('m'))).message).toContain('cannot be read');
  });
});

describe('cancel', () => {
  test('before it begins', async () => {
    expect((await failure(resolveModel({ path: tiny }, AbortSignal.abort()))).reason).toBe('cancelled');
  });

  test('while a large file is read', async () => {
    await cp(tiny, join(folder, 'm'), { recursive: true });
    await writeFile(join(folder, 'm/model.onnx'), Buffer.concat([onnxStart, Buffer.alloc(300 << 20)]));
    const controller = new AbortController();
    const outcome = failure(resolve('m', {}, controller.signal));
    setTimeout(() => {
      controller.abort();
    }, 30);
    const abortedAt = performance.now();
    expect((await outcome).reason).toBe('cancelled');
    expect(performance.now() - abortedAt).toBeLessThan(20_000);
  });
});

test('a tokenizer is missed without the model being read', async () => {
  const find = (tokenizerPath?: string): Promise<void> =>
    findModelTokenizer({ path: join(folder, 'm'), tokenizerPath }, never);
  await write({ 'm/model.onnx': onnxStart });
  await expect(find()).rejects.toMatchObject({ reason: 'tokenizer-missing' });
  await expect(find(join(tiny, 'tokenizer.json'))).resolves.toBeUndefined();
  await write({ 'm/tokenizer.json': '{}' });
  await expect(find()).rejects.toMatchObject({ reason: 'model-incomplete' });
});
