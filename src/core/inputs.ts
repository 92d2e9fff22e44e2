import { arrayElements, jsonFault, placeAt, withoutByteOrderMark } from './jsonText.ts';

/** One input of a file: what a request is made of. */
export interface Input {
  /** Of the file, from 1, where it begins. */
  readonly line: number;
  /** JSON text, or in a file of texts the text itself. */
  readonly text: string;
}

/** JSON values one a line, one JSON array, or texts one a line. */
export type InputsForm = 'json lines' | 'json array' | 'text lines';

export interface InputsProblem {
  /** In the file, from 1; null where it is of the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  /** A clause without a full stop; it never quotes the file. */
  readonly message: string;
}

export const mostInputs = 100_000;

/** By the name's ending, whatever its case. */
export function inputsForm(fileName: string): InputsForm {
  if (/\.(?:jsonl|ndjson)$/i.test(fileName)) return 'json lines';
  return /\.json$/i.test(fileName) ? 'json array' : 'text lines';
}

/** The inputs of a file, in its order, or what is wrong with it; never throws. Blank lines are left out, a byte order mark too. */
export function readInputs(
  text: string,
  form: InputsForm,
): { readonly inputs: readonly Input[]; readonly problem?: undefined } | { readonly problem: InputsProblem } {
  const content = withoutByteOrderMark(text);
  const inputs = form === 'json array' ? elements(content) : lines(content, form === 'json lines');
  if (!Array.isArray(inputs)) return { problem: inputs };
  if (inputs.length === 0) return { problem: ofFile('it holds no input') };
  return { inputs };
}

function lines(text: string, json: boolean): Input[] | InputsProblem {
  const inputs: Input[] = [];
  let line = 0;
  for (let begin = 0; begin < text.length;) {
    const feed = text.indexOf('\n', begin);
    const end = feed === -1 ? text.length : feed;
    const own = text.slice(begin, end).replace(/\r$/, '');
    begin = end + 1;
    line += 1;
    if (own.trim() === '') continue;
    const fault = json ? jsonFault(own) : undefined;
    if (fault !== undefined) return { line, column: fault.offset + 1, message: `it is not JSON: ${fault.message}` };
    if (inputs.length === mostInputs) return { ...tooMany, line };
    inputs.push({ line, text: json ? own.trim() : own });
  }
  return inputs;
}

function elements(text: string): Input[] | InputsProblem {
  const fault = jsonFault(text);
  if (fault !== undefined) return { ...placeAt(text, fault.offset), message: `it is not JSON: ${fault.message}` };
  if (!text.trimStart().startsWith('[')) return ofFile('it is no JSON array');
  const inputs: Input[] = [];
  let line = 1;
  let counted = 0;
  for (const { start, end } of arrayElements(text, mostInputs + 1)) {
    // Counted on from the last one: each input's line from the top would take the square of the file's length.
    line += placeAt(text.slice(counted, start), start - counted).line - 1;
    counted = start;
    if (inputs.length === mostInputs) return { ...tooMany, line };
    inputs.push({ line, text: text.slice(start, end) });
  }
  return inputs;
}

const tooMany = { column: null, message: `it holds more than ${mostInputs.toLocaleString('en-US')} inputs` } as const;

function ofFile(message: string): InputsProblem {
  return { line: null, column: null, message };
}
