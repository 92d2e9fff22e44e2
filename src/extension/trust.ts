import * as vscode from 'vscode';

/**
 * Whether this workspace may run, deploy and delete; where it may not, the user is told and offered to change that. Menus
 * disable such commands too, but a keybinding, another extension or a webview can still ask for them.
 */
export async function trustedOrTold(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = vscode.l10n.t('Manage Workspace Trust');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Topology Bench runs, deploys and deletes nothing from a workspace that you do not trust.'),
    manage,
  );
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return vscode.workspace.isTrusted;
}
