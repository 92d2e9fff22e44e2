import * as vscode from 'vscode';
import { loadPlanFiles } from './engine.ts';
import { actionOf, rangeOf } from './quickFixes.ts';

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
      const marked = rangeOf(document, start, end);
      if (meant === undefined || marked.intersection(range) === undefined) return [];
      const edits = [{ offset: start, length: end - start, text: meant }];
      const fix = { title: vscode.l10n.t('Change to "{0}"', meant), edits, isPreferred: true };
      return [
        actionOf(
          document,
          fix,
          diagnostics.filter((diagnostic) => marked.isEqual(diagnostic.range)),
        ),
      ];
    });
  }
}
