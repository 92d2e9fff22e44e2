import { describe, expect, test } from 'vitest';
import { hintsOf, parseModel, type Hint, type HintFacts } from '../../../src/core/model.ts';
import { applyEdits } from '../../../src/core/model/textEdits.ts';
import { hintFaults, noGpus, smallCluster } from '../../support/hintFaults.ts';
import { classifiers, logits, lookAlikes, tokenInputs } from './tritonConfigs.ts';

const fixedInputs = tokenInputs.replaceAll('-1', '64');

function hints(text: string, facts?: HintFacts): readonly Hint[] {
  return hintsOf(parseModel('config.pbtxt', text), text, facts);
}

function codes(text: string, facts?: HintFacts): string[] {
  return hints(text, facts).map(({ code }) => code);
}

function only(text: string, facts?: HintFacts): Hint {
  const [hint, ...more] = hints(text, facts);
  if (hint === undefined || more.length > 0) throw new Error(`not one hint: ${codes(text, facts).join(', ')}`);
  return hint;
}

/** The text after the n-th fix of its only hint. */
function fixed(text: string, nth = 0, facts?: HintFacts): string {
  return applyEdits(text, only(text, facts).fixes[nth]?.edits ?? []);
}

const onnx = (rest: string): string =>
  `name: "m"\nbackend: "onnxruntime"\nmax_batch_size: 8\n${fixedInputs}\n${logits}\n${rest}`;

