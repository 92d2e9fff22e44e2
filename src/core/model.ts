import { parseHuggingFaceConfig } from './model/huggingFace.ts';
import type { ParsedModel } from './model/parsedModel.ts';
import { byteOrderMark, type Problem } from './model/problem.ts';
import type { TextField } from './model/textProto.ts';
import { parseTritonConfig } from './model/triton.ts';

export { hintsOf } from './model/hints.ts';
export type { Fix, Hint, HintFacts } from './model/hint.ts';
export { withoutPythonNumbers } from './model/pythonJson.ts';
export { settingsText } from './model/settingsText.ts';
export type { ParsedModel } from './model/parsedModel.ts';
export type { Problem } from './model/problem.ts';

/** What this program can benchmark so far; completes what is said about a model that it cannot. */
export const supportedSoFar = 'Text classifiers with an ONNX model are supported so far.';

/** In UTF-16 code units. No model config is larger; a file that is, is something else. */
const longestText = { triton: 1024 * 1024, huggingFace: 2 * 1024 * 1024 };

export interface ParsedConfig {
  readonly model: ParsedModel | undefined;
  readonly problems: readonly Problem[];
  /** Of Triton's config: its fields and where they stand. */
  readonly fields?: readonly TextField[] | undefined;
}

/**
 * Reads a model config: Triton's, for a file name that ends in .pbtxt, or Hugging Face's config.json. `model` is undefined
 * for a text that is neither, which has no problems: many other files have these names. Problems carry offsets into the
 * text. Never throws, and takes time linear in the text.
 * @param hasMark whether the file begins with a byte order mark, which an editor leaves out of its text
 */
export function parseModel(fileName: string, text: string, hasMark = text.startsWith(byteOrderMark)): ParsedConfig {
  const base = (fileName.split(/[\\/]/).at(-1) ?? '').toLowerCase();
  if (base.endsWith('.pbtxt') && text.length <= longestText.triton) {
    const { model, problems, fields } = parseTritonConfig(text, hasMark);
    return { model, problems: problems.problems, fields: model === undefined ? undefined : fields };
  }
  if (base === 'config.json' && text.length <= longestText.huggingFace) {
    const { model, problems } = parseHuggingFaceConfig(text, hasMark);
    return { model, problems: problems.problems };
  }
  return { model: undefined, problems: [] };
}

/** "line 3, column 5" of an offset, both counted from 1. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
