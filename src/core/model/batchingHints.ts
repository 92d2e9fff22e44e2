import { formatList } from '../view/format.ts';
import { triton, type Fix, type Hint, type Reading } from './hint.ts';
import { insertAfter, removeFields, replaceRange, type TextEdit } from './textEdits.ts';
import { allOf, fieldsOf, last, stringOf } from './textFields.ts';
import type { TextField, TextValue } from './textProto.ts';
import { tokenNames } from './tritonTask.ts';
import { booleanOf } from './tritonSchema.ts';

/**
 * What keeps Triton from running requests together.
 *
 * Sources: Triton's user guide, "Batchers", "Ragged Batching" and "Maximum Batch Size"; and its code: without a scheduler
 * of its own a model gets one that batches nothing (core, src/backend_model.cc, SetConfiguredScheduler), and the ONNX
 * Runtime backend adds dynamic batching to a config only where inputs or outputs are left out (onnxruntime_backend,
 * src/onnxruntime.cc, AutoCompleteConfig), which a config that is known to be a text classifier's does not.
 */
export function batchingHints(reading: Reading): Hint[] {
  const rules = [noBatching, dynamicBatchingOff, preferredBatchSize, variableLength];
  return rules.flatMap((rule) => rule(reading) ?? []);
}

/** What is proposed where the config says nothing; people then put in what their model takes. */
const proposedBatchSize = 8;
const proposedLength = 128;

/** Of a Python model the config is not all that counts. */
function unless(reading: Reading, does: string): string {
  return reading.backend === 'python' ? ` (Unless "auto_complete_config" of model.py ${does}.)` : '';
}

function noBatching(reading: Reading): Hint | undefined {
  if (reading.model.maxBatchSize !== 0) return undefined;
  const stated = reading.fields.findLast(({ name }) => name === 'max_batch_size');
  const marked = stated ?? reading.fields.find(({ name }) => name === 'name') ?? reading.fields[0];
  if (marked === undefined) return undefined;
  const what = stated === undefined ? 'There is no "max_batch_size"' : '"max_batch_size" is 0';
  const fix = batchInConfig(reading, stated, marked);
  return {
    code: 'no-batching',
    severity: 'information',
    message: `${what}, so Triton never runs requests together, which costs throughput under load. If the model takes several texts at once, state how many, and leave their dimension out of "dims".${unless(reading, 'states it')}`,
    start: marked.start,
    end: stated === undefined ? marked.end : endOfValues(stated),
    docs: triton.maximumBatchSize,
    fixes: fix === undefined ? [] : [fix],
  };
}

/** Only where every tensor has a dimension of any size before others: that is what Triton takes for the batch. */
function batchInConfig({ text, fields }: Reading, stated: TextField | undefined, anchor: TextField): Fix | undefined {
  const tensors = [...allOf(fields, 'input'), ...allOf(fields, 'output')].map(fieldsOf);
  const edits = tensors.map((tensor) => withoutFirstDimension(text, tensor));
  if (edits.includes(undefined)) return undefined;
  const size = `max_batch_size: ${String(proposedBatchSize)}`;
  const value = stated?.values.at(-1);
  const sized = value === undefined ? insertAfter(text, anchor, size) : replaceRange(value, String(proposedBatchSize));
  return {
    title: `Let Triton batch up to ${String(proposedBatchSize)} texts: ${size}, and dims without the batch`,
    isPreferred: false,
    edits: [sized, ...edits.flatMap((edit) => edit ?? [])],
  };
}

function withoutFirstDimension(text: string, tensor: readonly TextField[]): TextEdit[] | undefined {
  const dims = allOf(tensor, 'dims');
  const [first] = dims;
  if (dims.length < 2 || first?.kind !== 'number' || first.value !== -1) return undefined;
  if (tensor.some(({ name }) => name === 'reshape')) return undefined;
  const field = tensor.find(({ name, values }) => name === 'dims' && values.length > 0);
  const second = field?.values[1];
  if (field === undefined) return undefined;
  if (second === undefined) return removeFields(text, [field]);
  // A comment between the two would go with the first.
  if (text.slice(first.end, second.start).includes('#')) return undefined;
  return [{ offset: first.start, length: second.start - first.start, text: '' }];
}

function dynamicBatchingOff(reading: Reading): Hint | undefined {
  const { model, fields, text } = reading;
  const size = fields.findLast(({ name }) => name === 'max_batch_size');
  const largest = model.maxBatchSize ?? 0;
  if (size === undefined || largest < 2 || fields.some(({ name }) => name === 'dynamic_batching')) return undefined;
  return {
    code: 'dynamic-batching-off',
    severity: 'information',
    message: `Dynamic batching is off, so Triton runs each request by itself, although the model takes ${String(largest)} texts at once; that costs throughput as soon as requests overlap. Add "dynamic_batching { }": it waits for nothing, and runs together what is there.${unless(reading, 'turns it on')}`,
    start: size.start,
    end: endOfValues(size),
    docs: triton.dynamicBatcher,
    fixes: [
      {
        title: 'Turn dynamic batching on: dynamic_batching { }',
        isPreferred: true,
        edits: [insertAfter(text, size, 'dynamic_batching { }')],
      },
    ],
  };
}

