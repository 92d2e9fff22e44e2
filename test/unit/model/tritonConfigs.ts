import type { ParsedModel } from '../../../src/core/model.ts';

export const tokenInputs = `
input [
  { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] },
  { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] }
]`;
export const logits = 'output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]';

/** In the styles that people write them, each with what it says. */
export const classifiers: Readonly<Record<string, { text: string; says: Partial<ParsedModel> }>> = {
  'as Topology Bench writes it': {
    text: `name: "tiny-sentiment"
backend: "python"
max_batch_size: 32
input [ { name: "text" data_type: TYPE_STRING dims: [ 1 ] } ]
output [
  { name: "label" data_type: TYPE_STRING dims: [ 1 ] },
  { name: "score" data_type: TYPE_FP32 dims: [ 1 ] },
  { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] }
]
instance_group [ { kind: KIND_CPU count: 2 } ]
dynamic_batching { max_queue_delay_microseconds: 0 }
model_warmup [ {
  name: "one empty text"
  batch_size: 1
  inputs { key: "text" value { data_type: TYPE_STRING dims: [ 1 ] zero_data: true } }
} ]
parameters { key: "TOPOLOGY_BENCH_PROVIDER" value { string_value: "cpu" } }
`,
    says: {
      name: 'tiny-sentiment',
      backend: 'python',
      maxBatchSize: 32,
      instances: 2,
      instanceKind: 'cpu',
      labelCount: 2,
      dynamicBatching: { preferredBatchSizes: [], maxQueueDelayMicroseconds: 0 },
      lensOffset: 0,
    },
  },
  'a platform, indented lists, a license header': {
    text: `# Copyright someone
# All rights reserved.

name: "distilbert"
platform: "onnxruntime_onnx"
max_batch_size: 16
input [
    {
        name: "input_ids"
        data_type: TYPE_INT64
        dims: [ -1 ]
    },
    {
        name: "attention_mask"
        data_type: TYPE_INT64
        dims: [ -1 ]
    }
]
output [
    {
        name: "logits"
        data_type: TYPE_FP32
        dims: [ 2 ]
    }
]
`,
    says: {
      name: 'distilbert',
      backend: 'onnxruntime',
      maxBatchSize: 16,
      dynamicBatching: null,
      instances: 1,
      lensOffset: 44,
    },
  },
  'repeated fields instead of lists': {
    text: `name: "repeated"
input { name: "input_ids" data_type: TYPE_INT64 dims: -1 }
input { name: "attention_mask" data_type: TYPE_INT64 dims: -1 }
output { name: "logits" data_type: TYPE_FP32 dims: 3 }
max_batch_size: 8
dynamic_batching { preferred_batch_size: 4 preferred_batch_size: 8 max_queue_delay_microseconds: 500 }
instance_group { count: 1 kind: KIND_GPU gpus: 0 }
instance_group { count: 2 kind: KIND_GPU gpus: [ 1 ] }`,
    says: {
      labelCount: 3,
      instances: 3,
      instanceKind: 'gpu',
      dynamicBatching: { preferredBatchSizes: [4, 8], maxQueueDelayMicroseconds: 500 },
    },
  },
  'colons before messages': {
    text: `name: "colons", max_batch_size: 4
input: [ { name: "input_ids", data_type: TYPE_INT64, dims: [ -1 ] }, { name: "attention_mask", data_type: TYPE_INT64, dims: [ -1 ] } ]
output: { name: "logits", data_type: TYPE_FP32, dims: [ 2 ] }
dynamic_batching: { }`,
    says: { name: 'colons', dynamicBatching: { preferredBatchSizes: [], maxQueueDelayMicroseconds: 0 } },
  },
  'angle brackets and semicolons': {
    text: `name: 'angles'; max_batch_size: 2;
input < name: 'input_ids'; data_type: TYPE_INT32; dims: [-1]; >
input < name: 'attention_mask'; data_type: TYPE_INT32; dims: [-1]; >
output < name: 'logits'; data_type: TYPE_FP16; dims: [5]; >`,
    says: { name: 'angles', maxBatchSize: 2, labelCount: 5 },
  },
  'all on one line': {
    text: `name:"one" max_batch_size:1 input[{name:"text" data_type:TYPE_STRING dims:[1]}]output[{name:"logits" data_type:TYPE_FP32 dims:[2]}]`,
    says: { name: 'one', maxBatchSize: 1, labelCount: 2 },
  },
  'hexadecimal and octal numbers': {
    text: `name: "radix" max_batch_size: 0x10 ${tokenInputs} output { name: "logits" data_type: TYPE_FP32 dims: 02 }`,
    says: { maxBatchSize: 16, labelCount: 2 },
  },
  'strings in pieces, with escapes': {
    text: `name: "pie" 'ces' "\\x2d\\101\\u00e9"
${tokenInputs} ${logits} max_batch_size: 1`,
    says: { name: 'pieces-Aé' },
  },
  'enumerations as numbers': {
    text: `name: "numbers" max_batch_size: 1
input { name: "text" data_type: 13 dims: 1 } output { name: "logits" data_type: 11 dims: 2 } instance_group { kind: 2 }`,
    says: { labelCount: 2, instanceKind: 'cpu', instances: 1 },
  },
  'without batching, the batch among the dimensions': {
    text: `name: "unbatched" max_batch_size: 0
input { name: "input_ids" data_type: TYPE_INT64 dims: [ -1, -1 ] }
input { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1, -1 ] }
output { name: "logits" data_type: TYPE_FP32 dims: [ -1, 4 ] }`,
    says: { maxBatchSize: 0, labelCount: 4, fixedLength: null },
  },
  'fixed length, third input, label file, version policy and accelerators': {
    text: `name: "full"
backend: "onnxruntime"
default_model_filename: "model_quantized.onnx"
max_batch_size: 64
input [
  { name: "input_ids" data_type: TYPE_INT64 dims: [ 128 ] },
  { name: "attention_mask" data_type: TYPE_INT64 dims: [ 128 ] },
  { name: "token_type_ids" data_type: TYPE_INT64 dims: [ 128 ] }
]
output [ { name: "output_0" data_type: TYPE_FP32 dims: [ 6 ] label_filename: "labels.txt" } ]
version_policy: { latest: { num_versions: 1 } }
optimization { execution_accelerators {
  gpu_execution_accelerator : [ { name : "tensorrt" parameters { key: "precision_mode" value: "FP16" } } ]
} }
parameters { key: "intra_op_thread_count" value: { string_value: "1" } }
response_cache { enable: true }
instance_group [ { count: 4 kind: KIND_CPU } ]`,
    says: {
      modelFileName: 'model_quantized.onnx',
      fixedLength: 128,
      labelFileName: 'labels.txt',
      labelCount: 6,
      instances: 4,
    },
  },
  'two classes behind an output that nobody named': {
    text: `name: "exported" backend: "onnxruntime" max_batch_size: 8 ${tokenInputs} output { name: "output" data_type: TYPE_FP32 dims: [ 2 ] }`,
    says: { labelCount: 2 },
  },
  'the same, numbered, with the batch among the dimensions': {
    text: `name: "exported" backend: "onnxruntime" ${tokenInputs.replaceAll('-1', '-1, -1')} output { name: "OUTPUT__0" data_type: TYPE_FP16 dims: [ -1, 2 ] }`,
    says: { labelCount: 2, maxBatchSize: 0 },
  },
  'optional inputs beside the text': {
    text: `name: "optional" backend: "python" max_batch_size: 8
input [ { name: "sentence" data_type: TYPE_STRING dims: [ 1 ] }, { name: "top_k" data_type: TYPE_INT32 dims: [ 1 ] optional: true } ]
output [ { name: "sentiment" data_type: TYPE_STRING dims: [ 1 ] }, { name: "confidence" data_type: TYPE_FP32 dims: [ 1 ] } ]`,
    says: { labelCount: null, task: 'text-classification' },
  },
  'the label by its number, with its confidence': {
    text: `name: "numbered" backend: "python" max_batch_size: 8 input { name: "raw_text" data_type: TYPE_STRING dims: 1 }
output [ { name: "label" data_type: TYPE_INT64 dims: 1 }, { name: "confidence" data_type: TYPE_FP32 dims: 1 } ]`,
    says: { labelCount: null, backend: 'python' },
  },
  'named after what only looks like a task of two texts': {
    text: `name: "granlid_mood_qqpx" max_batch_size: 8 ${tokenInputs} ${logits}`,
    says: { labelCount: 2 },
  },
  'any number of comments, with the numbers of their classes': {
    text: `name: "many" backend: "python" input { name: "COMMENTS" data_type: TYPE_STRING dims: -1 }
output [ { name: "CLASS_ID" data_type: TYPE_INT32 dims: -1 }, { name: "CONFIDENCE_SCORE" data_type: TYPE_FP32 dims: -1 } ]`,
    says: { labelCount: null, maxBatchSize: 0 },
  },
  'a name with the classes and one for the label': {
    text: `name: "both" backend: "python" max_batch_size: 8 input { name: "tweet" data_type: TYPE_STRING dims: 1 }
output [ { name: "class_name" data_type: TYPE_STRING dims: 1 }, { name: "output_probs" data_type: TYPE_FP32 dims: 5 } ]`,
    says: { labelCount: 5 },
  },
  'queue policies, priorities and a rate limiter': {
    text: `name: "queue" max_batch_size: 8 ${tokenInputs} ${logits}
dynamic_batching {
  preferred_batch_size: [ 4, 8 ]
  max_queue_delay_microseconds: 100
  preserve_ordering: true
  priority_levels: 2
  default_priority_level: 1
  default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 100000 allow_timeout_override: t max_queue_size: 64 }
  priority_queue_policy { key: 2 value: { timeout_action: DELAY } }
}
instance_group [ { kind: KIND_CPU count: 2 rate_limiter { resources [ { name: "R1" count: 4 }, { name: "R2" global: True count: 2 } ] priority: 2 } } ]`,
    says: { dynamicBatching: { preferredBatchSizes: [4, 8], maxQueueDelayMicroseconds: 100 }, instances: 2 },
  },
  'Windows line ends and tabs': {
    text: `name: "windows"\r\nmax_batch_size:\t8\r\n# comment\r\n${tokenInputs.replaceAll('\n', '\r\n')}\r\n${logits}\r\n`,
    says: { name: 'windows', maxBatchSize: 8 },
  },
  'a comment at the end without a line end, and one in a list': {
    text: `name: "comments" max_batch_size: 1 ${tokenInputs}
output [ # the only one
  { name: "logits" data_type: TYPE_FP32 dims: [ # two
    2 ] } ]
# the end`,
    says: { name: 'comments', labelCount: 2 },
  },
};

