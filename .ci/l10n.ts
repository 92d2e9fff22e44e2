/**
 * What translators begin with: media/l10n/bundle.l10n.json, every text that the extension says through vscode.l10n.t. Run as a
 * script (`node .ci/with-node.mjs .ci/l10n.ts`) it writes that file anew.
 */
import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './commands.ts';

export const bundlePath = join(root, 'media', 'l10n', 'bundle.l10n.json');

/**
 * The bundle as the sources have it: each text by itself, sorted.
 * @throws Error where a text is put together in the call, so that no bundle can hold it
 */
export async function bundleText(): Promise<string> {
  const files = globSync('src/extension/**/*.ts', { cwd: root });
  const found = await Promise.all(files.map(async (file) => textsIn(file, await readFile(join(root, file), 'utf8'))));
  const texts = [...new Set(found.flat())].sort();
  return `${JSON.stringify(Object.fromEntries(texts.map((text) => [text, text])), null, 2)}\n`;
}

/** The texts of every vscode.l10n.t in a source. */
export function textsIn(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(file) === 'vscode.l10n.t') {
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text)) throw new Error(unwritten(file, node));
      texts.push(text.text);
    }
    ts.forEachChild(node, look);
  };
  look(file);
  return texts;
}

function unwritten(file: ts.SourceFile, call: ts.Node): string {
  const line = file.getLineAndCharacterOfPosition(call.getStart(file)).line + 1;
  return `${file.fileName}:${String(line)}: vscode.l10n.t is not given its text as one literal, so that no translation can be found for it. Write the text there in one piece, with {0} for what differs.`;
}

if (import.meta.main) await writeFile(bundlePath, await bundleText());
