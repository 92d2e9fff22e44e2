/** A workspace as a user of the extension might have it, with records of runs that nobody ran. */
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunRecord } from '../../../src/core/record.ts';
import { samplePaths } from './samplePaths.ts';

export { samplePaths };

const tinyModel = resolve(import.meta.dirname, '..', '..', '..', 'media', 'models', 'tiny-sentiment');

const classifier = `name: "sentiment"
platform: "onnxruntime_onnx"
max_batch_size: 16
input [
  { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] },
  { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] }
]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
instance_group [ { kind: KIND_CPU count: 2 } ]
dynamic_batching { max_queue_delay_microseconds: 500 }
`;

const vision = `name: "vision"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [ { name: "image" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] } ]
output [ { name: "scores" data_type: TYPE_FP32 dims: [ 1000 ] } ]
`;

/** With a field that is misspelt, and without a profile. */
const plan = `version: 1
model: ./model_repository/sentiment
target: local
topologies: [triton]
coers: 2

`;

/** Two contexts on a port where nothing listens. */
const kubeconfig = `apiVersion: v1
kind: Config
current-context: staging
clusters:
- name: nowhere
  cluster: { server: "http://127.0.0.1:9" }
users:
- name: nobody
  user: {}
contexts:
- name: staging
  context: { cluster: nowhere, user: nobody, namespace: models }
- name: production
  context: { cluster: nowhere, user: nobody }
`;

export async function makeSampleWorkspace(folder: string, records: readonly RunRecord[] = []): Promise<void> {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(resolve(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write(samplePaths.classifier, classifier);
  await cp(join(tinyModel, 'model.onnx'), join(folder, 'model_repository', 'sentiment', '1', 'model.onnx'));
  await cp(join(tinyModel, 'tokenizer.json'), join(folder, 'model_repository', 'sentiment', '1', 'tokenizer.json'));
  await cp(tinyModel, join(folder, 'distilbert'), { recursive: true });
  await write(samplePaths.vision, vision);
  await write(samplePaths.plan, plan);
  await write(samplePaths.unrelated, '{ "port": 8080 }\n');
  await write(samplePaths.kubeconfig, kubeconfig);
  await write(samplePaths.brokenKubeconfig, 'apiVersion: v1\ncontexts: [ {\n');
  await putRecords(folder, records);
}

/**
 * Makes these the only results, as another program might while a window looks.
 *
 * @param others files beside them, by name
 */
export async function putRecords(
  folder: string,
  records: readonly RunRecord[],
  others: Readonly<Record<string, string>> = {},
): Promise<void> {
  const runs = join(folder, samplePaths.runs);
  await mkdir(runs, { recursive: true });
  const wanted = new Map(Object.entries(others));
  for (const record of records) wanted.set(`${record.id}.json`, JSON.stringify(record, undefined, 2));
  for (const name of await readdir(runs)) if (!wanted.has(name)) await rm(join(runs, name));
  for (const [name, text] of wanted) {
    // Whole at once, as every program leaves them: half of one is a result that cannot be read.
    const temporary = join(runs, '..', 'new');
    await writeFile(temporary, text);
    await rename(temporary, join(runs, name));
  }
}
