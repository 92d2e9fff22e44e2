import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { modelConfigPath } from '../../../src/models/configPath.ts';

const model = JSON.stringify({ architectures: ['BertForSequenceClassification'], model_type: 'bert' });
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-config-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The config of what is named, relative to the folder, once these files are there. */
async function found(files: Readonly<Record<string, string>>, named = 'm'): Promise<string | undefined> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const path = await modelConfigPath(join(folder, named));
  return path?.slice(folder.length + 1);
}

test("Triton's config goes before the model's own, unless that is named itself", async () => {
  const files = { 'm/config.pbtxt': '', 'm/config.json': model, 'm/1/model.onnx': '' };
  expect(await found(files)).toBe('m/config.pbtxt');
  expect(await found(files, 'm/config.pbtxt')).toBe('m/config.pbtxt');
  expect(await found(files, 'm/config.json')).toBe('m/config.json');
  expect(await found(files, 'm/1/model.onnx')).toBe('m/config.json');
});

test("the nearest config.json that is a model's counts, and the one that was named first", async () => {
  const files = { 'm/onnx/model.onnx': '', 'm/onnx/config.json': '{"compilerOptions":{}}', 'm/config.json': model };
  expect(await found(files)).toBe('m/config.json');
  expect(await found({ 'm/onnx/config.json': model })).toBe('m/onnx/config.json');
  expect(await found({}, 'm/config.json')).toBe('m/config.json');
});

test("a neighbour's config.json of a model of another kind is passed over, as by a run", async () => {
  const encoder = model.replace('SequenceClassification', 'MaskedLM');
  expect(await found({ 'config.json': encoder, 'm/model.onnx': '' })).toBeUndefined();
  expect(await found({ 'config.json': model })).toBe('config.json');
  expect(await found({ 'm/config.json': encoder })).toBe('m/config.json');
});

test('a model that is not there, not complete, or without a config has none', async () => {
  expect(await found({})).toBeUndefined();
  expect(await found({ 'm/config.json': model })).toBeUndefined();
  expect(await found({ 'n/model.onnx': '' }, 'n')).toBeUndefined();
});
