import { cursorPlace, nodeAt, type CursorPlace } from './planFileCursor.ts';
import { alternatives, fieldAt, fieldsOf, itemsOf, type PlanFileField } from './planFileFields.ts';
import { ifReadable } from './planFileLimits.ts';

/** What there is to know of one field. */
export interface FieldHelp {
  readonly name: string;
  readonly description: string;
  /** e.g. "whole number, 1 to 256". */
  readonly type: string;
  /** As it would be written; null where there is none, or the description says what it depends on. */
  readonly default: string | null;
  readonly required: boolean;
  /** Where only a few are allowed. */
  readonly values: readonly ValueHelp[];
}

export interface ValueHelp {
  readonly value: string;
  /** Empty where the value says it all. */
  readonly description: string;
}

export interface PlanFileCompletion {
  readonly kind: 'field' | 'value';
  readonly label: string;
  /** With the line breaks and the indentation that it needs. */
  readonly insert: string;
  readonly description: string;
  readonly field: FieldHelp;
  /** More is to be chosen after it. */
  readonly goesOn: boolean;
}

export interface PlanFileCompletions {
  readonly items: readonly PlanFileCompletion[];
  /** Which files can be named here, too; they are looked for by who has a disk. */
  readonly files: 'model' | 'tokenizer' | null;
  /** How a path is written here (see planFilePaths.ts). */
  readonly quote: CursorPlace['quote'];
  readonly flow: boolean;
  /** Offsets of what a completion takes the place of; end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface PlanFileHover {
  readonly field: FieldHelp;
  /** The one of its values that is pointed at. */
  readonly value: ValueHelp | null;
  /** Offsets; end exclusive. */
  readonly start: number;
  readonly end: number;
}

const indent = 2;

/** Fields of which a mapping has one or the other. */
const contradictions: readonly (readonly [string, string])[] = [
  ['profile', 'phases'],
  ['connections', 'rate'],
  ['connections', 'arrivals'],
  ['connections', 'maxInFlight'],
];

/** What can be written at a place of a plan file, which may be half written; undefined where nothing can. */
export function planFileCompletions(text: string, offset: number): PlanFileCompletions | undefined {
  const place = ifReadable(text, () => cursorPlace(text, offset));
  const field = place === undefined ? undefined : fieldAt(place.path);
  if (place === undefined || field === undefined) return undefined;
  const { quote, flow, start, end } = place;
  const where = { quote, flow, start, end };
  if (place.role === 'key') return { items: fieldItems(field, place, ''), files: null, ...where };
  const [named] = place.path;
  const files = place.path.length === 1 && (named === 'model' || named === 'tokenizer') ? named : null;
  return { items: valueItems(field, place), files, ...where };
}

/** What stands at a place of a plan file; undefined where there is nothing to say. */
export function planFileHover(text: string, offset: number): PlanFileHover | undefined {
  const node = ifReadable(text, () => nodeAt(text, offset));
  if (node === undefined) return undefined;
  const field = fieldHelp(node.path);
  if (field === undefined) return undefined;
  const value = node.role === 'value' ? field.values.find((one) => one.value === String(node.value)) : undefined;
  return { field, value: value ?? null, start: node.start, end: node.end };
}

/** Of the field at a path; an item of a list is known by the list's name. */
function fieldHelp(path: readonly (string | number)[]): FieldHelp | undefined {
  const field = fieldAt(path);
  const named = path.findLastIndex((step) => typeof step === 'string');
  const name = path[named];
  if (field === undefined || name === undefined) return undefined;
  const owner = fieldAt(path.slice(0, named + 1)) ?? field;
  const group = fieldAt(path.slice(0, named));
  return helpOf(String(name), owner, group);
}

function helpOf(name: string, field: PlanFileField, group: PlanFileField | undefined): FieldHelp {
  const required = group === undefined ? [] : alternatives(group).flatMap((one) => one.required ?? []);
  return {
    name,
    description: field.description ?? '',
    type: alternatives(field).map(typeWords).join(', or '),
    default: field.default === undefined ? null : written(field.default),
    required: required.includes(name),
    values: valuesOf(itemsOf(field) ?? field),
  };
}

function typeWords(field: PlanFileField): string {
  const { type } = field;
  if (field.const !== undefined) return written(field.const);
  if (field.enum !== undefined) return 'one of a few words';
  const types = typeof type === 'string' ? [type] : (type ?? []);
  return types.map((one) => `${baseWords(one, field)}${rangeWords(field)}`).join(' or ');
}

function baseWords(type: string, { items, properties }: PlanFileField): string {
  switch (type) {
    case 'integer':
      return 'whole number';
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'text';
    case 'array':
      return items?.enum === undefined ? 'list' : 'list of a few words';
    case 'object':
      return properties === undefined ? 'names and texts' : 'group of fields';
    default:
      return type;
  }
}

