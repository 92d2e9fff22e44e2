/**
 * Gives the extension's bundle VS Code's API once. The bundler's own way makes each file that imports it a copy of the whole,
 * name by name, which took a third of the time that the bundle takes to load.
 */
import { readFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** @param root of the repository */
export function vscodeApi(root: string): Plugin {
  return {
    name: 'vscode-api',
    setup(build) {
      // A name that the list lacks would be undefined where it is used.
      build.initialOptions.logOverride = { 'import-is-undefined': 'error' };
      build.onResolve({ filter: /^vscode$/ }, ({ kind }) =>
        kind === 'import-statement' ? { path: 'vscode', namespace: 'vscode-api' } : { path: 'vscode', external: true },
      );
      build.onLoad({ filter: /./, namespace: 'vscode-api' }, async () => ({
        contents: `export const { ${(await usedNames(root)).join(', ')} } = require('vscode');`,
      }));
    },
  };
}

/** All that the sources take from the API, types included, which are undefined there and used nowhere. */
async function usedNames(root: string): Promise<string[]> {
  const files = globSync('src/extension/**/*.ts', { cwd: root });
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')));
  return [
    ...new Set(texts.flatMap((text) => [...text.matchAll(/\bvscode\.(\w+)/g)].map((match) => match[1] ?? ''))),
  ].sort();
}
