import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { SavedModel } from '../../core/planFileText.ts';
import type { BenchmarkChoices } from '../choices.ts';
import { loadPlanFiles } from '../engine.ts';
import type { Memory } from '../memory.ts';
import { namedFiles, planFileName } from '../planFiles.ts';
import { pathFrom } from '../planHelp.ts';
import { configUri } from '../prepare.ts';
import { writeTo } from '../saveFile.ts';
import type { Services } from '../services.ts';
import { textColumn } from '../textColumn.ts';
import { recordFrom } from './export.ts';

/** Writes the plan of a result (of the tree's node, of the panel in front, or of the run that the user picks) as a plan file, and opens it. */
export async function saveAsPlan(argument: unknown, services: Services): Promise<void> {
  const title = vscode.l10n.t('Save as Plan');
  const record = await recordFrom(argument, services, title);
  if (record === undefined) return;
  const choices = services.memory.choicesOf(record.id);
  const proposed = folderFor(choices);
  const target = await vscode.window.showSaveDialog({
    title,
    filters: { YAML: ['yaml', 'yml'] },
    ...(proposed === undefined ? {} : { defaultUri: vscode.Uri.file(join(proposed, planFileName)) }),
  });
  if (target === undefined) return;
  const { planFileText } = await loadPlanFiles();
  const text = planFileText(record, modelFrom(target, choices, services.memory));
  await writeTo(target, 'plan', new TextEncoder().encode(text));
  await vscode.window.showTextDocument(target, { viewColumn: textColumn() });
}

/** Beside the plan that the run came from, else at the root of the folder that the model lies in. */
function folderFor(choices: BenchmarkChoices | undefined): string | undefined {
  if (choices?.plan !== undefined) return dirname(vscode.Uri.parse(choices.plan.uri, true).fsPath);
  const config = choices === undefined ? undefined : configUri(choices.subject);
  const folder = config === undefined ? undefined : vscode.workspace.getWorkspaceFolder(config);
  const [first] = vscode.workspace.workspaceFolders ?? [];
  const found = (folder ?? first)?.uri;
  return found?.scheme === 'file' ? found.fsPath : undefined;
}

/** Known of the runs of this workspace alone. What lies outside of the file's workspace folder is not named: that path is private. */
function modelFrom(target: vscode.Uri, choices: BenchmarkChoices | undefined, memory: Memory): SavedModel {
  if (choices === undefined) return 'unknown';
  const { subject, plan } = choices;
  const named = plan === undefined ? undefined : namedFiles(plan);
  const model = named?.model ?? configUri(subject)?.fsPath;
  if (model === undefined) return 'built-in';
  const tokenizer = named?.tokenizer ?? memory.tokenizerOf(subject);
  const folder = dirname(target.fsPath);
  const root = vscode.workspace.getWorkspaceFolder(target)?.uri.fsPath ?? folder;
  const path = liesIn(root, model) ? pathFrom(folder, model) : undefined;
  if (path === undefined) return 'unknown';
  if (tokenizer === undefined) return { path, tokenizer: null };
  const tokenizerPath = liesIn(root, tokenizer) ? pathFrom(folder, tokenizer) : undefined;
  if (tokenizerPath === undefined) return { path, tokenizer: null, tokenizerElsewhere: true };
  return { path, tokenizer: tokenizerPath };
}

/** Between drives of Windows there is no relative path. */
function liesIn(folder: string, path: string): boolean {
  const steps = relative(folder, path);
  return steps !== '..' && !steps.startsWith(`..${sep}`) && !isAbsolute(steps);
}
