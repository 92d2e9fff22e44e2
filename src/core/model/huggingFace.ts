import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import type { ParsedModel } from './parsedModel.ts';
import type { ProblemList } from './problem.ts';

/**
 * Reads a Hugging Face model config (config.json). undefined, and no problems, for a JSON file that is no model's config:
 * many files have this name.
 */
export function parseHuggingFaceConfig(text: string, problems: ProblemList): ParsedModel | undefined {
  if (!mayBeModelConfig(text) || nestsTooDeep(text)) return undefined;
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: false, disallowComments: true });
  if (root?.type !== 'object') return undefined;
  const architectures = strings(property(root, 'architectures'));
  const modelType = string(property(root, 'model_type'));
  if (architectures === null && modelType === null) return undefined;
  // What comes after the first error is the parser's guess.
  for (const error of errors.slice(0, 1)) {
    const end = Math.min(text.length, error.offset + Math.max(1, error.length));
    problems.error(`Not valid JSON: ${jsonErrorWords(error)}.`, { start: Math.min(error.offset, end), end });
  }
  const labels = labelsOf(root, problems);
  const why = whyNoTextClassifier(root, architectures ?? [], modelType, labels);
  const named = findNodeAtLocation(root, ['architectures']) ?? findNodeAtLocation(root, ['model_type']);
  return {
    kind: 'huggingface',
    name: string(property(root, '_name_or_path')),
    task: why === null ? 'text-classification' : 'other',
    why,
    maxBatchSize: null,
    dynamicBatching: null,
    instances: null,
    instanceKind: null,
    backend: null,
    modelFileName: null,
    labels,
    labelCount: labels?.length ?? integer(property(root, 'num_labels')),
    labelFileName: null,
    maxLength: maxLengthOf(root, modelType),
    fixedLength: null,
    precision: string(property(root, 'torch_dtype')) ?? string(property(root, 'dtype')),
    lensOffset: named?.parent?.offset ?? root.offset,
  };
}

/** A cheap look before the parser's. */
function mayBeModelConfig(text: string): boolean {
  return text.includes('"architectures"') || text.includes('"model_type"');
}

/** The parser recurses, so that brackets beyond any config's depth would exhaust its stack. */
function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth > 200) return true;
  }
  return false;
}

/** Take sound, although their architectures' names end like those of text models. */
const soundModels = /^(?:wav2vec2|wavlm|hubert|unispeech|sew|data2vec-audio|whisper|mctct|audio)/;

function whyNoTextClassifier(
  root: Node,
  architectures: readonly string[],
  modelType: string | null,
  labels: readonly string[] | null,
): string | null {
  if (architectures.length === 0) return 'its config names no architecture';
  const classifier = architectures.find((name) => name.endsWith('ForSequenceClassification'));
  if (classifier === undefined) {
    return `its architecture is ${architectures.slice(0, 3).join(', ')} rather than one that ends in ForSequenceClassification`;
  }
  if (soundModels.test(modelType ?? '')) return `a model of type ${modelType ?? ''} takes sound rather than text`;
  const problemType = string(property(root, 'problem_type'));
  if (problemType !== null && problemType !== 'single_label_classification') {
    return `its problem_type is ${problemType} rather than one label for each text`;
  }
  const count = labels?.length ?? integer(property(root, 'num_labels')) ?? 2;
  return count < 2 ? 'it has one label only: it gives a score rather than a class' : null;
}

/** id2label in the order of its ids; null without one, or when it is not usable, which is reported. */
function labelsOf(root: Node, problems: ProblemList): string[] | null {
  const node = findNodeAtLocation(root, ['id2label']);
  if (node === undefined || node.type === 'null') return null;
  const at = { start: node.offset, end: node.offset + node.length };
  if (node.type !== 'object') {
    problems.warning('"id2label" should be an object from ids to labels.', at);
    return null;
  }
  const labels: string[] = [];
  let entries = 0;
  for (const entry of node.children ?? []) {
    const [key, value] = entry.children ?? [];
    const id = Number(key === undefined ? Number.NaN : getNodeValue(key));
    if (!Number.isInteger(id) || id < 0 || id > 100_000 || value?.type !== 'string') {
      problems.warning('"id2label" should map ids from 0 up to labels.', at);
      return null;
    }
    labels[id] = String(getNodeValue(value));
    entries += 1;
  }
  if (entries === 0 || labels.length !== entries) {
    problems.warning('The ids of "id2label" should run from 0 up without a gap.', at);
    return null;
  }
  return labels;
}

/** RoBERTa's positions begin behind the padding id, which costs two. */
const offsetPositions = new Set(['roberta', 'xlm-roberta', 'camembert', 'xlm-roberta-xl', 'longformer', 'mpnet']);

function maxLengthOf(root: Node, modelType: string | null): number | null {
  const positions = integer(property(root, 'max_position_embeddings')) ?? integer(property(root, 'n_positions'));
  if (positions === null) return null;
  const usable = offsetPositions.has(modelType ?? '') ? positions - 2 : positions;
  return usable >= 8 ? usable : null;
}

function property(root: Node, name: string): unknown {
  const node = findNodeAtLocation(root, [name]);
  return node === undefined ? undefined : (getNodeValue(node) as unknown);
}

function string(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function strings(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
}

function integer(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

/** "CommaExpected" as "comma expected". */
function jsonErrorWords(error: ParseError): string {
  return printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
