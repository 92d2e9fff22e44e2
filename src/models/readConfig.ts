import { readFile } from 'node:fs/promises';
import { BenchError } from '../core/errors.ts';
import { lineAndColumn, parseModel, supportedSoFar, type ParsedConfig, type ParsedModel } from '../core/model.ts';
import { isLfsPointer, lfsPointer } from './lfs.ts';

export interface ReadConfig {
  readonly text: string;
  readonly config: ParsedConfig;
  readonly parsed: ParsedModel;
}

/**
 * Reads a model config that a run is about; its errors end the run, its warnings go along.
 * @throws BenchError model-unsupported, model-incomplete
 */
export async function readConfig(path: string, warnings: string[]): Promise<ReadConfig> {
  const text = await readText(path);
  if (isLfsPointer(text)) throw lfsPointer(path);
  const config = parseModel(path, text);
  const { model, problems } = config;
  const sentences = (severity: 'error' | 'warning'): string[] =>
    problems
      .filter((problem) => problem.severity === severity)
      .map((problem) => {
        const { line, column } = lineAndColumn(text, problem.start);
        return `${path}:${String(line)}:${String(column)}: ${problem.message}`;
      });
  const errors = sentences('error');
  if (errors.length > 0 || model === undefined) {
    throw new BenchError({
      reason: 'model-unsupported',
      message: `${path} is not a valid model config. ${errors[0] ?? 'It has none of the fields of one.'}`,
      nextStep: errors.length > 1 ? `Correct it; there are ${String(errors.length)} such problems.` : 'Correct it.',
    });
  }
  if (model.task === 'other') throw unsupported(path, model);
  warnings.push(...sentences('warning'));
  return { text, config, parsed: model };
}

function unsupported(path: string, model: ParsedModel): BenchError {
  return new BenchError({
    reason: 'model-unsupported',
    message: `The model of ${path} cannot be benchmarked, because ${model.why ?? 'it is no text classifier'}.`,
    nextStep: supportedSoFar,
  });
}

/** @throws BenchError model-incomplete */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new BenchError({
      reason: 'model-incomplete',
      message: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      nextStep: 'Check its permissions.',
      cause: error,
    });
  }
}
