import { exactText, isExactNumber, parseExact, type ExactJson } from './exactJson.ts';
import { jsonFault, placeAt, withoutByteOrderMark } from './jsonText.ts';

/**
 * A request body with places for an input's values. The places are strings of a JSON document: one that is "{{input}}" stands
 * for the input as it is, "{{input.field}}" for a field of it (with more dots for one inside that, with numbers for a list's
 * elements), and within a longer string the text of a string, number or boolean is put in. The parsed document is filled, never
 * its text, so that no input can become more than a value.
 */
export interface BodyTemplate {
  readonly root: Node;
}

export type ParsedTemplate =
  | { readonly template: BodyTemplate; readonly problem?: undefined; readonly place?: undefined }
  /** A clause without a full stop, and where the document is no JSON its place, from 1. */
  | { readonly template?: undefined; readonly problem: string; readonly place?: { line: number; column: number } };

type Node =
  | { readonly kind: 'fixed'; readonly value: ExactJson }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [name: string, node: Node])[] }
  | { readonly kind: 'whole'; readonly field: Field; readonly at: string }
  | { readonly kind: 'text'; readonly parts: readonly (string | Field)[]; readonly at: string };

/** Names from the input inwards; none for the input itself. */
type Field = readonly string[];

const placeholder = /\{\{([^{}]*)\}\}/g;
const words = 'there are "{{input}}" and "{{input.field}}"';

/** Never throws. */
export function parseTemplate(text: string): ParsedTemplate {
  const content = withoutByteOrderMark(text);
  const fault = jsonFault(content);
  if (fault !== undefined) {
    const { line, column } = placeAt(content, fault.offset);
    return { problem: `it is not JSON: ${fault.message}`, place: { line, column } };
  }
  const problems: string[] = [];
  try {
    const root = nodeOf(parseExact(content), [], problems);
    const [problem] = problems;
    if (problem !== undefined) return { problem };
    return root.kind === 'fixed'
      ? { problem: `it has no placeholder, so that every body would be the same; ${words}` }
      : { template: { root } };
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'it nests too deeply' };
    throw error;
  }
}

export type Filled =
  | { readonly body: string; readonly problem?: undefined }
  /** A clause without a full stop that names fields and places, and never quotes the input. */
  | { readonly body?: undefined; readonly problem: string };

/**
 * The body that an input makes; never throws.
 * @param input JSON text that is known to be valid, or with `isText` a text that is the input itself
 */
export function fillTemplate({ root }: BodyTemplate, input: string, isText: boolean): Filled {
  const problems: string[] = [];
  try {
    const body = exactText(fill(root, isText ? input : parseExact(input), problems));
    const [problem] = problems;
    return problem === undefined ? { body } : { problem };
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'the input nests too deeply' };
    throw error;
  }
}

function nodeOf(value: ExactJson, path: readonly string[], problems: string[]): Node {
  if (typeof value === 'string') return stringNode(value, path, problems);
  if (value === null || typeof value !== 'object' || isExactNumber(value)) return { kind: 'fixed', value };
  if (isList(value)) {
    const items = value.map((item, index) => nodeOf(item, [...path, String(index)], problems));
    return items.every(({ kind }) => kind === 'fixed') ? { kind: 'fixed', value } : { kind: 'list', items };
  }
  const fields = Object.entries(value).map(([name, inner]) => {
    if (name.includes('{{')) problems.push(`the name of a field cannot hold a placeholder (${placeOf(path)})`);
    return [name, nodeOf(inner, [...path, name], problems)] as const;
  });
  return fields.every(([, { kind }]) => kind === 'fixed') ? { kind: 'fixed', value } : { kind: 'object', fields };
}

function stringNode(value: string, path: readonly string[], problems: string[]): Node {
  const at = placeOf(path);
  const parts: (string | Field)[] = [];
  let end = 0;
  for (const match of value.matchAll(placeholder)) {
    const field = fieldOf(match[1] ?? '');
    if (field === undefined) problems.push(`"${match[0]}" is no placeholder (${at}); ${words}`);
    parts.push(value.slice(end, match.index), field ?? []);
    end = match.index + match[0].length;
  }
  parts.push(value.slice(end));
  const texts = parts.filter((part) => typeof part === 'string');
  if (texts.some((text) => text.includes('{{'))) problems.push(`a "{{" is not closed by "}}" (${at})`);
  const [, field] = parts;
  if (field === undefined || typeof field === 'string') return { kind: 'fixed', value };
  const whole = texts.length === 2 && texts.every((text) => text === '');
  return whole ? { kind: 'whole', field, at } : { kind: 'text', parts: parts.filter((part) => part !== ''), at };
}

/** undefined for words that are no placeholder. */
function fieldOf(inside: string): Field | undefined {
  const [first, ...field] = inside.trim().split('.');
  return first === 'input' && field.every((name) => name !== '') ? field : undefined;
}

function fill(node: Node, input: ExactJson, problems: string[]): ExactJson {
  switch (node.kind) {
    case 'fixed':
      return node.value;
    case 'list':
      return node.items.map((item) => fill(item, input, problems));
    case 'object':
      // Own fields, whatever their names: "__proto__" is one like any other.
      return Object.fromEntries(node.fields.map(([name, inner]) => [name, fill(inner, input, problems)]));
    case 'whole':
      return fieldValue(node.field, input, node.at, problems) ?? null;
    case 'text':
      return node.parts
        .map((part) => (typeof part === 'string' ? part : textOf(part, input, node.at, problems)))
        .join('');
  }
}

function fieldValue(field: Field, input: ExactJson, at: string, problems: string[]): ExactJson | undefined {
  let value = input;
  for (const [depth, name] of field.entries()) {
    const inner = fieldIn(value, name);
    if (inner === undefined) {
      problems.push(`${nameOf(field.slice(0, depth))} has no field "${name}" (${at})`);
      return undefined;
    }
    value = inner;
  }
  return value;
}

/** Its own fields alone, and of a list its elements. */
function fieldIn(value: ExactJson, name: string): ExactJson | undefined {
  if (value === null || typeof value !== 'object' || isExactNumber(value)) return undefined;
  if (isList(value)) return /^\d{1,9}$/.test(name) ? value[Number(name)] : undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function textOf(field: Field, input: ExactJson, at: string, problems: string[]): string {
  const value = fieldValue(field, input, at, problems);
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (isExactNumber(value)) return value.rawJSON;
  const kind = value === null ? 'null' : isList(value) ? 'a list' : 'an object';
  problems.push(`${nameOf(field)} is ${kind}, which cannot be part of a longer text (${at})`);
  return '';
}

function isList(value: ExactJson): value is readonly ExactJson[] {
  return Array.isArray(value);
}

/** Of an input's field. */
function nameOf(field: Field): string {
  return field.length === 0 ? 'the input' : `the input's "${field.join('.')}"`;
}

/** Of the document. */
function placeOf(path: readonly string[]): string {
  return path.length === 0 ? 'the whole template' : `at ${path.join('.')} of the template`;
}
