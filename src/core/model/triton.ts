import type { ParsedModel } from './parsedModel.ts';
import { ProblemList } from './problem.ts';
import { hasPlaceholder, placeholderOf } from './template.ts';
import { allOf, fieldsOf, last, numberOf, numbersOf, stringOf } from './textFields.ts';
import { parseTextProto, type TextField } from './textProto.ts';
import { quote } from './textProtoTokens.ts';
import { readTensors, whyNoTextClassifier } from './tritonTask.ts';
import { booleanOf, checkModelConfig, enumerator, looksLikeModelConfig } from './tritonSchema.ts';

interface TritonConfig {
  /** undefined for a text that is no model config. */
  readonly model: ParsedModel | undefined;
  readonly problems: ProblemList;
  readonly fields: readonly TextField[];
}

/** Reads a Triton model config (config.pbtxt). A text that is none, or still has to be filled in, has no problems. */
export function parseTritonConfig(text: string, hasMark: boolean): TritonConfig {
  const problems = new ProblemList();
  // Text format knows none: to it these are three bytes that belong nowhere.
  if (hasMark) problems.byteOrderMark('Triton');
  const fields = parseTextProto(text, problems);
  if (isOtherMessage(text) || !looksLikeModelConfig(fields)) {
    return { model: undefined, problems: new ProblemList(), fields };
  }
  const words = checkModelConfig(fields, problems);
  const model = readModel(fields, problems);
  const placeholder = placeholderOf(text) ?? words[0] ?? placeholderString(fields);
  if (placeholder === undefined) return { model, problems, fields };
  const why = `it is a template: ${quote(placeholder)} has to be replaced by a value first`;
  return { model: { ...model, task: 'other', why }, problems: new ProblemList(), fields };
}

/** By a convention of text format, a comment at the top says which message the file is. */
function isOtherMessage(text: string): boolean {
  const named = /^#[ \t]*proto-message:[ \t]*([\w.]+)/m.exec(text.slice(0, 4000))?.[1];
  return named !== undefined && named.split('.').at(-1) !== 'ModelConfig';
}

/** One of the strings that say what the model is, where it is left to be filled in. */
function placeholderString(fields: readonly TextField[]): string | undefined {
  const strings = ['name', 'platform', 'backend', 'default_model_filename'].map((name) => stringOf(last(fields, name)));
  return strings.find((value) => value !== null && hasPlaceholder(value)) ?? undefined;
}

function readModel(fields: readonly TextField[], problems: ProblemList): ParsedModel {
  const maxBatchSize = statedOr(0, fields, 'max_batch_size');
  const inputs = readTensors(fields, 'input');
  const outputs = readTensors(fields, 'output');
  const backend = backendOf(fields);
  const modelFileName = stringOf(last(fields, 'default_model_filename'));
  const dynamicBatching = dynamicBatchingOf(fields);
  checkBatching(fields, maxBatchSize, dynamicBatching, problems);
  const name = stringOf(last(fields, 'name'));
  const judged = whyNoTextClassifier({
    name,
    inputs,
    outputs,
    backend: backendInUse({ backend, modelFileName }),
    batched: (maxBatchSize ?? 0) > 0,
    stateful: fields.some((field) => field.name === 'sequence_batching'),
    decoupled: booleanOf(last(fieldsOf(last(fields, 'model_transaction_policy')), 'decoupled')) === true,
    steps: stepsOf(fields, backend),
  });
  return {
    kind: 'triton',
    name,
    task: judged.why === null ? 'text-classification' : 'other',
    why: judged.why,
    maxBatchSize,
    dynamicBatching,
    ...instancesOf(fields),
    backend,
    modelFileName,
    labels: null,
    labelCount: judged.labelCount,
    labelFileName: judged.labelFileName,
    maxLength: judged.fixedLength,
    fixedLength: judged.fixedLength,
    precision: null,
    lensOffset: fields.find((field) => field.name === 'name')?.start ?? fields[0]?.start ?? 0,
  };
}

/** A whole number that may be left out; null where something else was written, of which nobody knows what was meant. */
function statedOr(absent: number, fields: readonly TextField[], name: string): number | null {
  return numberOf(last(fields, name)) ?? (fields.some((field) => field.name === name) ? null : absent);
}

function backendOf(fields: readonly TextField[]): string | null {
  const backend = stringOf(last(fields, 'backend'));
  if (backend !== null) return backend;
  const platform = stringOf(last(fields, 'platform'));
  return platform === null ? null : (platform.split('_')[0] ?? platform);
}

