import * as z from 'zod';
import { planFileSchema } from './planFileSchema.ts';

/** One field of a plan file as its published schema has it; only what is asked of it here. */
export interface PlanFileField {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly string[];
  /** Of each value of the enum. */
  readonly enumDescriptions?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, PlanFileField>>;
  readonly required?: readonly string[];
  readonly items?: PlanFileField;
  readonly anyOf?: readonly PlanFileField[];
}

/** Keys of mappings and indexes of lists, from the root on. */
export type PlanFilePath = readonly PropertyKey[];

let schema: PlanFileField | undefined;

/** The field at a path; undefined where there is none. A field of a group takes its default from the group's. */
export function fieldAt(path: PlanFilePath): PlanFileField | undefined {
  // Made once: it is the same each time, and asked for with each key that is typed.
  schema ??= z.toJSONSchema(planFileSchema) as PlanFileField;
  let field: PlanFileField | undefined = schema;
  for (const step of path) {
    if (field === undefined) return undefined;
    field = typeof step === 'number' ? itemsOf(field) : fieldsOf(field)?.[String(step)];
  }
  return field;
}

/** What a field may be: itself, or one of several things. */
export function alternatives(field: PlanFileField): readonly PlanFileField[] {
  return field.anyOf ?? [field];
}

/** The fields of a mapping; undefined for anything else, and where its keys are free. */
export function fieldsOf(field: PlanFileField): Readonly<Record<string, PlanFileField>> | undefined {
  const mapping = alternatives(field).find(({ properties }) => properties !== undefined);
  if (mapping?.properties === undefined) return undefined;
  const defaults = isRecord(mapping.default) ? mapping.default : {};
  return Object.fromEntries(
    Object.entries(mapping.properties).map(([name, inner]) => [
      name,
      inner.default === undefined && name in defaults ? { ...inner, default: defaults[name] } : inner,
    ]),
  );
}

/** What a list is of; undefined for anything else. */
export function itemsOf(field: PlanFileField): PlanFileField | undefined {
  return alternatives(field).find(({ items }) => items !== undefined)?.items;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
