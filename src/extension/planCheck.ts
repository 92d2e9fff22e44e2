import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { NamedPath } from '../core/planFile.ts';
import type { Check, CheckedProblem } from './diagnostics.ts';
import { loadPlanFiles } from './engine.ts';
import { planFileSelector } from './planFiles.ts';

/** What is wrong with a plan file, and which of the files that it names are not there. */
export function planFileCheck(): Check {
  return {
    selector: planFileSelector,
    problems,
    // The files that a plan names may have come or gone since.
    onDidChange: vscode.window.onDidChangeActiveTextEditor,
  };
}

async function problems(document: vscode.TextDocument): Promise<CheckedProblem[]> {
  const text = document.getText();
  // Activation, which checks what is open already, must not wait for the engine's bundle.
  await nextTurn();
  const { parsePlanFile } = await loadPlanFiles();
  const parsed = parsePlanFile(text);
  const folder = dirname(document.uri.fsPath);
  const absent = await Promise.all(
    parsed.paths.map(async (named) => ((await isThere(named, folder)) ? [] : [missing(named)])),
  );
  return [...parsed.problems.map((problem) => ({ ...problem, severity: 'error' as const })), ...absent.flat()];
}

async function isThere({ path }: NamedPath, folder: string): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(vscode.Uri.file(resolve(folder, path)));
    return true;
  } catch {
    return false;
  }
}

function missing({ path, start, end }: NamedPath): CheckedProblem {
  const message = vscode.l10n.t(
    'There is no file or folder "{0}"; it is looked for from the folder of this file.',
    path,
  );
  return { message, start, end, severity: 'warning' };
}
