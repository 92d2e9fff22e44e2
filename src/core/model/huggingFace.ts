import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { ParsedModel } from './parsedModel.ts';
import { byteOrderMark, ProblemList } from './problem.ts';
import { outsideStrings, withoutPythonNumbers } from './pythonJson.ts';

interface HuggingFaceConfig {
  /** undefined for a JSON file that is no model's config: many files have this name. */
  readonly model: ParsedModel | undefined;
  readonly problems: ProblemList;
}

/** Reads a Hugging Face model config (config.json). What is not a text classifier's has no problems. */
export function parseHuggingFaceConfig(text: string, hasMark: boolean): HuggingFaceConfig {
  const nothing = { model: undefined, problems: new ProblemList() };
  if (!mayBeModelConfig(text) || nestsTooDeep(text)) return nothing;
  const problems = new ProblemList();
  // Python's json refuses it, and a pod or transformers reads the file as it is.
  if (hasMark) problems.byteOrderMark('transformers');
  const errors: ParseError[] = [];
  const json = withoutPythonNumbers(withoutMark(text));
  const root = parseTree(json, errors, { allowTrailingComma: false, disallowComments: true });
  if (root?.type !== 'object' || !looksLikeModelConfig(root)) return nothing;
  reportSyntax(text, errors, problems);
  const model = readModel(root, problems);
  // Behind an error may stand the architecture that would make it one.
  const isCutOff = errors.length > 0 && (strings(property(root, 'architectures')) ?? []).length === 0;
  const isLeftAlone = model.task === 'other' && !isCutOff;
  return { model, problems: isLeftAlone ? new ProblemList() : problems };
}

function readModel(root: Node, problems: ProblemList): ParsedModel {
  const architectures = strings(property(root, 'architectures')) ?? [];
  const modelType = string(property(root, 'model_type'));
  const { labels, count } = labelsOf(root, problems);
  const labelCount = count ?? integer(property(root, 'num_labels')) ?? integer(property(root, '_num_labels'));
  const why = whyNoTextClassifier(root, architectures, modelType, labelCount);
  const named = node(root, 'architectures') ?? node(root, 'model_type');
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
    labelCount,
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
  for (const position of outsideStrings(text)) {
    const character = text[position];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth > 200) return true;
  }
  return false;
}

/** Without a byte order mark, which is no JSON; offsets stay. */
function withoutMark(text: string): string {
  return text.startsWith(byteOrderMark) ? ` ${text.slice(1)}` : text;
}

function reportSyntax(text: string, errors: readonly ParseError[], problems: ProblemList): void {
  // What comes after the first error is the parser's guess.
  for (const error of errors.slice(0, 1)) {
    const end = Math.min(text.length, error.offset + Math.max(1, error.length));
    problems.error(`Not valid JSON: ${jsonErrorWords(error)}.`, { start: Math.min(error.offset, end), end });
  }
}

/** What transformers writes beside the kind of model; other programs' settings have a "model_type" or "architectures", too. */
const companions = [
  'transformers_version',
  '_name_or_path',
  'id2label',
  'num_labels',
  'vocab_size',
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'max_position_embeddings',
  'd_model',
  'n_embd',
  'dim',
  'n_layers',
  'auto_map',
  'torch_dtype',
  'text_config',
  'vision_config',
];

function looksLikeModelConfig(root: Node): boolean {
  const architectures = strings(property(root, 'architectures')) ?? [];
  const named = architectures.length > 0 && architectures.every((name) => /^[A-Z][A-Za-z0-9_]*$/.test(name));
  const typed = string(property(root, 'model_type')) !== null;
  if (named && typed) return true;
  return (named || typed) && companions.some((name) => node(root, name) !== undefined);
}

/** Take more than text, or something else, although their architectures' names end like those of text models. */
const otherInputs: readonly (readonly [RegExp, string])[] = [
  [/^(?:wav2vec2|wavlm|hubert|unispeech|sew|data2vec-?audio|whisper|mctct|audio)/, 'sound rather than text'],
  [/^(?:layoutlm|layoutxlm|lilt|bros|ernie-?layout)/, "a page's layout beside its text"],
  [/^markuplm/, 'marked-up pages rather than text'],
  [/^tapas/, 'tables rather than text'],
  [/^esm/, 'protein sequences rather than text'],
  [/^(?:hyena-?dna|caduceus|nucleotide)/, 'DNA rather than text'],
  [/^perceiver|^canine/, 'characters rather than the tokens of a tokenizer.json'],
];

/** Configs of those parts of a model that read what is no text. */
const otherParts: Readonly<Record<string, string>> = { vision_config: 'pictures', audio_config: 'sound' };

function whyNoTextClassifier(
  root: Node,
  architectures: readonly string[],
  modelType: string | null,
  labelCount: number | null,
): string | null {
  if (architectures.length === 0) return 'its config names no architecture';
  const classifier = architectures.find((name) => name.endsWith('ForSequenceClassification'));
  if (classifier === undefined) {
    return `its architecture is ${architectures.slice(0, 3).join(', ')} rather than one that ends in ForSequenceClassification`;
  }
  // Configs of the early days have no "model_type".
  const [, input] = otherInputs.find(([types]) => types.test(modelType ?? classifier.toLowerCase())) ?? [];
  if (input !== undefined) return `a model of type ${modelType ?? classifier} takes ${input}`;
  const part = Object.keys(otherParts).find((name) => node(root, name)?.type === 'object');
  if (part !== undefined) return `by its ${part} it takes ${otherParts[part] ?? ''} beside its text`;
  const problemType = string(property(root, 'problem_type'));
  if (problemType !== null && problemType !== 'single_label_classification') {
    return `its problem_type is ${problemType} rather than one label for each text`;
  }
  if (labelCount !== null && labelCount < 2) return 'it has one label only: it gives a score rather than a class';
  return whyTwoTexts(root);
}

