import type { ModelPlan, TritonSettings } from '../core/plan.ts';

export interface ModelConfigParts {
  readonly model: ModelPlan;
  readonly settings: TritonSettings;
  /** Threads of ONNX Runtime in each instance. */
  readonly intraOpThreads: number;
  /** What ONNX Runtime is asked for. */
  readonly provider: 'cpu' | 'cuda';
  /** "gpu" makes `settings.instances` on each GPU, and Triton refuses it where it sees none. */
  readonly instanceKind: 'cpu' | 'gpu';
  /** GPUs that instances of kind "cpu" share out among themselves; those of kind "gpu" are given theirs by Triton. */
  readonly devices: number;
  /** Folder with model.onnx, tokenizer.json and config.json. */
  readonly modelDirectory: string;
  /** Folders that Python packages are imported from: the serving package's and the requirements'. */
  readonly packageDirectories: readonly string[];
}

/** Path of the Python model inside the repository, below the model's own folder. */
export const pythonModelPath = '1/model.py';
/** The file of the serving package that is copied there. */
export const pythonModelSource = 'topology_bench_serving/triton_model.py';

/**
 * The config.pbtxt of the text classifier as a model of Triton's Python backend: input `text`, outputs `label`, `score`
 * and `logits`. Warm-up sends one empty text, so that no request meets a model that never ran.
 * Source: https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto
 */
export function renderModelConfig(parts: ModelConfigParts): string {
  const { model, settings } = parts;
  const parameters = {
    MODEL_DIRECTORY: parts.modelDirectory,
    PROVIDER: parts.provider,
    INTRA_OP_THREADS: String(parts.intraOpThreads),
    MAX_LENGTH: String(model.maxLength),
    PADDING_BUCKETS: model.paddingBuckets.join(','),
    PACKAGES: parts.packageDirectories.join(':'),
    ...(parts.devices > 1 ? { DEVICES: String(parts.devices) } : {}),
  };
  const lines = [
    `name: ${quoted(model.name)}`,
    'backend: "python"',
    `max_batch_size: ${String(model.maxBatchSize)}`,
    'input [ { name: "text" data_type: TYPE_STRING dims: [ 1 ] } ]',
    'output [',
    '  { name: "label" data_type: TYPE_STRING dims: [ 1 ] },',
    '  { name: "score" data_type: TYPE_FP32 dims: [ 1 ] },',
    `  { name: "logits" data_type: TYPE_FP32 dims: [ ${String(model.labels.length)} ] }`,
    ']',
    `instance_group [ { kind: ${parts.instanceKind === 'gpu' ? 'KIND_GPU' : 'KIND_CPU'} count: ${String(settings.instances)} } ]`,
    ...dynamicBatching(settings),
    'model_warmup [ {',
    '  name: "one empty text"',
    '  batch_size: 1',
    '  inputs { key: "text" value { data_type: TYPE_STRING dims: [ 1 ] zero_data: true } }',
    '} ]',
    ...Object.entries(parameters).map(
      ([name, value]) => `parameters { key: "TOPOLOGY_BENCH_${name}" value { string_value: ${quoted(value)} } }`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Longest body of a request in bytes: what FastAPI and the gateway take (MAX_BODY_BYTES in src/serving). */
const longestBodyBytes = 1 << 20;

/**
 * Whether an image's Triton knows --http-max-input-size, as NVIDIA's do from 25.06 (2.59) on. One whose name tells no
 * release is taken not to: Triton ends at an option that it does not know.
 * Source: https://github.com/triton-inference-server/server/pull/8174
 */
export function limitsBodies(image: string): boolean {
  const [, year, month] = /(?:^|\/)tritonserver:(\d{2})\.(\d{2})(?!\d)/u.exec(image) ?? [];
  return Number(year) * 100 + Number(month) >= 2506;
}

/** The options of `tritonserver` that every target gives it: no automatic completion, no polling, no remote control of models. */
export function tritonArguments(parts: {
  repository: string;
  http: number;
  grpc: number;
  metrics: number;
  /** See `limitsBodies`. */
  limitsBodies: boolean;
}): string[] {
  return [
    `--model-repository=${parts.repository}`,
    '--model-control-mode=none',
    '--disable-auto-complete-config',
    `--http-port=${String(parts.http)}`,
    `--grpc-port=${String(parts.grpc)}`,
    `--metrics-port=${String(parts.metrics)}`,
    ...(parts.limitsBodies ? [`--http-max-input-size=${String(longestBodyBytes)}`] : []),
    '--log-verbose=0',
    '--exit-timeout-secs=2',
  ];
}

function dynamicBatching(settings: TritonSettings): string[] {
  const batching = settings.dynamicBatching;
  if (batching === null) return [];
  const preferred =
    batching.preferredBatchSizes.length === 0
      ? ''
      : ` preferred_batch_size: [ ${batching.preferredBatchSizes.join(', ')} ]`;
  return [
    `dynamic_batching {${preferred} max_queue_delay_microseconds: ${String(batching.maxQueueDelayMicroseconds)} }`,
  ];
}

/** A string of protobuf's text format. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/gu, '\\$&').replace(/\n/gu, '\\n')}"`;
}
