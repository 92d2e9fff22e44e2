import * as vscode from 'vscode';
import type { Fix, Hint } from '../core/model.ts';
import type { ModelHints } from './modelHints.ts';

/** Offers, at a hint's mark, the edits that do away with it. */
export class QuickFixes implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  };
  readonly #hints: Pick<ModelHints, 'of'>;

  constructor(hints: Pick<ModelHints, 'of'>) {
    this.#hints = hints;
  }

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return this.#hints.of(document).flatMap((hint) => {
      const marked = rangeOf(document, hint.start, hint.end);
      if (marked.intersection(range) === undefined) return [];
      const diagnostics = context.diagnostics.filter((diagnostic) => isOf(diagnostic, hint, marked));
      return hint.fixes.map((fix) => actionOf(document, fix, diagnostics));
    });
  }
}

/** @param diagnostics which the fix does away with */
export function actionOf(document: vscode.TextDocument, fix: Fix, diagnostics: vscode.Diagnostic[]): vscode.CodeAction {
  const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
  action.edit = new vscode.WorkspaceEdit();
  for (const { offset, length, text } of fix.edits) {
    action.edit.replace(document.uri, rangeOf(document, offset, offset + length), text);
  }
  action.isPreferred = fix.isPreferred;
  action.diagnostics = diagnostics;
  return action;
}

/** Whether it was made of that hint (see diagnostics.ts). */
function isOf({ code, range }: vscode.Diagnostic, hint: Hint, marked: vscode.Range): boolean {
  return typeof code === 'object' && code.value === hint.code && range.isEqual(marked);
}

/** @param end exclusive */
export function rangeOf(document: vscode.TextDocument, start: number, end: number): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
