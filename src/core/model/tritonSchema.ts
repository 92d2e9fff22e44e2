import { nearest } from '../nearest.ts';
import type { ProblemList } from './problem.ts';
import { isPlaceholderWord } from './template.ts';
import type { TextField, TextValue } from './textProto.ts';
import { quote } from './textProtoTokens.ts';

/**
 * The messages of Triton's ModelConfig, and a check of a parsed text against them.
 * Source: model_config.proto of https://github.com/triton-inference-server/common
 *
 * A field's type is a scalar type, the name of a message or of an enumeration below, or "map" for a map from strings or
 * integers to that type. A "*" behind it: the field may come more than once.
 */
const messages: Readonly<Record<string, string>> = {
  ModelConfig: `name string, platform string, backend string, runtime string, version_policy ModelVersionPolicy,
    max_batch_size int32, input ModelInput*, output ModelOutput*, batch_input BatchInput*, batch_output BatchOutput*,
    optimization ModelOptimizationPolicy, dynamic_batching ModelDynamicBatching,
    sequence_batching ModelSequenceBatching, ensemble_scheduling ModelEnsembling, instance_group ModelInstanceGroup*,
    default_model_filename string, cc_model_filenames map.string*, metric_tags map.string*,
    parameters map.ModelParameter*, model_warmup ModelWarmup*, model_operations ModelOperations,
    model_transaction_policy ModelTransactionPolicy, model_repository_agents ModelRepositoryAgents,
    response_cache ModelResponseCache, model_metrics ModelMetrics`,
  ModelInput: `name string, data_type DataType, format InputFormat, dims int64*, reshape ModelTensorReshape,
    is_shape_tensor bool, allow_ragged_batch bool, optional bool, is_non_linear_format_io bool`,
  ModelOutput: `name string, data_type DataType, dims int64*, reshape ModelTensorReshape, label_filename string,
    is_shape_tensor bool, is_non_linear_format_io bool`,
  ModelTensorReshape: 'shape int64*',
  BatchInput: 'kind BatchInputKind, target_name string*, data_type DataType, source_input string*',
  BatchOutput: 'target_name string*, kind BatchOutputKind, source_input string*',
  ModelVersionPolicy: 'latest VersionLatest, all VersionAll, specific VersionSpecific',
  VersionLatest: 'num_versions uint32',
  VersionAll: '',
  VersionSpecific: 'versions int64*',
  ModelInstanceGroup: `name string, kind InstanceKind, count int32, rate_limiter ModelRateLimiter, gpus int32*,
    secondary_devices SecondaryDevice*, profile string*, passive bool, host_policy string`,
  ModelRateLimiter: 'resources RateLimiterResource*, priority uint32',
  RateLimiterResource: 'name string, global bool, count uint32',
  SecondaryDevice: 'kind SecondaryDeviceKind, device_id int64',
  ModelOptimizationPolicy: `graph OptimizationGraph, priority ModelPriority, cuda OptimizationCuda,
    execution_accelerators ExecutionAccelerators, input_pinned_memory PinnedMemoryBuffer,
    output_pinned_memory PinnedMemoryBuffer, gather_kernel_buffer_threshold uint32, eager_batching bool`,
  OptimizationGraph: 'level int32',
  OptimizationCuda: 'graphs bool, busy_wait_events bool, graph_spec CudaGraphSpec*, output_copy_stream bool',
  CudaGraphSpec: 'batch_size int32, input map.CudaShape*, graph_lower_bound CudaLowerBound',
  CudaLowerBound: 'batch_size int32, input map.CudaShape*',
  CudaShape: 'dim int64*',
  ExecutionAccelerators: 'gpu_execution_accelerator Accelerator*, cpu_execution_accelerator Accelerator*',
  Accelerator: 'name string, parameters map.string*',
  PinnedMemoryBuffer: 'enable bool',
  ModelDynamicBatching: `preferred_batch_size int32*, max_queue_delay_microseconds uint64, preserve_ordering bool,
    priority_levels uint64, default_priority_level uint64, default_queue_policy ModelQueuePolicy,
    priority_queue_policy map.ModelQueuePolicy*`,
  ModelQueuePolicy: `timeout_action TimeoutAction, default_timeout_microseconds uint64, allow_timeout_override bool,
    max_queue_size uint32`,
  ModelSequenceBatching: `max_sequence_idle_microseconds uint64, control_input ControlInput*, state SequenceState*,
    direct StrategyDirect, oldest StrategyOldest, iterative_sequence bool`,
  ControlInput: 'name string, control SequenceControl*',
  SequenceControl: `kind ControlKind, int32_false_true int32*, fp32_false_true float*, bool_false_true bool*,
    data_type DataType`,
  SequenceState: `input_name string, output_name string, data_type DataType, dims int64*, initial_state InitialState*,
    use_same_buffer_for_input_output bool, use_growable_memory bool`,
  InitialState: 'data_type DataType, dims int64*, zero_data bool, data_file string, name string',
  StrategyDirect: 'max_queue_delay_microseconds uint64, minimum_slot_utilization float',
  StrategyOldest: `max_candidate_sequences int32, preferred_batch_size int32*, max_queue_delay_microseconds uint64,
    preserve_ordering bool`,
  ModelEnsembling: 'step EnsembleStep*, max_inflight_requests uint32',
  EnsembleStep: `model_name string, model_version int64, input_map map.string*, output_map map.string*,
    model_namespace string`,
  ModelParameter: 'string_value string',
  ModelWarmup: 'name string, batch_size uint32, inputs map.WarmupInput*, count uint32',
  WarmupInput: 'data_type DataType, dims int64*, zero_data bool, random_data bool, input_data_file string',
  ModelOperations: 'op_library_filename string*',
  ModelTransactionPolicy: 'decoupled bool',
  ModelRepositoryAgents: 'agents RepositoryAgent*',
  RepositoryAgent: 'name string, parameters map.string*',
  ModelResponseCache: 'enable bool',
  ModelMetrics: 'metric_control MetricControl*',
  MetricControl: 'metric_identifier MetricIdentifier, histogram_options HistogramOptions',
  MetricIdentifier: 'family string',
  HistogramOptions: 'buckets float*',
};

