import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document, type YAMLParseError } from 'yaml';
import type * as z from 'zod';
import { builtInModel } from './builtInModel.ts';
import { nearest } from './nearest.ts';
import { nearestIssues } from './nearestIssues.ts';
import { alternatives, fieldAt, fieldsOf, type PlanFilePath } from './planFileFields.ts';
import { ifReadable, longestPlanFile } from './planFileLimits.ts';
import { endpointFields, planFileSchema, type PlanFile } from './planFileSchema.ts';
import { issueText } from './schemaWords.ts';
import { yamlText } from './yamlWords.ts';

export { endpointFields, type PlanFile };

export interface PlanFileProblem {
  readonly message: string;
  /** Offsets into the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
  /** The word that was most likely meant in the place of what is marked. */
  readonly meant?: string;
}

/** A path that a plan file names, as written there: relative to the file. */
export interface NamedPath {
  readonly field: 'model' | 'tokenizer';
  readonly path: string;
  /** Offsets of it in the text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface ParsedPlanFile {
  /** undefined when anything is wrong. */
  readonly planFile: PlanFile | undefined;
  readonly problems: readonly PlanFileProblem[];
  /** Also of a text that has problems. */
  readonly paths: readonly NamedPath[];
}

/** The plan file's value, what is wrong with it, and the files it names; never throws. */
export function parsePlanFile(text: string): ParsedPlanFile {
  return ifReadable(text, parse) ?? unreadable(text);
}

function unreadable(text: string): ParsedPlanFile {
  const message =
    text.length > longestPlanFile
      ? `The file has more than ${String(longestPlanFile)} characters, and is not read as a plan.`
      : 'The file cannot be read as a plan: it is nested too deeply.';
  return { planFile: undefined, problems: [{ message, start: 0, end: 0, line: 1, column: 1 }], paths: [] };
}

function parse(text: string): ParsedPlanFile {
  const lines = new LineCounter();
  // "silent" would pass over a second document.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const paths = namedPaths(document);
  const problem = (fault: Fault): PlanFileProblem => {
    const { line, col } = lines.linePos(fault.start);
    return { ...fault, line, column: col };
  };
  const wrong = (faults: readonly Fault[]): ParsedPlanFile => ({
    planFile: undefined,
    problems: faults.map(problem),
    paths,
  });
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return unreadable(text);
  if (document.errors.length > 0) {
    return wrong(document.errors.map((error) => faultOfYaml(text, error)));
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return wrong([{ message: unresolved, start: 0, end: 0 }]);
  }
  const parsed = planFileSchema.safeParse(value);
  if (parsed.success) return { planFile: parsed.data, problems: [], paths };
  const faults = parsed.error.issues.flatMap(nearestIssues).flatMap((issue) => faultsOf(issue, document));
  const visible = faults.map((fault) => ({ ...fault, ...visibleRange(text, [fault.start, fault.end]) }));
  return wrong(visible.sort((a, b) => a.start - b.start));
}

const unresolved =
  'A value that begins with "*" stands for one that is marked with "&", and there is none, or too many do; put it in quotation marks.';

/** What is missing, at the end of a text or a line or behind a colon, is marked at the last character before it, where it can be seen. */
function visibleRange(text: string, [start, end]: readonly [number, number]): { start: number; end: number } {
  if (text.slice(start, end).trim() !== '') return { start, end: Math.min(end, text.length) };
  const written = text.slice(0, start).trimEnd().length;
  return { start: Math.max(0, written - 1), end: written };
}

type Fault = Omit<PlanFileProblem, 'line' | 'column'>;

function faultOfYaml(text: string, { code, pos }: Pick<YAMLParseError, 'code' | 'pos'>): Fault {
  const range = visibleRange(text, pos);
  if (code !== 'MULTIPLE_DOCS') return { message: yamlText(code), ...range };
  // Its first line is enough to find it by.
  const [line = ''] = text.slice(range.start).split('\n');
  return { message: secondDocument, start: range.start, end: range.start + line.trimEnd().length };
}

const secondDocument =
  'A second YAML document begins here, and a plan file is one: put each plan into a file of its own, or leave out the "---" and what follows it.';

