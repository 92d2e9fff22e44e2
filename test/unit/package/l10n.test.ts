import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bundlePath, bundleText, textsIn } from '../../../.ci/l10n.ts';
import manifest from '../../../package.json' with { type: 'json' };

test('the bundle for translators holds what the sources say, and package.json names its folder', async () => {
  expect(
    await readFile(bundlePath, 'utf8'),
    'media/l10n/bundle.l10n.json is not what src/extension says. Write it anew: node .ci/with-node.mjs .ci/l10n.ts',
  ).toBe(await bundleText());
  expect(manifest.l10n).toBe('./media/l10n');
});

test('texts are found wherever they are said, one within another too, and other calls are left alone', () => {
  const source = `
    const a = vscode.l10n.t('since {0}', vscode.l10n.t("the server's start"));
    class B { say = () => (this.many ? vscode.l10n.t(\`{0} "runs"\`, 2) : l10n.t('not this')); }
    // vscode.l10n.t('nor this')
    log.info('vscode.l10n.t("nor that")');`;
  expect(textsIn('a.ts', source)).toEqual(['since {0}', "the server's start", '{0} "runs"']);
});

test.each([
  'vscode.l10n.t(`runs of ${name}`)',
  "vscode.l10n.t('runs ' + 'of')",
  'vscode.l10n.t(text)',
  'vscode.l10n.t()',
])('a text that is not written out is an error at its place: %s', (call) => {
  expect(() => textsIn('src/extension/a.ts', `\n${call};`)).toThrow(
    /^src\/extension\/a\.ts:2: vscode\.l10n\.t is not given/u,
  );
});