/** As transformers and sentence-transformers leave it in the config of a model that was trained to compare two texts. */
function whyTwoTexts(root: Node): string | null {
  if (crossEncoderMarks.some((mark) => node(root, mark) !== undefined)) {
    return 'it is a cross-encoder: it takes two texts rather than one';
  }
  const task = string(property(root, 'finetuning_task'));
  if (task !== null && pairTasks.test(task)) return `its finetuning_task, ${task}, is about two texts rather than one`;
  const label = labelWords(root).find((word) => relations.test(word.replace(/^[\d\W_]+|[\d\W_]+$/g, '')));
  return label === undefined ? null : `its label ${label} says how two texts relate: it takes these rather than one`;
}

const crossEncoderMarks = ['sbert_ce_default_activation_function', 'sentence_transformers'];

/** Those of GLUE, SuperGLUE and their kin that are about two texts. */
const pairTasks =
  /^(?:(?:super_?)?(?:glue|clue|klue|xtreme)[:/_-])?(?:[a-z]{0,8}nli(?:[:/_-]\w{1,20})?|mrpc|qqp|rte|sts(?:-?b)?|cb|boolq|copa|wic|wsc|multirc|record|paws-?x?|ax[bg]?|scitail|sick|fever|afqmc|lcqmc)$/i;

/** What one text is to another; one that stands for something by itself, such as "neutral", says nothing. */
const relations =
  /^(?:(?:not?|non)[ _-]?)?entail(?:s|ed|ing|ment)?$|^contradict(?:s|ed|ing|ion|ory)?$|^refute[sd]?$|^(?:not?|non)[ _-]?(?:equivalent|duplicate|paraphrase)s?$/i;

/** Also of maps that cannot be used otherwise, and of "label2id" where labels are named there alone. */
function labelWords(root: Node): string[] {
  const entries = ['id2label', 'label2id'].flatMap((name) => node(root, name)?.children ?? []);
  const words = entries.flatMap((entry) => [entry, ...(entry.children ?? [])]);
  return words.flatMap(({ type, value }) => (type === 'string' && typeof value === 'string' ? [value] : []));
}

interface Labels {
  /** In the order of their ids; null without id2label, or when it is not usable, which is reported. */
  readonly labels: string[] | null;
  /** What transformers takes for the number of labels; null without id2label. */
  readonly count: number | null;
}

function labelsOf(root: Node, problems: ProblemList): Labels {
  const map = node(root, 'id2label');
  if (map === undefined || map.type === 'null') return { labels: null, count: null };
  const at = { start: map.offset, end: map.offset + map.length };
  const unusable = (message: string, count: number | null): Labels => {
    problems.warning(message, at);
    return { labels: null, count };
  };
  if (map.type !== 'object') return unusable('"id2label" should be an object from ids to labels.', null);
  const labels = new Map<number, string>();
  for (const entry of map.children ?? []) {
    const [key, value] = entry.children ?? [];
    const id = Number(key === undefined ? Number.NaN : getNodeValue(key));
    const isId = Number.isInteger(id) && id >= 0;
    if (!isId || !isLabel(value)) {
      return unusable('"id2label" should map ids from 0 up to labels.', isId ? (map.children?.length ?? null) : null);
    }
    labels.set(id, String(getNodeValue(value)));
  }
  const inOrder = Array.from({ length: labels.size }, (_, id) => labels.get(id) ?? '');
  if (labels.size === 0) return unusable('"id2label" names no label.', null);
  if (labels.has(labels.size - 1) && [...labels.keys()].every((id) => id < labels.size)) {
    return { labels: inOrder, count: inOrder.length };
  }
  return unusable('The ids of "id2label" should run from 0 up without a gap.', labels.size);
}

/** Some write their classes as numbers. */
function isLabel(value: Node | undefined): value is Node {
  return value !== undefined && ['string', 'number', 'boolean'].includes(value.type);
}

/** RoBERTa's positions begin behind the padding id, which costs two. */
const offsetPositions = new Set([
  'roberta',
  'roberta-prelayernorm',
  'xlm-roberta',
  'xlm-roberta-xl',
  'xmod',
  'camembert',
  'data2vec-text',
  'ibert',
  'longformer',
  'luke',
  'mpnet',
]);

function maxLengthOf(root: Node, modelType: string | null): number | null {
  const positions = integer(property(root, 'max_position_embeddings')) ?? integer(property(root, 'n_positions'));
  if (positions === null) return null;
  const usable = offsetPositions.has(modelType ?? '') ? positions - 2 : positions;
  return usable >= 8 ? usable : null;
}

function property(root: Node, name: string): unknown {
  const found = node(root, name);
  return found === undefined ? undefined : (getNodeValue(found) as unknown);
}

/** The value of a property; of one that is given twice the last, which every JSON reader takes. */
function node(root: Node, name: string): Node | undefined {
  const entries = root.children ?? [];
  return entries.findLast((entry) => entry.children?.[0]?.value === name)?.children?.[1];
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
