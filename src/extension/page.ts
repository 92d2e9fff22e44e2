import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Folder that the page may load from. */
export function webviewRoot(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

/**
 * The results page: an empty <main id="app"> that dist/webview/main.js fills, with what it shares with reports in shared.js. Nothing but our own script and style runs;
 * the toolkit takes the nonce for its style elements from <meta property="csp-nonce">.
 */
export function resultsPage(webview: vscode.Webview, extensionUri: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extensionUri), name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Topology Bench</title>
<link rel="stylesheet" href="${file('style.css')}">
</head>
<body>
<main id="app"></main>
<script nonce="${nonce}" src="${file('shared.js')}"></script>
<script nonce="${nonce}" src="${file('main.js')}"></script>
</body>
</html>`;
}