/** One for each key that is not known; every other issue is one. */
function faultsOf(issue: z.core.$ZodIssue, document: Document): Fault[] {
  const where = issue.path.length === 0 ? '' : `${placeText(issue.path)}: `;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const names = fieldNames(issue.path);
      const [start, end] = rangeOfKey(document, issue.path, key) ?? rangeOf(document, issue.path);
      return withMeant({ message: `${where}there is no field "${key}".`, start, end }, nearest(key, names), names);
    });
  }
  const [start, end] = rangeOf(document, issue.path);
  if (issue.path.length === 0 && issue.code === 'invalid_type') return [{ message: `${where}${noFields}`, start, end }];
  if (isMissing(issue, document)) return [{ message: `${where}${missingText(issue.path)}`, start, end }];
  const value: unknown = document.getIn(issue.path);
  const text = issueText(issue, isNode(value) ? value.toJSON() : value);
  const meant = meantValue(document, issue.path);
  return [withMeant({ message: `${where}${text}${meant === undefined ? '' : '.'}`, start, end }, meant, [])];
}

/** @param names said in full where nothing is near */
function withMeant(fault: Fault, meant: string | undefined, names: readonly string[]): Fault {
  if (meant !== undefined) return { ...fault, message: `${fault.message} Did you mean "${meant}"?`, meant };
  return names.length === 0 ? fault : { ...fault, message: `${fault.message} The fields are: ${names.join(', ')}` };
}

/** "gpu.tolerations, entry 1, operator": entries of a list are counted as people do. */
function placeText(path: PlanFilePath): string {
  const words = path.map((part, at) => {
    if (typeof part === 'number') return `, entry ${String(part + 1)}`;
    return `${typeof path[at - 1] === 'number' ? ', ' : '.'}${String(part)}`;
  });
  return words.join('').replace(/^\./, '');
}

function isMissing({ path, code }: z.core.$ZodIssue, document: Document): boolean {
  return code.startsWith('invalid_') && path.length > 0 && !document.hasIn(path);
}

function missingText(path: PlanFilePath): string {
  return path.length === 1 && path[0] === 'version' ? 'is missing; begin the file with "version: 1"' : 'is missing';
}

const noFields =
  'A plan is made of fields, such as "version: 1" and "model: ./models/sentiment", each on a line of its own; this is something else.';

function fieldNames(path: PlanFilePath): string[] {
  const field = fieldAt(path);
  return Object.keys((field === undefined ? undefined : fieldsOf(field)) ?? {});
}

/** What a misspelt one of a few values was meant to be; undefined where nothing is near. */
function meantValue(document: Document, path: PlanFilePath): string | undefined {
  const written: unknown = document.getIn(path);
  const field = fieldAt(path);
  if (typeof written !== 'string' || field === undefined) return undefined;
  const values = alternatives(field).flatMap((one) => one.enum ?? (typeof one.const === 'string' ? [one.const] : []));
  const meant = nearest(written, values);
  return meant === written ? undefined : meant;
}

function namedPaths(document: Document): NamedPath[] {
  return (['model', 'tokenizer'] as const).flatMap((field) => {
    const node: unknown = isMap(document.contents) ? document.contents.get(field, true) : undefined;
    if (!isScalar(node) || typeof node.value !== 'string' || node.value === '' || !node.range) return [];
    if (field === 'model' && node.value === builtInModel) return [];
    return [{ field, path: node.value, start: node.range[0], end: node.range[1] }];
  });
}

/** Offsets of a key of the mapping at a path. */
function rangeOfKey(document: Document, path: PlanFilePath, key: string): [number, number] | undefined {
  const mapping: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const found = isMap(mapping)
    ? mapping.items.find(({ key: node }) => isScalar(node) && node.value === key)
    : undefined;
  return isNode(found?.key) && found.key.range ? [found.key.range[0], found.key.range[1]] : undefined;
}

/** Offsets of the node at a path, or of the nearest one above it that exists. */
function rangeOf(document: Document, path: PlanFilePath): [number, number] {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
}