/**
 * Triton's guide advises against it for most models, and makes an exception for TensorRT models with optimization profiles
 * for some batch sizes. The largest batch alone is what Triton takes where nothing is said, so that cuts nothing.
 */
function preferredBatchSize({ model, backend, fields, text }: Reading): Hint | undefined {
  const sizes = model.dynamicBatching?.preferredBatchSizes ?? [];
  const largest = model.maxBatchSize ?? 0;
  const cut = cutBatch(sizes, largest);
  if (cut === undefined) return undefined;
  if (backend === null || backend === 'tensorrt' || usesTensorRt(fields)) return undefined;
  const stated = fieldsOf(last(fields, 'dynamic_batching')).filter(({ name }) => name === 'preferred_batch_size');
  const [first] = stated;
  if (first === undefined) return undefined;
  return {
    code: 'preferred-batch-size',
    severity: 'information',
    message: `Triton cuts batches to the preferred sizes: of ${String(cut.waiting)} texts that wait it runs ${String(cut.run)} first, although all would fit, which costs throughput. Leave "preferred_batch_size" out, as Triton's documentation advises for all but TensorRT models with several optimization profiles: then a batch takes all that waits.`,
    start: first.start,
    end: endOfValues(first),
    docs: triton.preferredBatchSizes,
    fixes: [{ title: 'Remove "preferred_batch_size"', isPreferred: true, edits: removeFields(text, stated) }],
  };
}

/** The most texts that would fit into one batch and do not go together; undefined where the sizes cut nothing. */
function cutBatch(sizes: readonly number[], largest: number): { waiting: number; run: number } | undefined {
  const preferred = new Set(sizes);
  let waiting = largest;
  while (preferred.has(waiting)) waiting -= 1;
  const smaller = [...preferred].filter((size) => size < waiting);
  return smaller.length === 0 ? undefined : { waiting, run: Math.max(...smaller) };
}

/** Whether ONNX Runtime is told to use TensorRT, whose engines may have profiles of their own. */
function usesTensorRt(fields: readonly TextField[]): boolean {
  const accelerators = fieldsOf(last(fieldsOf(last(fields, 'optimization')), 'execution_accelerators'));
  return allOf(accelerators, 'gpu_execution_accelerator').some(
    (accelerator) => stringOf(last(fieldsOf(accelerator), 'name')) === 'tensorrt',
  );
}

/**
 * Unless an input may be ragged, the batcher ends a batch where the next request's input has another shape. Whether requests
 * come with other shapes is up to those who send them: usually they pad to a few lengths.
 */
function variableLength(reading: Reading): Hint | undefined {
  const { model, backend, fields } = reading;
  if (model.dynamicBatching === null || (model.maxBatchSize ?? 0) < 2) return undefined;
  const varying = allOf(fields, 'input').map(fieldsOf).filter(variesInLength);
  const dims = varying[0]?.find(({ name }) => name === 'dims');
  if (dims === undefined) return undefined;
  const names = formatList([...new Set(varying.map((input) => `"${stringOf(last(input, 'name')) ?? ''}"`))]);
  const ragged = backend === 'python' ? ', or allow ragged batches and let model.py pad them' : '';
  return {
    code: 'variable-length',
    severity: 'hint',
    message: `Triton runs requests together only where ${names} are of the same length in each, and here the length may vary. Whether that costs throughput depends on who sends them: nothing is lost where texts are padded to a few lengths (such as 64, 128 and 256) when they become tokens; where each keeps a length of its own, few are batched. Then pad them${ragged}.`,
    start: dims.start,
    end: endOfValues(dims),
    docs: triton.raggedBatching,
    fixes: [fixedLength(reading, varying), ...(backend === 'python' ? [raggedBatches(reading, varying)] : [])],
  };
}

function variesInLength(input: readonly TextField[]): boolean {
  return (
    tokenNames.has(stringOf(last(input, 'name')) ?? '') &&
    booleanOf(last(input, 'allow_ragged_batch')) !== true &&
    varyingDimensions(input).length > 0
  );
}

function varyingDimensions(input: readonly TextField[]): TextValue[] {
  return allOf(input, 'dims').filter((value) => value.kind === 'number' && value.value === -1);
}

function fixedLength({ model }: Reading, varying: readonly (readonly TextField[])[]): Fix {
  const length = String(model.fixedLength ?? proposedLength);
  return {
    title: `Fix the length at ${length} tokens, which clients then pad and cut to`,
    isPreferred: false,
    edits: varying.flatMap(varyingDimensions).map((value) => replaceRange(value, length)),
  };
}

/**
 * A Python model gets each request's tensors by themselves. ONNX Runtime's backend would put them one behind the other into
 * one dimension, which no usual export takes, so that it is not proposed there.
 */
function raggedBatches({ text }: Reading, varying: readonly (readonly TextField[])[]): Fix {
  return {
    title: 'Allow ragged batches, which model.py then must pad',
    isPreferred: false,
    edits: varying.flatMap((input) => {
      const refused = last(input, 'allow_ragged_batch');
      if (refused !== undefined) return [replaceRange(refused, 'true')];
      const dims = input.findLast(({ name }) => name === 'dims');
      return dims === undefined ? [] : [insertAfter(text, dims, 'allow_ragged_batch: true')];
    }),
  };
}

function endOfValues({ values, end }: TextField): number {
  return values.at(-1)?.end ?? end;
}
