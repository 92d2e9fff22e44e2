import { parseHuggingFaceConfig } from './model/huggingFace.ts';
import type { ParsedModel } from './model/parsedModel.ts';
import { ProblemList, type Problem } from './model/problem.ts';
import { parseTritonConfig } from './model/triton.ts';

export type { ParsedModel } from './model/parsedModel.ts';
export type { Problem } from './model/problem.ts';

/** What this program can benchmark so far; completes what is said about a model that it cannot. */
export const supportedSoFar = 'Text classifiers with an ONNX model are supported so far.';

/** No model config is larger; a file that is, is something else. */
const longestText = 4 * 1024 * 1024;

/**
 * Reads a model config: Triton's, for a file name that ends in .pbtxt, or Hugging Face's config.json. `model` is undefined
 * for a text that is neither; problems carry offsets into the text. Never throws, and takes time linear in the text.
 */
export function parseModel(
  fileName: string,
  text: string,
): { readonly model: ParsedModel | undefined; readonly problems: readonly Problem[] } {
  const base = (fileName.split(/[\\/]/).at(-1) ?? '').toLowerCase();
  const problems = new ProblemList();
  if (base.endsWith('.pbtxt')) {
    if (text.length > longestText) {
      problems.error('This file is too large to be a model config.', { start: 0, end: 1 });
      return { model: undefined, problems: problems.problems };
    }
    const model = parseTritonConfig(text, problems);
    // Label maps and graphs have this ending too; only a file with the config's own name is expected to be one.
    return { model, problems: model === undefined && base !== 'config.pbtxt' ? [] : problems.problems };
  }
  if (base !== 'config.json' || text.length > longestText) return { model: undefined, problems: [] };
  return { model: parseHuggingFaceConfig(text, problems), problems: problems.problems };
}

/** "line 3, column 5" of an offset, both counted from 1. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