/** They look like one, and each has its reason in words. */
export const lookAlikes: Readonly<Record<string, { text: string; why: string }>> = {
  'a token classifier': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "logits" data_type: TYPE_FP32 dims: [ -1, 9 ] }`,
    why: 'more than one number for each label',
  },
  'a reranker': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "logits" data_type: TYPE_FP32 dims: [ 1 ] }`,
    why: 'one number only',
  },
  'an embedding model': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "last_hidden_state" data_type: TYPE_FP32 dims: [ -1, 384 ] }`,
    why: '"last_hidden_state"',
  },
  'a sentence embedding behind a text': {
    text: `max_batch_size: 8 input { name: "text" data_type: TYPE_STRING dims: 1 } output { name: "embedding" data_type: TYPE_FP32 dims: 384 }`,
    why: '"embedding"',
  },
  'an embedding behind an output that nobody named': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "output" data_type: TYPE_FP32 dims: [ 384 ] }`,
    why: '"output"',
  },
  'a score behind an output that nobody named': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "output_0" data_type: TYPE_FP32 dims: [ 1 ] }`,
    why: '"output_0"',
  },
  'three numbers that may be traits rather than classes': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "output" data_type: TYPE_FP32 dims: [ 3 ] }`,
    why: '"output"',
  },
  'a place for a text': {
    text: `max_batch_size: 8 backend: "python" input { name: "text" data_type: TYPE_STRING dims: 1 } output { name: "output" data_type: TYPE_FP32 dims: 2 }`,
    why: '"output"',
  },
  'two whole numbers': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "output" data_type: TYPE_INT64 dims: [ 2 ] }`,
    why: '"output"',
  },
  'a question answerer': {
    text: `max_batch_size: 8 ${tokenInputs} output [ { name: "start_logits" data_type: TYPE_FP32 dims: 384 }, { name: "end_logits" data_type: TYPE_FP32 dims: 384 } ]`,
    why: '"start_logits", "end_logits"',
  },
  'a language model': {
    text: `max_batch_size: 8 backend: "python" input { name: "text_input" data_type: TYPE_STRING dims: 1 } output { name: "text_output" data_type: TYPE_STRING dims: -1 } model_transaction_policy { decoupled: true }`,
    why: 'any number of responses',
  },
  'a text generator that answers once': {
    text: `max_batch_size: 8 backend: "python" input { name: "text" data_type: TYPE_STRING dims: 1 } output { name: "text_output" data_type: TYPE_STRING dims: -1 }`,
    why: 'text rather than a label',
  },
  'a label number for each token of a text': {
    text: `max_batch_size: 8 backend: "python" input { name: "text" data_type: TYPE_STRING dims: 1 } output { name: "labels" data_type: TYPE_INT64 dims: -1 }`,
    why: '"labels"',
  },
  'a label number for each token': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "classes" data_type: TYPE_INT32 dims: [ -1 ] }`,
    why: '"classes"',
  },
  'the number of something else': {
    text: `max_batch_size: 8 backend: "python" input { name: "text" data_type: TYPE_STRING dims: 1 } output { name: "length" data_type: TYPE_INT64 dims: 1 }`,
    why: '"length"',
  },
  'a tokenizer': {
    text: `max_batch_size: 8 backend: "python" input { name: "TEXT" data_type: TYPE_STRING dims: 1 } output [ { name: "input_ids" data_type: TYPE_INT64 dims: -1 }, { name: "attention_mask" data_type: TYPE_INT64 dims: -1 } ]`,
    why: '"input_ids"',
  },
  'an ensemble from text to class': {
    text: `name: "pipeline" platform: "ensemble" max_batch_size: 8
input [ { name: "TEXT" data_type: TYPE_STRING dims: [ -1 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 3 ] } ]
ensemble_scheduling {
  step [
    { model_name: "tokenizer" model_version: -1 input_map { key: "TEXT" value: "TEXT" } output_map { key: "ids" value: "ids" } },
    { model_name: "bert" model_version: -1 input_map { key: "ids" value: "ids" } output_map { key: "out" value: "probabilities" } }
  ]
}`,
    why: 'start from the config of the one of its steps "tokenizer", "bert" that is the model',
  },
  'an ensemble of one model, by its scheduling alone': {
    text: `max_batch_size: 8 ${tokenInputs} ${logits}
ensemble_scheduling { step [ { model_name: "bert" model_version: 1 }, { model_name: "bert" model_version: 2 } ] }`,
    why: 'whose model lies in another folder: start from the config of "bert"',
  },
  'an ensemble that names no model': {
    text: `platform: "ensemble" max_batch_size: 8 ${tokenInputs} ${logits}`,
    why: 'it is an ensemble, whose model lies in another folder',
  },
  'an image classifier that decodes bytes': {
    text: `max_batch_size: 8 platform: "ensemble" input { name: "IMAGE" data_type: TYPE_STRING dims: 1 } output { name: "probabilities" data_type: TYPE_FP32 dims: 1000 }`,
    why: '"IMAGE"',
  },
  'an image classifier': {
    text: `max_batch_size: 8 platform: "onnxruntime_onnx" input { name: "data_0" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] } output { name: "logits" data_type: TYPE_FP32 dims: 1000 label_filename: "labels.txt" }`,
    why: '"data_0"',
  },
  'a model of two texts, by its name alone': {
    text: `name: "bart-large-mnli" max_batch_size: 8 ${tokenInputs} output { name: "logits" data_type: TYPE_FP32 dims: 3 }`,
    why: 'two texts',
  },
  'the choice among several texts': {
    text: `max_batch_size: 8 ${tokenInputs.replaceAll('-1', '4, -1')} output { name: "logits" data_type: TYPE_FP32 dims: 4 }`,
    why: 'several rows of token ids',
  },
  'a backend without ONNX': {
    text: `max_batch_size: 8 platform: "tensorrt_plan" ${tokenInputs} ${logits}`,
    why: 'backend "tensorrt"',
  },
  'unstated number of labels': {
    text: `max_batch_size: 8 ${tokenInputs} output { name: "logits" data_type: TYPE_FP32 dims: -1 }`,
    why: 'does not say how many labels',
  },
  'nothing stated at all': { text: 'name: "auto" platform: "onnxruntime_onnx" max_batch_size: 8', why: 'not listed' },
  'a decoder': {
    text: `max_batch_size: 8 input [ { name: "input_ids" data_type: TYPE_INT64 dims: -1 }, { name: "attention_mask" data_type: TYPE_INT64 dims: -1 }, { name: "past_key_values.0.key" data_type: TYPE_FP32 dims: [ 12, -1, 64 ] } ] ${logits}`,
    why: '"past_key_values.0.key"',
  },
  'a sequence model': {
    text: `max_batch_size: 8 ${tokenInputs} ${logits} sequence_batching { max_sequence_idle_microseconds: 5000000 }`,
    why: 'keeps state',
  },
  'a pair of texts': {
    text: `max_batch_size: 8 input [ { name: "text" data_type: TYPE_STRING dims: 1 }, { name: "text_b" data_type: TYPE_STRING dims: 1 } ] ${logits}`,
    why: 'rather than one text',
  },
};

