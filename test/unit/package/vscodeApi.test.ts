import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { extensionBundle } from '../../../.ci/build.ts';

test("the extension's bundle takes VS Code's API once, instead of a copy for each of its files", async () => {
  const { outputFiles } = await build({ ...extensionBundle, write: false });
  expect(outputFiles[0]?.text.match(/require\("vscode"\)/gu)).toHaveLength(1);
});

test('a name that the list of the API lacks fails the build, instead of being undefined where it is used', async () => {
  const contents = `import * as vscode from 'vscode'; export const { noSuchName } = vscode; console.log(vscode['noSuchName']);`;
  const building = build({
    ...extensionBundle,
    entryPoints: [],
    stdin: { contents, resolveDir: '/' },
    write: false,
    logLevel: 'silent',
  });
  await expect(building).rejects.toThrow('noSuchName');
});
