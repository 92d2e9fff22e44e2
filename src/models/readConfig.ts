import { readFile } from 'node:fs/promises';
import { BenchError, placeText, type Place } from '../core/errors.ts';
import { lineAndColumn, parseModel, supportedSoFar, type ParsedConfig, type ParsedModel } from '../core/model.ts';
import type { Problem } from '../core/model/problem.ts';
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
  const placed = problems.map((problem): Placed => {
    return { ...problem, where: { file: path, ...lineAndColumn(text, problem.start) } };
  });
  const errors = placed.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || model === undefined) throw invalid(path, errors);
  if (model.task === 'other') throw unsupported(path, model);
  const others = placed.filter(({ severity }) => severity === 'warning');
  warnings.push(...others.map(({ where, message }) => `${placeText(where)}: ${message}`));
  return { text, config, parsed: model };
}

type Placed = Problem & { readonly where: Place };

function invalid(path: string, errors: readonly Placed[]): BenchError {
  const [first] = errors;
  return new BenchError({
    reason: 'model-unsupported',
    message: `This is not a valid model config. ${first?.message ?? 'It has none of the fields of one.'}`,
    where: first?.where ?? { file: path },
    ...(errors.length > 1 ? { nextStep: `There are ${String(errors.length)} such problems.` } : {}),
  });
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