/** What it is, the text, how severe, a part of the message, and the part of the text that it marks. */
export const mistakes: readonly (readonly [string, string, 'error' | 'warning', string, string])[] = [
  [
    'an unknown field is a warning',
    'name: "x"\nmax_bath_size: 8',
    'warning',
    'no field "max_bath_size"',
    'max_bath_size',
  ],
  ['an unknown field deep inside', 'instance_group [ { counts: 1 } ]', 'warning', 'no field "counts"', 'counts'],
  [
    'an extension',
    '[my.company.extension] { owner: "team" } name: "x"',
    'warning',
    'no field',
    '[my.company.extension]',
  ],
  [
    'an Any type',
    '[type.googleapis.com/some.Message] { v: 1.5e-3f } name: "x"',
    'warning',
    'no field',
    '[type.googleapis.com/some.Message]',
  ],
  ['a byte order mark', '\uFEFFname: "x"', 'error', 'byte order mark', '\uFEFF'],
  ['a string for a number', 'max_batch_size: "8"', 'error', 'whole number', '"8"'],
  ['a number for a string', 'name: 8', 'error', 'string in quotes', '8'],
  ['no colon before a value', 'name "x"', 'error', 'Expected ":"', 'name'],
  ['an unknown enumerator', 'input { data_type: TYPE_BYTES }', 'error', 'TYPE_STRING', 'TYPE_BYTES'],
  ['an enumerator in quotes', 'input { data_type: "TYPE_FP32" }', 'error', 'without quotes', '"TYPE_FP32"'],
  ['the same field twice', 'name: "a" name: "b"', 'error', 'more than once', 'name'],
  ['a value forgotten before a list', 'max_batch_size:\ninput [ { name: "x" } ]', 'error', 'Expected a value', 'input'],
  ['a value forgotten before a message', 'name:\ndynamic_batching { }', 'error', 'instead of "dyn', 'dynamic_batching'],
  ['a message never closed', 'input { name: "x"', 'error', 'never closed', '{'],
  ['a bracket too many', 'name: "x" }', 'error', 'closes nothing', '}'],
  ['a string not closed', 'name: "x', 'error', 'not closed', '"x'],
  ['a comma at the end of a list', 'input { dims: [ 1, ] }', 'error', 'Expected a value', ']'],
  ['a message where a number is due', 'max_batch_size { }', 'error', 'whole number', '{ }'],
  ['a number where a message is due', 'dynamic_batching: 1', 'error', 'message in braces', '1'],
  ['a kind where the count is due', 'instance_group { count: KIND_GPU }', 'error', 'whole number', 'KIND_GPU'],
  ['a negative batch size', 'max_batch_size: -1', 'error', 'negative', '-1'],
  ['a number too large', 'max_batch_size: 4294967296', 'error', '32 bits', '4294967296'],
  [
    'a number too large by one',
    'dynamic_batching { priority_levels: 18446744073709551616 }',
    'error',
    'not negative',
    '18446744073709551616',
  ],
  ['an enumerator that is no whole number', 'input { data_type: 9f }', 'error', 'without quotes', '9f'],
  ['a list of one where one value is due', 'name: [ "x" ]', 'error', 'no list', 'name'],
  ['an entry without quotes', 'metric_tags { key: team value: "x" }', 'error', 'string in quotes', 'team'],
  ['an entry with more', 'metric_tags { key: "a" value: "b" note: "c" }', 'warning', 'no field "note"', 'note'],
  ['an entry with two values', 'metric_tags { key: "a" value: "b" value: "c" }', 'error', 'more than once', 'value'],
  ['a fraction', 'max_batch_size: 1.5', 'error', 'whole number', '1.5'],
  ['no number', 'max_batch_size: 8x', 'error', 'not a number', '8x'],
  [
    'batches of a model that takes none',
    'max_batch_size: 0 dynamic_batching { preferred_batch_size: [ 4 ] }',
    'error',
    'exceed max_batch_size, 0',
    '4',
  ],
  [
    'batches without a largest',
    'name: "x" dynamic_batching { preferred_batch_size: [ 4 ] }',
    'error',
    'which is 0 where it is not given',
    '4',
  ],
  [
    'batches beyond the largest',
    'max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 4, 16 ] }',
    'error',
    'exceed',
    '16',
  ],
  ['batching without batches', 'name: "x" dynamic_batching { }', 'warning', 'no effect', 'dynamic_batching'],
  [
    'two schedulers',
    'max_batch_size: 1 dynamic_batching { } sequence_batching { }',
    'error',
    'exclude',
    'sequence_batching',
  ],
  ['a slash comment', 'name: "x" // comment', 'error', 'field name', '/'],
  ['stray characters', 'name: "x" @@@', 'error', 'Unexpected text', '@@@'],
  ['an unknown escape', 'name: "\\q"', 'error', 'escape', '\\q'],
  ['a bracket of the wrong kind', 'input { name: "x" >', 'error', 'Expected "}"', '>'],
];
