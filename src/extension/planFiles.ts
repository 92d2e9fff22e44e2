import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { builtInModel } from '../core/builtInModel.ts';
import { BenchError } from '../core/errors.ts';
import type { PlanFile } from '../core/planFile.ts';
import { fullStop } from '../core/view/format.ts';
import type { PlanChoice } from './choices.ts';
import { loadPlanFiles } from './engine.ts';

/** The name that the command line looks for, too. */
export const planFileName = 'topology-bench.yaml';

/** By name, and not by language: an extension may have given YAML another one. */
export const planFileSelector: vscode.DocumentSelector = { scheme: 'file', pattern: `**/${planFileName}` };

export function isPlanFile(uri: vscode.Uri): boolean {
  return uri.scheme === 'file' && basename(uri.fsPath) === planFileName;
}

/** @throws BenchError plan-invalid, with each problem by its line */
export async function readPlanFile(uri: vscode.Uri): Promise<PlanFile> {
  const { parsePlanFile } = await loadPlanFiles();
  const { planFile, problems } = parsePlanFile(await readText(uri));
  if (planFile !== undefined) return planFile;
  const lines = problems.map(({ line, message }) => vscode.l10n.t('line {0}: {1}', line, message));
  throw new BenchError({
    reason: 'plan-invalid',
    message: fullStop(
      vscode.l10n.t('{0} is not a valid plan: {1}', vscode.workspace.asRelativePath(uri), lines.join('; ')),
    ),
    nextStep: vscode.l10n.t('Correct what the editor marks, and start again.'),
  });
}

/** Absolute paths of the files that a plan names relative to itself. */
export function namedFiles({ uri, file }: PlanChoice): {
  readonly model: string | undefined;
  readonly tokenizer: string | undefined;
} {
  const folder = dirname(vscode.Uri.parse(uri, true).fsPath);
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(folder, path);
  const model = file.model === builtInModel ? undefined : file.model;
  return { model: absolute(model), tokenizer: absolute(file.tokenizer) };
}

async function readText(uri: vscode.Uri): Promise<string> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    throw new BenchError({
      reason: 'plan-invalid',
      message: vscode.l10n.t('The plan file {0} cannot be read.', vscode.workspace.asRelativePath(uri)),
      nextStep: vscode.l10n.t('Check that it is there and may be read.'),
      cause: error,
    });
  }
}