const enumerations: Readonly<Record<string, string>> = {
  DataType: `TYPE_INVALID TYPE_BOOL TYPE_UINT8 TYPE_UINT16 TYPE_UINT32 TYPE_UINT64 TYPE_INT8 TYPE_INT16 TYPE_INT32
    TYPE_INT64 TYPE_FP16 TYPE_FP32 TYPE_FP64 TYPE_STRING TYPE_BF16`,
  InputFormat: 'FORMAT_NONE FORMAT_NHWC FORMAT_NCHW',
  InstanceKind: 'KIND_AUTO KIND_GPU KIND_CPU KIND_MODEL',
  SecondaryDeviceKind: 'KIND_NVDLA',
  BatchInputKind: `BATCH_ELEMENT_COUNT BATCH_ACCUMULATED_ELEMENT_COUNT BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO
    BATCH_MAX_ELEMENT_COUNT_AS_SHAPE BATCH_ITEM_SHAPE BATCH_ITEM_SHAPE_FLATTEN`,
  BatchOutputKind: 'BATCH_SCATTER_WITH_INPUT_SHAPE',
  ModelPriority: 'PRIORITY_DEFAULT PRIORITY_MAX PRIORITY_MIN',
  TimeoutAction: 'REJECT DELAY',
  ControlKind: 'CONTROL_SEQUENCE_START CONTROL_SEQUENCE_READY CONTROL_SEQUENCE_END CONTROL_SEQUENCE_CORRID',
};

interface FieldType {
  readonly type: string;
  readonly repeated: boolean;
}

