import * as vscode from 'vscode';

/** Where texts that a results panel leads to open, so that they do not cover it: the column that the user has text in, else the first. */
export function textColumn(): vscode.ViewColumn {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  // A panel that has the focus leaves no editor active; output has no column.
  const columns = [activeTextEditor ?? [], visibleTextEditors].flat().flatMap(({ viewColumn }) => viewColumn ?? []);
  return columns[0] ?? vscode.ViewColumn.One;
}
