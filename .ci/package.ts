/**
 * Builds the .vsix and holds it to its size: code under 3 MB unpacked, all under 8 MB, and under 450 KB for what a panel
 * loads. Its texts must have no dead link. With --release the links and pictures of README lead to where linkBases.ts says.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAll, shippedCode } from './build.ts';
import { must, npmTool, root } from './commands.ts';
import { linkOptions } from './linkBases.ts';
import { deadLinks, packagedFiles } from './packagedTexts.ts';

export const vsixPath = join(root, 'dist', 'topology-bench.vsix');

export async function packageExtension(isRelease = false): Promise<void> {
  const links = linkOptions(isRelease, process.env);
  await buildAll();
  const dead = await deadLinks(await packagedFiles());
  if (dead.length > 0) throw new Error(`Links that lead nowhere in the .vsix:\n${dead.join('\n')}`);
  await must(npmTool('vsce'), [
    'package',
    '--no-dependencies',
    '--skip-license',
    '--allow-missing-repository',
    ...links,
    '--out',
    vsixPath,
  ]);
  const { size } = await stat(vsixPath);
  console.log(`${(size / 1e6).toFixed(2)} MB  dist/topology-bench.vsix`);
  if (size > 8e6) throw new Error('The .vsix is over 8 MB.');
  const code = await bytesOf(shippedCode);
  console.log(`${(code / 1e6).toFixed(2)} MB  code in it, unpacked`);
  if (code > 3e6) throw new Error('The code in the .vsix is over 3 MB.');
  const panel = await bytesOf(['shared.js', 'main.js', 'style.css'].map((name) => `webview/${name}`));
  console.log(`${(panel / 1e3).toFixed(0)} KB  what a panel loads`);
  if (panel > 450e3) throw new Error('What a panel loads is over 450 KB.');
}

async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(root, 'dist', name))).size));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

if (import.meta.main) await packageExtension(process.argv.includes('--release'));