/** Field names to types, by message. */
const fieldTypes = new Map(
  Object.entries(messages).map(([message, fields]) => [
    message,
    new Map(
      fields
        .split(',')
        .map((field) => field.trim().split(/\s+/))
        .flatMap(([name, type]): [string, FieldType][] =>
          name === undefined || type === undefined
            ? []
            : [[name, { type: type.replace('*', ''), repeated: type.endsWith('*') }]],
        ),
    ),
  ]),
);

const enumerators = new Map(Object.entries(enumerations).map(([name, values]) => [name, values.split(/\s+/)]));

interface Check {
  readonly problems: ProblemList;
  /** Words in capitals where a number is due. */
  readonly placeholders: string[];
}

/**
 * Reports what Triton would refuse in a ModelConfig, and fields it does not know, as warnings: a newer one may.
 * @returns the words that seem to stand for numbers still to be filled in; they are no problems
 */
export function checkModelConfig(fields: readonly TextField[], problems: ProblemList): readonly string[] {
  const placeholders: string[] = [];
  checkMessage('ModelConfig', fields, { problems, placeholders });
  return placeholders;
}

/** ModelConfig's own fields that other messages have, too, so that they tell little. */
const commonNames = new Set([
  'name',
  'input',
  'output',
  'platform',
  'backend',
  'runtime',
  'parameters',
  'optimization',
]);

/**
 * Whether a text is meant as a ModelConfig: label maps, graphs and other programs' settings also end in .pbtxt, and some
 * of them have a "name" or an "input" as well.
 */
export function looksLikeModelConfig(fields: readonly TextField[]): boolean {
  const known = fieldTypes.get('ModelConfig');
  const own = fields.filter((field) => known?.has(field.name) === true);
  if (own.length === 0) return false;
  if (own.length === fields.length) return own.some(({ name }) => !commonNames.has(name)) || !own.some(isFlow);
  const fitting = own.filter((field) => fits(known?.get(field.name)?.type ?? '', field));
  if (fitting.some((field) => !commonNames.has(field.name) || isTensor(field))) return true;
  // One field of an unknown name may be a slip of the pen.
  return new Set(fitting.map((field) => field.name)).size >= fields.length - own.length;
}

function fits(type: string, field: TextField): boolean {
  const isMessage = type.startsWith('map.') || fieldTypes.has(type);
  return (
    field.values.length > 0 &&
    field.values.every(({ kind }) => (kind === 'message') === isMessage && (kind === 'string') === (type === 'string'))
  );
}

/** An input or output by its name alone, as build rules and graphs have them. */
function isFlow({ name, values }: TextField): boolean {
  return (name === 'input' || name === 'output') && values.some(({ kind }) => kind === 'string');
}

/** An input or output as only Triton has them. */
function isTensor({ name, values }: TextField): boolean {
  if (name !== 'input' && name !== 'output') return false;
  return values.some(
    (value) => value.kind === 'message' && value.fields.some((field) => ['data_type', 'dims'].includes(field.name)),
  );
}

/** The enumerator that a value names, by name or number; undefined for none. */
export function enumerator(enumeration: string, value: TextValue | undefined): string | undefined {
  const names = enumerators.get(enumeration) ?? [];
  if (value?.kind === 'identifier') return names.find((name) => name === value.value);
  return value?.kind === 'number' && value.integer ? names[value.value] : undefined;
}

function checkMessage(message: string, fields: readonly TextField[], check: Check): void {
  checkFields(message, fieldTypes.get(message), fields, check);
}

function checkFields(
  message: string,
  known: ReadonlyMap<string, FieldType> | undefined,
  fields: readonly TextField[],
  check: Check,
): void {
  const seen = new Set<string>();
  for (const field of fields) {
    const type = known?.get(field.name);
    if (type === undefined) {
      check.problems.warning(unknownField(message, field.name, [...(known?.keys() ?? [])]), field);
      continue;
    }
    if (!type.repeated && (seen.has(field.name) || field.values.length > 1)) {
      check.problems.error(`"${field.name}" is given more than once.`, field);
    }
    if (!type.repeated && field.isList && field.values.length < 2) {
      check.problems.error(`"${field.name}" takes one value and no list.`, field);
    }
    seen.add(field.name);
    for (const value of field.values) checkValue(field.name, type.type, value, check);
  }
}

