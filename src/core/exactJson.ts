/**
 * JSON whose numbers stay as they were written: an identifier beyond 2^53, or 1.0, must reach the endpoint as it is in the
 * file. A number is what JSON.rawJSON makes of its text (https://tc39.es/proposal-json-parse-with-source/).
 */
export type ExactJson = null | boolean | string | ExactNumber | readonly ExactJson[] | ExactObject;

export interface ExactNumber {
  readonly rawJSON: string;
}

export interface ExactObject {
  readonly [name: string]: ExactJson;
}

/** Node has them since version 21; the language's own types do not yet. */
interface JsonWithSource {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}
const json: JsonWithSource = JSON as unknown as JsonWithSource;

/**
 * @throws SyntaxError for a text that is no JSON, whose message may quote it; RangeError for one that nests too deeply for the
 * runtime's stack
 */
export function parseExact(text: string): ExactJson {
  return json.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined ? json.rawJSON(source) : value,
  ) as ExactJson;
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return json.isRawJSON(value);
}

/** @throws RangeError for a value that nests too deeply for the runtime's stack */
export function exactText(value: ExactJson): string {
  return JSON.stringify(value);
}
