import type { TextField, TextValue } from './textProto.ts';

/** Looks into parsed text format; of a field that is given twice the last counts, as for protobuf. */

/** All values of the fields of that name, lists and repetitions alike. */
export function allOf(fields: readonly TextField[], name: string): TextValue[] {
  return fields.filter((field) => field.name === name).flatMap((field) => field.values);
}

export function last(fields: readonly TextField[], name: string): TextValue | undefined {
  return fields.findLast((field) => field.name === name)?.values.at(-1);
}

export function fieldsOf(value: TextValue | undefined): readonly TextField[] {
  return value?.kind === 'message' ? value.fields : [];
}

export function stringOf(value: TextValue | undefined): string | null {
  return value?.kind === 'string' && value.value !== '' ? value.value : null;
}

export function numberOf(value: TextValue | undefined): number | undefined {
  return value?.kind === 'number' && Number.isSafeInteger(value.value) ? value.value : undefined;
}

export function numbersOf(fields: readonly TextField[], name: string): number[] {
  return allOf(fields, name).flatMap((value) => numberOf(value) ?? []);
}