function unknownField(message: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const question = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return `${message} has no field ${quote(name)}.${question} Triton refuses a config with a field that it does not know, and only a newer one may know it.`;
}

function checkValue(name: string, type: string, value: TextValue, check: Check): void {
  if (type.startsWith('map.')) {
    if (value.kind !== 'message') check.problems.error(`"${name}" takes entries: { key: ... value: ... }.`, value);
    else checkEntry(name, type.slice('map.'.length), value.fields, check);
  } else if (fieldTypes.has(type)) {
    if (value.kind === 'message') checkMessage(type, value.fields, check);
    else check.problems.error(`"${name}" takes a message in braces.`, value);
  } else if (enumerators.has(type)) {
    checkEnumerator(name, type, value, check);
  } else if (isNumeric(type) && value.kind === 'identifier' && isLeftToFillIn(value.value)) {
    check.placeholders.push(value.value);
  } else if (!isScalar(type, value)) {
    check.problems.error(`"${name}" takes ${scalarWords[type] ?? type}.`, value);
  }
}

function checkEntry(name: string, type: string, fields: readonly TextField[], check: Check): void {
  const known = new Map<string, FieldType>([
    // Queues are told apart by their priority, all else by name.
    ['key', { type: type === 'ModelQueuePolicy' ? 'uint64' : 'string', repeated: false }],
    ['value', { type, repeated: false }],
  ]);
  checkFields(`An entry of "${name}"`, known, fields, check);
}

function checkEnumerator(name: string, enumeration: string, value: TextValue, check: Check): void {
  if (enumerator(enumeration, value) !== undefined) return;
  const names = enumerators.get(enumeration) ?? [];
  if (value.kind === 'identifier') {
    check.problems.error(`${quote(value.value)} is no value of "${name}". It takes ${names.join(', ')}.`, value);
  } else if (!isScalar('int32', value)) {
    // Numbers without a name are kept, as protobuf does.
    check.problems.error(`"${name}" takes one of ${names.join(', ')}, without quotes.`, value);
  }
}

const scalarWords: Readonly<Record<string, string>> = {
  string: 'a string in quotes',
  bool: 'true or false',
  int32: 'a whole number of 32 bits',
  int64: 'a whole number',
  uint32: 'a whole number of 32 bits that is not negative',
  uint64: 'a whole number that is not negative',
  float: 'a number',
};

/** KIND_GPU where the count is due is a slip; MAX_COUNT stands for a number. */
function isLeftToFillIn(word: string): boolean {
  return isPlaceholderWord(word) && ![...enumerators.values()].some((names) => names.includes(word));
}

function isNumeric(type: string): boolean {
  return type !== 'string' && type !== 'bool';
}

function isScalar(type: string, value: TextValue): boolean {
  if (type === 'string') return value.kind === 'string';
  if (type === 'bool') return booleanOf(value) !== undefined;
  if (value.kind !== 'number') return false;
  if (type === 'float') return true;
  if (!value.integer || (type.startsWith('u') && value.value < 0)) return false;
  const bits = BigInt(type.endsWith('32') ? 32 : 64);
  const limit = 2n ** (type.startsWith('u') ? bits : bits - 1n);
  const exact = value.exact ?? BigInt(value.value);
  return exact < limit && exact >= -limit;
}

/** As protobuf reads booleans: true, t, True, 1 and their opposites. */
export function booleanOf(value: TextValue | undefined): boolean | undefined {
  if (value?.kind === 'identifier') {
    if (['true', 't', 'True'].includes(value.value)) return true;
    return ['false', 'f', 'False'].includes(value.value) ? false : undefined;
  }
  if (value?.kind === 'number' && value.integer && (value.value === 0 || value.value === 1)) return value.value === 1;
  return undefined;
}