describe('dynamic batching is off', () => {
  const text = onnx('');

  test('is said at the batch size, with what it costs, what to do and where that is explained', () => {
    const { severity, message, start, end, docs } = only(text);
    expect(text.slice(start, end)).toBe('max_batch_size: 8');
    expect(severity).toBe('information');
    expect(message).toContain('each request by itself, although the model takes 8 texts at once');
    expect(message).toContain('Add "dynamic_batching { }"');
    expect(message).not.toContain('model.py');
    expect(docs).toMatch(/^https:\/\/docs\.nvidia\.com\/.*\/batcher\.html#dynamic-batcher$/);
  });

  test('a Python model may turn it on by itself, which is said', () => {
    expect(only(text.replace('onnxruntime', 'python')).message).toContain('"auto_complete_config" of model.py');
  });

  test('the fix is the preferred one', () => {
    expect(only(text).fixes.map(({ isPreferred }) => isPreferred)).toEqual([true]);
  });

  test.each([
    ['behind the line', 'max_batch_size: 8\n', 'max_batch_size: 8\ndynamic_batching { }\n'],
    ['indented', '  max_batch_size: 8\n', '  max_batch_size: 8\n  dynamic_batching { }\n'],
    ['with tabs', '\tmax_batch_size: 8\n', '\tmax_batch_size: 8\n\tdynamic_batching { }\n'],
    ['with commas', 'max_batch_size: 8,\n', 'max_batch_size: 8,\ndynamic_batching { },\n'],
    ['with semicolons', 'max_batch_size: 8; \n', 'max_batch_size: 8; \ndynamic_batching { };\n'],
    ['behind a comment', 'max_batch_size: 8 # few\n', 'max_batch_size: 8 # few\ndynamic_batching { }\n'],
    ['as in Windows', 'max_batch_size: 8\r\n', 'max_batch_size: 8\r\ndynamic_batching { }\r\n'],
    [
      'on the same line',
      'max_batch_size:8 backend:"onnxruntime"',
      'max_batch_size:8 dynamic_batching { } backend:"onnxruntime"',
    ],
    [
      'in front of a comment',
      'version_policy { } max_batch_size: 8# x\n',
      'version_policy { } max_batch_size: 8 dynamic_batching { }# x\n',
    ],
  ])('is turned on as the file is written: %s', (_, written, then) => {
    const around = (part: string): string => `${part}${fixedInputs}\n${logits}`;
    expect(fixed(around(written))).toBe(around(then));
    expect(codes(around(then))).toEqual([]);
  });

  test('at the end of a file without a line end', () => {
    expect(fixed(`${fixedInputs}\n${logits}\nmax_batch_size: 8`)).toMatch(/8\ndynamic_batching \{ \}$/);
  });

  test.each([
    ['batches of one', text.replace('max_batch_size: 8', 'max_batch_size: 1')],
    ['it is on', onnx('dynamic_batching { }')],
    ['it is on with settings', onnx('dynamic_batching { max_queue_delay_microseconds: 100 }')],
    ['a text with an error', onnx('instance_group { count: "1" }')],
    ['what Topology Bench writes itself', classifiers['as Topology Bench writes it']?.text ?? ''],
  ])('is not said of %s', (_, other) => {
    expect(parseModel('config.pbtxt', other).model?.task).toBe('text-classification');
    expect(codes(other)).toEqual([]);
  });
});

describe('preferred batch sizes', () => {
  test('are advised against, and taken out', () => {
    const text = onnx('dynamic_batching {\n  preferred_batch_size: [ 2, 4 ]\n  max_queue_delay_microseconds: 100\n}\n');
    const { message, start, end, docs } = only(text);
    expect(text.slice(start, end)).toBe('preferred_batch_size: [ 2, 4');
    expect(message).toContain('of 8 texts that wait it runs 4 first, although all would fit');
    expect(docs).toContain('#preferred-batch-sizes');
    expect(fixed(text)).toBe(onnx('dynamic_batching {\n  max_queue_delay_microseconds: 100\n}\n'));
  });

  test('of which the largest is the largest batch still cut the others', () => {
    const { message } = only(onnx('dynamic_batching { preferred_batch_size: [ 4, 8 ] }'));
    expect(message).toContain('of 7 texts that wait it runs 4 first');
  });

  test.each([
    ['alone on one line', '{ preferred_batch_size: [ 2, 4 ] }', '{ }'],
    ['without spaces', '{preferred_batch_size:2}', '{}'],
    ['with commas', '{ preferred_batch_size: [ 2, 4 ], preserve_ordering: true }', '{ preserve_ordering: true }'],
    [
      'repeated',
      '{ preferred_batch_size: 2 preferred_batch_size: 4 preserve_ordering: true }',
      '{ preserve_ordering: true }',
    ],
    ['on lines of their own', '{\n  preferred_batch_size: 2\n  preferred_batch_size: 4\n}', '{\n}'],
    [
      'apart',
      '{\n  preferred_batch_size: 2\n  preserve_ordering: true\n  preferred_batch_size: 4\n}',
      '{\n  preserve_ordering: true\n}',
    ],
    ['with a comment behind', '{\n  preferred_batch_size: [ 2, 4 ] # measured\n}', '{\n  # measured\n}'],
    ['with comments inside', '{\n  preferred_batch_size: [ 2, # two\n    4 # four\n  ]\n}', '{\n  # two\n  # four\n}'],
    [
      'with a comment inside one line',
      '{ preferred_batch_size: [ 2, # two\n 4 ] preserve_ordering: true }',
      '{ # two\npreserve_ordering: true }',
    ],
    ['as in Windows', '{\r\n\tpreferred_batch_size: [ 2 ]\r\n}', '{\r\n}'],
    ['behind the bracket', '{ preferred_batch_size: 2\n}', '{\n}'],
  ])('are taken out with nothing else: %s', (_, written, then) => {
    expect(fixed(onnx(`dynamic_batching ${written}`))).toBe(onnx(`dynamic_batching ${then}`));
    expect(codes(onnx(`dynamic_batching ${then}`))).toEqual([]);
  });

  test.each([
    ['the largest batch alone, as Triton has it', 'dynamic_batching { preferred_batch_size: [ 8 ] }'],
    ['sizes that cut nothing', 'dynamic_batching { preferred_batch_size: [ 6, 8, 7 ] }'],
    [
      'TensorRT behind ONNX Runtime',
      'dynamic_batching { preferred_batch_size: [ 4 ] } optimization { execution_accelerators { gpu_execution_accelerator: [ { name: "tensorrt" } ] } }',
    ],
  ])('are left alone: %s', (_, rest) => {
    expect(codes(onnx(rest))).toEqual([]);
  });

  test('are left alone where the engine may be TensorRT', () => {
    expect(codes(onnx('dynamic_batching { preferred_batch_size: 4 }').replace('backend: "onnxruntime"\n', ''))).toEqual(
      [],
    );
  });
});

describe('lengths that vary', () => {
  const text = `name: "m"\nbackend: "onnxruntime"\nmax_batch_size: 8\n${tokenInputs}\n${logits}\ndynamic_batching { }\n`;

  test('may keep requests apart, which depends, and can be fixed', () => {
    const { severity, message, start, end, docs, fixes } = only(text);
    expect(text.slice(start, end)).toBe('dims: [ -1');
    expect(message).toContain('"input_ids" and "attention_mask" are of the same length');
    expect(severity).toBe('hint');
    expect(message).toContain('depends on who sends them: nothing is lost where texts are padded to a few lengths');
    expect(docs).toContain('/ragged_batching.html');
    // ONNX Runtime's backend would join the requests to one long text, which a usual export does not take.
    expect(fixes.map(({ title }) => title)).toEqual([
      'Fix the length at 128 tokens, which clients then pad and cut to',
    ]);
    expect(fixed(text)).toBe(text.replaceAll('-1', '128'));
  });

  test('a length that another input fixes is the one', () => {
    const mixed = text.replace('dims: [ -1 ]', 'dims: [ 64 ]');
    expect(fixed(mixed)).toBe(mixed.replaceAll('-1', '64'));
  });

  test('a Python model may pad ragged batches itself', () => {
    const python = text.replace('onnxruntime', 'python');
    expect(fixed(python, 1)).toBe(python.replaceAll('dims: [ -1 ]', 'dims: [ -1 ] allow_ragged_batch: true'));
    expect(only(python).message).toContain('let model.py pad them');
    const refused = python.replaceAll('dims: [ -1 ]', 'dims: [ -1 ], allow_ragged_batch: false');
    expect(fixed(refused, 1)).toBe(refused.replaceAll('false', 'true'));
  });

  test.each([
    ['ragged batches', text.replaceAll('dims: [ -1 ]', 'dims: [ -1 ] allow_ragged_batch: true')],
    ['one length', text.replaceAll('-1', '64')],
    [
      'one text',
      `name: "m" backend: "python" max_batch_size: 8 input { name: "text" data_type: TYPE_STRING dims: -1 } ${logits} dynamic_batching { }`,
    ],
  ])('nothing is said of %s', (_, other) => {
    expect(parseModel('config.pbtxt', other).model?.task).toBe('text-classification');
    expect(codes(other)).toEqual([]);
  });

  test('of which only one may be ragged are still kept apart', () => {
    expect(only(text.replace('dims: [ -1 ]', 'dims: [ -1 ] allow_ragged_batch: true')).message).toContain(
      'only where "attention_mask" are',
    );
  });
});

describe('no batching at all', () => {
  const unbatched = classifiers['without batching, the batch among the dimensions']?.text ?? '';

  test('is said at the batch size, and the batch can be left to Triton', () => {
    const { code, message, start, end } = only(unbatched);
    expect(code).toBe('no-batching');
    expect(unbatched.slice(start, end)).toBe('max_batch_size: 0');
    expect(message).toContain('"max_batch_size" is 0, so Triton never runs requests together');
    expect(fixed(unbatched)).toBe(
      unbatched.replace('size: 0', 'size: 8').replaceAll('[ -1, -1 ]', '[ -1 ]').replace('[ -1, 4 ]', '[ 4 ]'),
    );
  });

  test('is said at the name where no size is stated', () => {
    const text = `name: "m"\nbackend: "onnxruntime"\n${tokenInputs.replaceAll('-1', '-1, -1')}\n${logits.replace('[ 2', '[ -1, 2')}\n`;
    const { message, start, end } = only(text);
    expect(text.slice(start, end)).toBe('name');
    expect(message).toContain('There is no "max_batch_size"');
    expect(fixed(text)).toContain('name: "m"\nmax_batch_size: 8\nbackend');
  });

  test('dimensions one by one are taken out, too', () => {
    const text = unbatched.replaceAll('dims: [ -1, -1 ]', 'dims: -1 dims: -1');
    expect(fixed(text)).toContain('dims: -1 }');
  });

  test.each([
    [
      'one text a request',
      `backend: "python" input { name: "text" data_type: TYPE_STRING dims: 1 } output { name: "label" data_type: TYPE_STRING dims: 1 }`,
    ],
    [
      'any number of texts',
      `backend: "python" input { name: "text" data_type: TYPE_STRING dims: -1 } output { name: "label" data_type: TYPE_STRING dims: -1 }`,
    ],
    ['a comment between', unbatched.replace('dims: [ -1,', 'dims: [ -1, # texts\n')],
    ['a reshaped tensor', unbatched.replace('dims: [ -1, -1 ]', 'dims: [ -1, -1 ] reshape { shape: [ -1, -1 ] }')],
  ])('without a fix where the batch cannot be told from the rest: %s', (_, text) => {
    expect(only(text)).toMatchObject({ code: 'no-batching', fixes: [] });
  });
});

describe('instances and GPUs', () => {
  const batched = (groups: string): string => onnx(`dynamic_batching { }\ninstance_group [ ${groups} ]`);

  test('without a cluster in view nothing is said', () => {
    expect(codes(batched('{ kind: KIND_GPU count: 100 gpus: [ 0, 31 ] }'))).toEqual([]);
  });

  test('a cluster without GPUs', () => {
    const text = batched('{ kind: KIND_GPU }');
    const { severity, message } = only(text, noGpus);
    expect(severity).toBe('information');
    expect(message).toContain('The cluster kind-x offers no GPU');
    expect(fixed(text, 0, noGpus)).toBe(batched('{ kind: KIND_AUTO }'));
    expect(codes(batched('{ kind: KIND_CPU count: 4 }, { count: 2 }'), noGpus)).toEqual([]);
  });

  test('GPUs that no node has', () => {
    const text = batched('{ kind: KIND_GPU gpus: [ 0, 1 ] }');
    const { severity, message, start, end } = only(text, smallCluster);
    expect(text.slice(start, end)).toBe('gpus: [ 0, 1');
    expect(severity).toBe('warning');
    expect(message).toContain('there is no GPU 1, and Triton refuses to load the model');
    expect(fixed(text, 0, smallCluster)).toBe(batched('{ kind: KIND_GPU }'));
    expect(only(batched('{ gpus: 3 }'), smallCluster).message).toContain('Triton runs the model on the CPU');
    expect(codes(text, { ...smallCluster, gpusOfNode: 2 })).toEqual([]);
  });

  test('more instances than a GPU has memory for, by their weights alone', () => {
    const text = batched('{ kind: KIND_GPU count: 2 }');
    const { severity, message, start, end } = only(text, smallCluster);
    expect(text.slice(start, end)).toBe('2');
    expect(severity).toBe('warning');
    expect(message).toContain('2 instances on each GPU hold 1.80 GB of weights');
    expect(message).toContain('the largest GPU of the cluster kind-x has 1.07 GB');
    expect(fixed(text, 0, smallCluster)).toBe(batched('{ kind: KIND_GPU count: 1 }'));
  });

  test.each([
    ['they fit', '{ kind: KIND_GPU count: 2 }', { ...smallCluster, gpuMemoryMiB: 15_360 }],
    ['the memory is not known', '{ kind: KIND_GPU count: 200 }', { ...smallCluster, gpuMemoryMiB: null }],
    ['the model is not known', '{ kind: KIND_GPU count: 200 }', { ...smallCluster, modelBytes: null }],
    ['they run on the CPU', '{ kind: KIND_CPU count: 200 }', smallCluster],
    ['the backend decides', '{ kind: KIND_MODEL count: 200 }', smallCluster],
  ])('nothing is said where %s', (_, group, facts) => {
    expect(codes(batched(group), facts)).toEqual([]);
  });

  test('nothing is said where instances share their weights', () => {
    const shared = 'parameters { key: "share_session_between_instances" value { string_value: "1" } }';
    const text = batched('{ kind: KIND_GPU count: 2 }');
    expect(codes(`${text}\n${shared}`, smallCluster)).toEqual([]);
    expect(codes(`${text}\n${shared.replace('"1"', '"0"')}`, smallCluster)).toEqual(['instances-exceed-gpu']);
  });
});

test('however much a config holds, its hints come soon and are few', () => {
  const groups = 'instance_group { count: 2 kind: KIND_GPU gpus: [ 1, 2, 3, 4, 5, 6 ] } ';
  const sizes = (count: number): string =>
    Array.from({ length: count }, (_, size) => String(8 - (size % 8))).join(', ');
  const startedAt = performance.now();
  const many = onnx(`dynamic_batching { } ${groups.repeat(800)}`);
  expect(hints(many, smallCluster)).toHaveLength(50);
  expect(hints(many, smallCluster)[0]?.message).toContain('there is no GPU 1, 2, 3 and more');
  expect(codes(onnx(`dynamic_batching { preferred_batch_size: [ ${sizes(20_000)} ] }`))).toEqual([]);
  // Longer than a config: nothing is said of it.
  expect(codes(onnx(`dynamic_batching { preferred_batch_size: [ 4, ${sizes(200_000)} ] }`))).toEqual([]);
  expect(codes(onnx(`# ${'x'.repeat(100_000)}`))).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});

test('only what gets a lens gets hints', () => {
  for (const { text } of Object.values(lookAlikes)) expect(codes(text, smallCluster)).toEqual([]);
  const json = '{"architectures":["BertForSequenceClassification"],"model_type":"bert"}';
  expect(hintsOf(parseModel('config.json', json), json, smallCluster)).toEqual([]);
});

test('every fix of every hint leaves a correct config without that hint', () => {
  const faults = Object.entries(classifiers).flatMap(([name, { text }]) =>
    hintFaults(parseModel('config.pbtxt', text), text).map((fault) => `${name}: ${fault}`),
  );
  expect(faults).toEqual([]);
});
