import * as vscode from 'vscode';
import { loadPlanFiles } from './engine.ts';

/** Offers, at what is misspelt in a plan file, the word that was most likely meant. */
export class PlanFixes implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  };

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): Promise<vscode.CodeAction[]> {
    // Where nothing is marked, as nearly everywhere, nothing is read.
    if (diagnostics.length === 0) return [];
    const { parsePlanFile } = await loadPlanFiles();
    return parsePlanFile(document.getText()).problems.flatMap(({ start, end, meant }) => {
      const marked = new vscode.Range(document.positionAt(start), document.positionAt(end));
      if (meant === undefined || marked.intersection(range) === undefined) return [];
      const action = new vscode.CodeAction(vscode.l10n.t('Change to "{0}"', meant), vscode.CodeActionKind.QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(document.uri, marked, meant);
      action.isPreferred = true;
      action.diagnostics = diagnostics.filter((diagnostic) => marked.isEqual(diagnostic.range));
      return [action];
    });
  }
}
