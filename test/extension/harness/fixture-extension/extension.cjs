// The harness is tried on this: a tree, a CodeLens, a webview with a canvas, quick picks, notifications and a log.
const vscode = require('vscode');

exports.activate = (context) => {
  const log = vscode.window.createOutputChannel('Harness Fixture', { log: true });
  log.info('activated');
  const lenses = {
    provideCodeLenses: (document) => [
      new vscode.CodeLens(document.lineAt(0).range, {
        title: 'Draw',
        command: 'harnessFixture.draw',
        arguments: [document.uri],
      }),
    ],
  };
  context.subscriptions.push(
    log,
    vscode.window.registerTreeDataProvider('harnessFixture.files', {
      getChildren: () => vscode.workspace.findFiles('**/*.fixture'),
      getTreeItem,
    }),
    vscode.languages.registerCodeLensProvider({ pattern: '**/*.fixture' }, lenses),
    vscode.commands.registerCommand('harnessFixture.draw', (uri) => draw(context, uri, log)),
    vscode.commands.registerCommand('harnessFixture.ask', ask),
  );
};

function getTreeItem(uri) {
  const item = new vscode.TreeItem(vscode.workspace.asRelativePath(uri));
  item.command = { command: 'vscode.open', title: 'Open', arguments: [uri] };
  return item;
}

function draw(context, uri, log) {
  log.info(`drawing ${uri ? vscode.workspace.asRelativePath(uri) : 'nothing'}`);
  const panel = vscode.window.createWebviewPanel('harnessFixture', 'Fixture Panel', vscode.ViewColumn.Beside, {
    enableScripts: true,
    localResourceRoots: [context.extensionUri],
  });
  const script = panel.webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, 'panel.js'));
  panel.webview.html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Fixture</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${panel.webview.cspSource}">
</head><body><main><h1>Fixture</h1><canvas id="chart" width="300" height="150" role="img" aria-label="Four bars"></canvas>
<p><button id="break-policy">Break the policy</button> <button id="break-rules">Break the rules</button></p></main>
<script src="${script}"></script></body></html>`;
}

async function ask() {
  // Otherwise a webview that is given back the focus late takes it from the next question, which then closes.
  const ignoreFocusOut = true;
  const colour = await vscode.window.showQuickPick(['red', 'green', 'blue'], {
    title: 'Which colour?',
    ignoreFocusOut,
  });
  if (!colour) return;
  const numbers = [{ label: 'one', picked: true }, { label: 'two' }, { label: 'three' }];
  const several = await vscode.window.showQuickPick(numbers, { canPickMany: true, ignoreFocusOut });
  const name = await vscode.window.showInputBox({ title: 'Which name?', value: 'nobody', ignoreFocusOut });
  const modal = await vscode.window.showWarningMessage(
    'Are you sure?',
    { modal: true, detail: 'It cannot be undone.' },
    'Go on',
  );
  const picked = (several ?? []).map((item) => item.label).join('+');
  const answer = await vscode.window.showInformationMessage(`${colour} ${picked} ${name} ${modal}`, 'Again', 'Enough');
  if (answer === 'Enough') vscode.window.showInformationMessage('So be it');
}
