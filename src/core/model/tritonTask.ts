import type { TextField, TextValue } from './textProto.ts';
import { booleanOf, enumerator } from './tritonSchema.ts';

/**
 * Whether a Triton model is a text classifier, judged by its inputs and outputs alone. It is conservative: a model that
 * only may be one gets no lens, and the reason in words.
 */

export interface Tensor {
  readonly name: string;
  /** e.g. "TYPE_FP32"; "" when absent or unknown. */
  readonly dataType: string;
  readonly dims: readonly number[];
  readonly optional: boolean;
  readonly labelFileName: string | null;
}

export interface Signature {
  readonly name: string | null;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly backend: string | null;
  /** Whether Triton puts the batch's dimension before `dims`. */
  readonly batched: boolean;
  readonly stateful: boolean;
  readonly decoupled: boolean;
  /** Names of the models that an ensemble is made of; null for what is no ensemble. */
  readonly steps: readonly string[] | null;
}

export interface Judgement {
  /** null: it is a text classifier. */
  readonly why: string | null;
  readonly labelCount: number | null;
  readonly labelFileName: string | null;
  readonly fixedLength: number | null;
}

export function whyNoTextClassifier(signature: Signature): Judgement {
  const judged = judge(signature);
  // What a run takes from a config, a model and its batching, an ensemble's has not.
  return judged.why === null && signature.steps !== null ? no(whyEnsemble(signature.steps)) : judged;
}

function judge(signature: Signature): Judgement {
  const { backend } = signature;
  if (backend !== null && !usableBackends.has(backend)) {
    return no(`it runs on the backend "${backend}" rather than on "onnxruntime"`);
  }
  if (signature.name !== null && namesOfPairs.test(signature.name)) {
    return no(`its name, "${signature.name}", is that of a model of two texts`);
  }
  if (signature.stateful) return no('it keeps state from one request to the next (sequence_batching)');
  if (signature.decoupled) return no('it may answer a request with any number of responses (decoupled)');
  const inputs = signature.inputs.filter((input) => !input.optional);
  if (inputs.length === 0 || signature.outputs.length === 0) {
    return no('its inputs and outputs are not listed, so that what it does cannot be told');
  }
  const dims = (tensor: Tensor): readonly number[] =>
    signature.batched || !beginsWithBatch(tensor) ? tensor.dims : tensor.dims.slice(1);
  const form = inputs.every((input) => input.dataType === 'TYPE_STRING') ? textForm : tokenForm;
  return form(inputs, signature.outputs, dims);
}

/** Whether the first of several dimensions is the batch's, or the only one: any number of texts, of labels or of scores. */
function beginsWithBatch({ name, dataType, dims }: Tensor): boolean {
  const isOneEach = dataType === 'TYPE_STRING' || labelNames.test(name) || scoreNames.test(name);
  return dims.length > 1 || (dims[0] === -1 && isOneEach);
}

/** Reads the fields `input` or `output` of a ModelConfig. */
export function readTensors(fields: readonly TextField[], name: 'input' | 'output'): Tensor[] {
  const values = fields.filter((field) => field.name === name).flatMap((field) => field.values);
  return values.flatMap((value) => (value.kind === 'message' ? [readTensor(value.fields)] : []));
}

const usableBackends = new Set(['onnxruntime', 'python', 'ensemble']);

type Dims = (tensor: Tensor) => readonly number[];

/** One string in, a label or its logits out: a tokenizer and the model behind one name. */
function textForm(inputs: readonly Tensor[], outputs: readonly Tensor[], dims: Dims): Judgement {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) return no(`it takes ${names(inputs)} rather than one text`);
  if (!textNames.test(input.name)) return no(`its input "${input.name}" may be any string, not only text to classify`);
  if (dims(input).length > 1 || (dims(input)[0] ?? 1) > 1) {
    return no(`its input "${input.name}" takes several strings a row`);
  }
  const labels = outputs.filter((output) => isLabel(output, dims(output)));
  const scores = outputs.filter((output) => isClasses(output, dims));
  const score = outputs.filter((output) => isOneScore(output, dims));
  const others = outputs.filter((output) => ![labels, scores, score].some((known) => known.includes(output)));
  if (others.length > 0 || labels.length + scores.length === 0) {
    return no(whyOutputs(others.length > 0 ? others : outputs, dims));
  }
  return yes(scores[0], dims, null);
}

