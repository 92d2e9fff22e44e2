// A row opens a panel that loads nothing: what VS Code itself takes from the click to the first paint of a webview.
const vscode = require('vscode');

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.window.registerTreeDataProvider('emptyPanel.rows', {
      getChildren: (row) => (row ? [] : ['Open']),
      getTreeItem: (row) => {
        const item = new vscode.TreeItem(row);
        item.command = { command: 'emptyPanel.open', title: 'Open' };
        return item;
      },
    }),
    vscode.commands.registerCommand('emptyPanel.open', open),
  );
};

function open() {
  const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
  const panel = vscode.window.createWebviewPanel('emptyPanel', 'Empty', place, { enableScripts: true });
  panel.webview.html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Empty</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'"></head><body><h1>Empty</h1></body></html>`;
}
