import { canonicalJson } from '../canonicalJson.ts';
import type { ParsedConfig } from '../model.ts';
import { withNamedPythonNumbers } from './pythonJson.ts';
import type { TextField, TextValue } from './textProto.ts';

/**
 * A text that two configs of one format share if they say the same, whatever their comments, spacing and order of fields;
 * to be hashed. A text that is broken stands for itself.
 */
export function settingsText({ fields }: ParsedConfig, text: string): string {
  if (fields !== undefined) return canonicalJson(messageOf(fields));
  try {
    return canonicalJson(JSON.parse(withNamedPythonNumbers(text)));
  } catch {
    return text;
  }
}

/** Values by field name: the order counts only among those of one name. */
function messageOf(fields: readonly TextField[]): Record<string, unknown[]> {
  const message = new Map<string, unknown[]>();
  for (const { name, values } of fields) {
    const known = message.get(name) ?? [];
    message.set(name, known);
    for (const value of values) known.push(valueOf(value));
  }
  return Object.fromEntries(message);
}

/** With its kind, so that 1 and "1" differ. */
function valueOf(value: TextValue): unknown {
  switch (value.kind) {
    case 'message':
      return messageOf(value.fields);
    case 'number':
      return { number: String(value.exact ?? value.value) };
    case 'string':
      return { string: value.value };
    case 'identifier':
      return { word: value.value };
  }
}