/** Token ids in, logits out: the model as it was exported, with the tokenizer elsewhere. */
function tokenForm(inputs: readonly Tensor[], outputs: readonly Tensor[], dims: Dims): Judgement {
  const strange = inputs.filter((input) => !tokenNames.has(input.name));
  if (strange.length > 0) return no(`it takes ${names(strange)}, which is neither one text nor its token ids`);
  const [untyped] = inputs.filter((input) => !integerTypes.has(input.dataType));
  if (untyped !== undefined) {
    return no(
      `its input "${untyped.name}" is ${untyped.dataType || 'of no known type'}; token ids are TYPE_INT64 or TYPE_INT32`,
    );
  }
  for (const needed of ['input_ids', 'attention_mask']) {
    if (!inputs.some((input) => input.name === needed)) return no(`it takes no "${needed}"`);
  }
  const several = inputs.find((input) => dims(input).length > 1);
  if (several !== undefined) return no(`its input "${several.name}" takes several rows of token ids for each answer`);
  const [output] = outputs;
  if (output === undefined || outputs.length > 1) return no(whyOutputs(outputs, dims));
  if (!isClasses(output, dims) && !isPair(output, dims)) return no(whyOutputs(outputs, dims));
  const lengths = inputs.map((input) => dims(input).at(-1) ?? -1);
  const fixed = Math.max(...lengths);
  return yes(output, dims, fixed > 0 ? fixed : null);
}

/** What compares two texts has the inputs and outputs of a classifier; these words stand in the names of nothing else. */
const namesOfPairs =
  /(?:^|[^a-z])(?:[a-z]{0,6}nli|mrpc|qqp|entailment|paraphrase|cross[_-]?encoder|re-?rank(?:er|ing)?|zero[_-]?shot)(?:$|[^a-z])/i;

const textNames =
  /^(?:input_?|raw_?)?(?:texts?|txt|sentences?|paragraphs?|passages?|documents?|reviews?|comments?|messages?|tweets?|headlines?|utterances?|notes?)(?:_?input)?$/i;
export const tokenNames = new Set(['input_ids', 'attention_mask', 'token_type_ids']);
const integerTypes = new Set(['TYPE_INT64', 'TYPE_INT32']);
const floatTypes = new Set(['TYPE_FP32', 'TYPE_FP16', 'TYPE_FP64', 'TYPE_BF16']);
const labelNames =
  /^(?:(?:output|pred(?:icted)?)_?)?(?:labels?|class(?:es)?|(?:label|class)_?(?:id|index|name|label)|sentiment|category|intent|topic|emotion|language)$/i;
const classesNames =
  /^(?:(?:class|label|output|pred(?:icted)?)_?)?(?:logits?|softmax|prob(?:s|abilit(?:y|ies))?|scores)$/i;
const unnamed = /^outputs?(?:_{0,2}0)?$/i;
const scoreNames = /^(?:scores?|confidence(?:_?score)?|prob(?:ability)?)$/i;

/** More classes than this are a vocabulary or an embedding. */
const mostClasses = 1000;

/** The label itself, or its number. */
function isLabel({ name, dataType }: Tensor, sizes: readonly number[]): boolean {
  const isText = dataType === 'TYPE_STRING';
  return (isText || integerTypes.has(dataType)) && labelNames.test(name) && sizes.every((size) => size === 1);
}

