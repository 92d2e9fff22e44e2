import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { BenchError, explain } from '../core/errors.ts';
import { fullStop } from '../core/view/format.ts';
import type { Memory } from './memory.ts';
import { plainText } from './plainText.ts';

export type FileKind = 'csv' | 'json' | 'html' | 'png' | 'plan';

/** A file that the user asked for, before it is known where it goes. */
export interface FileToSave {
  /** Title of the dialog. */
  readonly title: string;
  /** Proposed. */
  readonly name: string;
  readonly kind: Exclude<FileKind, 'plan'>;
  /** Made only when it is known where it goes. */
  bytes(): Promise<Uint8Array>;
}

const kindNames: Readonly<Record<FileToSave['kind'], string>> = { csv: 'CSV', json: 'JSON', html: 'HTML', png: 'PNG' };

/**
 * Asks where it goes, in the folder that was chosen last; the dialog itself asks before it takes a file that is there already.
 * @throws BenchError export-failed
 */
export async function saveFile(file: FileToSave, memory: Memory): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    title: file.title,
    defaultUri: vscode.Uri.joinPath(await folderFor(memory), file.name),
    filters: { [kindNames[file.kind]]: [file.kind] },
  });
  if (target === undefined) return;
  await writeTo(target, file.kind, await file.bytes());
  await memory.rememberExportFolder(vscode.Uri.joinPath(target, '..').toString());
  tell(target, file.kind).catch(() => {
    // A window that closes takes its dialogs with it, and what cannot be opened is said by VS Code itself.
  });
}

/** @throws BenchError export-failed */
export async function writeTo(target: vscode.Uri, kind: FileKind, bytes: Uint8Array): Promise<void> {
  try {
    await vscode.workspace.fs.writeFile(target, bytes);
  } catch (error) {
    throw new BenchError({
      reason: 'export-failed',
      message: fullStop(notWritten(kind, target.fsPath, explain(error))),
      nextStep: vscode.l10n.t('Choose another place for it; the run record itself is not affected.'),
      cause: error,
    });
  }
}

function notWritten(kind: FileKind, path: string, why: string): string {
  switch (kind) {
    case 'csv':
      return vscode.l10n.t('The CSV file could not be written to {0}: {1}', path, why);
    case 'json':
      return vscode.l10n.t('The JSON file could not be written to {0}: {1}', path, why);
    case 'html':
      return vscode.l10n.t('The report could not be written to {0}: {1}', path, why);
    case 'png':
      return vscode.l10n.t('The picture of the chart could not be written to {0}: {1}', path, why);
    case 'plan':
      return vscode.l10n.t('The plan could not be written to {0}: {1}', path, why);
  }
}

/** The one that was chosen last, while it is there; else the workspace's. */
async function folderFor(memory: Memory): Promise<vscode.Uri> {
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const last = memory.exportFolder();
  if (last === undefined) return workspace;
  try {
    const folder = vscode.Uri.parse(last, true);
    await vscode.workspace.fs.stat(folder);
    return folder;
  } catch {
    return workspace;
  }
}

/** A page opens in the browser, where that is on the machine that the file is on. */
async function tell(target: vscode.Uri, kind: FileToSave['kind']): Promise<void> {
  const inBrowser =
    kind === 'html' && vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  const open = inBrowser ? vscode.l10n.t('Open in Browser') : vscode.l10n.t('Open');
  const saved = plainText(vscode.l10n.t('Saved {0}.', target.path.slice(target.path.lastIndexOf('/') + 1)));
  if ((await vscode.window.showInformationMessage(saved, open)) !== open) return;
  if (inBrowser) await vscode.env.openExternal(target);
  else await vscode.commands.executeCommand('vscode.open', target);
}