/** The largest safe integer is nobody's bound. */
function rangeWords({ minimum, exclusiveMinimum, maximum }: PlanFileField): string {
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : String(maximum);
  if (minimum !== undefined && most !== undefined) return `, ${String(minimum)} to ${most}`;
  const parts = [
    ...(minimum === undefined ? [] : [`at least ${String(minimum)}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${String(exclusiveMinimum)}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

function valuesOf(field: PlanFileField): ValueHelp[] {
  return alternatives(field).flatMap((one): ValueHelp[] => {
    if (one.enum !== undefined) {
      return one.enum.map((value, index) => ({ value, description: one.enumDescriptions?.[index] ?? '' }));
    }
    if (one.const !== undefined) return [{ value: written(one.const), description: one.description ?? '' }];
    if (one.type === 'boolean') return ['true', 'false'].map((value) => ({ value, description: '' }));
    return [];
  });
}

/** Fields that the mapping may have and has not. */
function fieldItems(mapping: PlanFileField, place: CursorPlace, prefix: string): PlanFileCompletion[] {
  const taken = new Set(place.siblings);
  const contradicted = (name: string): boolean =>
    contradictions.some(([a, b]) => (name === a && taken.has(b)) || (name === b && taken.has(a)));
  return Object.entries(fieldsOf(mapping) ?? {})
    .filter(([name]) => !taken.has(name) && !contradicted(name))
    .map(([name, field]) => {
      const help = helpOf(name, field, mapping);
      const { insert, goesOn } = fieldInsert(name, field, place, prefix);
      return { kind: 'field', label: `${prefix}${name}`, insert, description: help.description, field: help, goesOn };
    });
}

/** The key with what its value begins with. */
function fieldInsert(
  name: string,
  field: PlanFileField,
  place: CursorPlace,
  prefix: string,
): { readonly insert: string; readonly goesOn: boolean } {
  // A colon within the quotation marks of a key would be part of it.
  if (place.hasColon || place.quote !== null) return { insert: `${prefix}${name}`, goesOn: false };
  const list = itemsOf(field) !== undefined;
  const group = alternatives(field).some(({ type }) => type === 'object');
  if (place.flow || !(group || list)) {
    return { insert: `${prefix}${name}: `, goesOn: valuesOf(field).length > 0 || field.default !== undefined };
  }
  const deeper = ' '.repeat(place.column + prefix.length + indent);
  return { insert: `${prefix}${name}:\n${deeper}${list ? '- ' : ''}`, goesOn: true };
}

/** What a value can be; on a line of its own it may begin a mapping or a list, too. */
function valueItems(field: PlanFileField, place: CursorPlace): PlanFileCompletion[] {
  const help = fieldHelp(place.path);
  if (help === undefined) return place.path.length === 0 ? fieldItems(field, place, '') : [];
  const item = itemsOf(field);
  if (item !== undefined) return listItems(item, help, place);
  const words = scalarItems(valuesOf(field), help, place);
  if (words.length === 0 && help.default !== null && isPlain(field.default)) {
    words.push(...scalarItems([{ value: help.default, description: help.description }], help, place));
  }
  return place.ownLine && place.quote === null ? [...fieldItems(field, place, ''), ...words] : words;
}

function listItems(item: PlanFileField, help: FieldHelp, place: CursorPlace): PlanFileCompletion[] {
  if (place.quote !== null) return [];
  const values = valuesOf(item);
  if (place.ownLine) {
    const words = values.map(({ value, description }) => ({ value: `- ${value}`, description }));
    return [...fieldItems(item, { ...place, siblings: [] }, '- '), ...scalarItems(words, help, withDashes(place))];
  }
  if (values.length === 0) return [];
  const all = `[${values.map(({ value }) => value).join(', ')}]`;
  return scalarItems([{ value: all, description: help.description }], help, place);
}

function withDashes(place: CursorPlace): CursorPlace {
  return { ...place, siblings: place.siblings.map((sibling) => `- ${sibling}`) };
}

/** A list needs no word twice. */
function scalarItems(values: readonly ValueHelp[], field: FieldHelp, place: CursorPlace): PlanFileCompletion[] {
  return values
    .filter(({ value }) => !place.siblings.includes(value))
    .map(({ value, description }) => ({
      kind: 'value',
      label: value,
      insert: value,
      description: description === '' ? field.description : description,
      field,
      goesOn: false,
    }));
}

/** One value, neither a list nor a group. */
function isPlain(value: unknown): boolean {
  return value !== undefined && typeof value !== 'object';
}

/** A default as it can stand in the file. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${key}: ${written(inner)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return String(value);
}
