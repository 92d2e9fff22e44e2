import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { pageHtml } from './pageHtml.ts';

/** Folder that the page may load from. */
export function webviewRoot(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

/** @throws when the extension's own style sheet cannot be read */
export async function pageStyle(extensionUri: vscode.Uri): Promise<string> {
  return readFile(vscode.Uri.joinPath(webviewRoot(extensionUri), 'style.css').fsPath, 'utf8');
}

/**
 * The text of a results page.
 * @param style see pageStyle
 * @param firstPaint what is seen before its scripts run, as escaped HTML
 */
export function resultsPage(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  style: string,
  firstPaint: string,
): string {
  const file = (name: string): vscode.Uri => vscode.Uri.joinPath(webviewRoot(extensionUri), name);
  return pageHtml({
    nonce: randomBytes(16).toString('base64'),
    cspSource: webview.cspSource,
    style,
    scripts: ['shared.js', 'main.js'].map((name) => webview.asWebviewUri(file(name)).toString()),
    firstPaint,
  });
}