/** As Triton guesses it from the file's ending where neither backend nor platform is given; null where that tells nothing. */
export function backendInUse({
  backend,
  modelFileName,
}: Pick<ParsedModel, 'backend' | 'modelFileName'>): string | null {
  return backend ?? backendsOfEndings[modelFileName?.split('.').at(-1)?.toLowerCase() ?? ''] ?? null;
}

const backendsOfEndings: Readonly<Record<string, string>> = {
  onnx: 'onnxruntime',
  plan: 'tensorrt',
  pt: 'pytorch',
  py: 'python',
  savedmodel: 'tensorflow',
  graphdef: 'tensorflow',
  xml: 'openvino',
};

/** Names of an ensemble's models, each once; null for what is no ensemble. */
function stepsOf(fields: readonly TextField[], backend: string | null): string[] | null {
  if (backend !== 'ensemble' && !fields.some(({ name }) => name === 'ensemble_scheduling')) return null;
  const steps = allOf(fieldsOf(last(fields, 'ensemble_scheduling')), 'step').map(fieldsOf);
  const names = steps.map((step) => stringOf(last(step, 'model_name'))).filter((name) => name !== null);
  return [...new Set(names)];
}

function dynamicBatchingOf(fields: readonly TextField[]): ParsedModel['dynamicBatching'] {
  const value = last(fields, 'dynamic_batching');
  if (value?.kind !== 'message') return null;
  return {
    preferredBatchSizes: numbersOf(value.fields, 'preferred_batch_size'),
    maxQueueDelayMicroseconds: Math.max(0, numberOf(last(value.fields, 'max_queue_delay_microseconds')) ?? 0),
  };
}

function instancesOf(fields: readonly TextField[]): Pick<ParsedModel, 'instances' | 'instanceKind'> {
  let instances: number | null = 0;
  let instanceKind: ParsedModel['instanceKind'] = null;
  for (const value of allOf(fields, 'instance_group')) {
    if (value.kind !== 'message' || booleanOf(last(value.fields, 'passive')) === true) continue;
    const count = statedOr(1, value.fields, 'count');
    instances = instances === null || count === null ? null : instances + Math.max(1, count);
    instanceKind ??= instanceKinds[enumerator('InstanceKind', last(value.fields, 'kind')) ?? 'KIND_AUTO'] ?? 'auto';
  }
  return { instances: instances === null ? null : Math.max(1, instances), instanceKind };
}

const instanceKinds: Readonly<Record<string, ParsedModel['instanceKind']>> = {
  KIND_AUTO: 'auto',
  KIND_CPU: 'cpu',
  KIND_GPU: 'gpu',
  KIND_MODEL: 'model',
};

/** What Triton refuses beyond the types of the fields. */
function checkBatching(
  fields: readonly TextField[],
  maxBatchSize: number | null,
  dynamicBatching: ParsedModel['dynamicBatching'],
  problems: ProblemList,
): void {
  const sizeValue = last(fields, 'max_batch_size');
  if (sizeValue !== undefined && (maxBatchSize ?? 0) < 0) {
    problems.error('"max_batch_size" must not be negative; 0 means that requests are not batched.', sizeValue);
  }
  const batchingField = fields.find((field) => field.name === 'dynamic_batching');
  for (const value of allOf(fieldsOf(last(fields, 'dynamic_batching')), 'preferred_batch_size')) {
    if (value.kind === 'number' && value.value <= 0) {
      problems.error('A preferred batch size must be positive.', value);
    } else if (value.kind === 'number' && maxBatchSize !== null && value.value > maxBatchSize) {
      // Triton compares them before a backend may complete the config, so that a size left out is 0, too.
      const size = sizeValue === undefined ? 'which is 0 where it is not given' : String(maxBatchSize);
      problems.error(`A preferred batch size must not exceed max_batch_size, ${size}.`, value);
    }
  }
  const hasSizes = (dynamicBatching?.preferredBatchSizes.length ?? 0) > 0;
  if (batchingField !== undefined && dynamicBatching !== null && maxBatchSize === 0 && !hasSizes) {
    problems.warning('Dynamic batching has no effect without a "max_batch_size" of at least 1.', batchingField);
  }
  const schedulers = ['dynamic_batching', 'sequence_batching', 'ensemble_scheduling'];
  const chosen = fields.filter((field) => schedulers.includes(field.name));
  const second = chosen.find((field) => field.name !== chosen[0]?.name);
  if (second !== undefined && chosen[0] !== undefined) {
    problems.error(`"${second.name}" and "${chosen[0].name}" exclude each other.`, second);
  }
}