/** A vector with a number for each class. */
function isClasses(output: Tensor, dims: Dims): boolean {
  const [size, ...more] = dims(output);
  if (!floatTypes.has(output.dataType) || size === undefined || more.length > 0) return false;
  if (output.labelFileName !== null) return size === -1 || (size >= 2 && size <= mostClasses);
  return classesNames.test(output.name) && size >= 2 && size <= mostClasses;
}

/**
 * Two numbers of an output that exporters did not name: behind token ids those are the logits of two classes. An embedding
 * has dozens of numbers and a score has one; with three or more it may be something else, and behind a text even two may be,
 * such as a place on the map.
 */
function isPair(output: Tensor, dims: Dims): boolean {
  const [size, ...more] = dims(output);
  return floatTypes.has(output.dataType) && unnamed.test(output.name) && size === 2 && more.length === 0;
}

/** The score of the label alone. */
function isOneScore(output: Tensor, dims: Dims): boolean {
  return floatTypes.has(output.dataType) && scoreNames.test(output.name) && dims(output).every((size) => size === 1);
}

const known = '"logits" with one number for each label, or any vector with a label_filename,';

function whyOutputs(outputs: readonly Tensor[], dims: Dims): string {
  const [output] = outputs;
  if (output === undefined) return 'it has no outputs';
  const sizes = dims(output);
  const shape = `"${output.name}" with dims [${output.dims.join(', ')}]`;
  if (output.dataType === 'TYPE_STRING') {
    return labelNames.test(output.name)
      ? `its output ${shape} may be any number of labels rather than one for each text`
      : `its output "${output.name}" is text rather than a label`;
  }
  if (outputs.length === 1 && classesNames.test(output.name)) {
    if (sizes.length > 1) return `its output ${shape} is more than one number for each label of a text`;
    if (sizes[0] === -1) {
      return `its output ${shape} does not say how many labels there are; state the number, or a label_filename`;
    }
    if (sizes[0] === 1) return `its output ${shape} has one number only: a score, not labels`;
  }
  return outputs.length === 1
    ? `its output ${shape} is not known as a classifier's; ${known} is`
    : `its outputs ${names(outputs)} are not known as a classifier's; ${known} is`;
}

function whyEnsemble(steps: readonly string[]): string {
  const which = steps.length > 1 ? `the one of its steps ${quoted(steps)} that is the model` : quoted(steps);
  return `it is an ensemble, whose model lies in another folder${which === '' ? '' : `: start from the config of ${which}`}`;
}

function yes(classes: Tensor | undefined, dims: Dims, fixedLength: number | null): Judgement {
  const size = classes === undefined ? undefined : dims(classes)[0];
  return {
    why: null,
    labelCount: size === undefined || size < 2 ? null : size,
    labelFileName: classes?.labelFileName ?? null,
    fixedLength,
  };
}

function no(why: string): Judgement {
  return { why, labelCount: null, labelFileName: null, fixedLength: null };
}

function names(tensors: readonly Tensor[]): string {
  return quoted(tensors.map(({ name }) => name));
}

function quoted(all: readonly string[]): string {
  const some = all.slice(0, 4).map((name) => `"${name}"`);
  return all.length > some.length ? `${some.join(', ')} and more` : some.join(', ');
}

function readTensor(fields: readonly TextField[]): Tensor {
  const all = (name: string): TextValue[] =>
    fields.filter((field) => field.name === name).flatMap((field) => field.values);
  const text = (name: string): string | null => {
    const value = all(name).at(-1);
    return value?.kind === 'string' && value.value !== '' ? value.value : null;
  };
  return {
    name: text('name') ?? '',
    dataType: enumerator('DataType', all('data_type').at(-1)) ?? '',
    dims: all('dims').flatMap((value) => (value.kind === 'number' ? [value.value] : [])),
    optional: booleanOf(all('optional').at(-1)) === true,
    labelFileName: text('label_filename'),
  };
}
