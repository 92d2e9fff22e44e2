/** Builds the .vsix and holds it to its size: code under 3 MB, all under 8 MB. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAll } from './build.ts';
import { must, npmTool, root } from './commands.ts';

export const vsixPath = join(root, 'dist', 'topology-bench.vsix');

export async function packageExtension(): Promise<void> {
  await buildAll();
  await must(npmTool('vsce'), ['package', '--no-dependencies', '--skip-license', '--out', vsixPath]);
  const { size } = await stat(vsixPath);
  console.log(`${(size / 1e6).toFixed(2)} MB  dist/topology-bench.vsix`);
  if (size > 8e6) throw new Error('The .vsix is over 8 MB.');
}

if (import.meta.main) await packageExtension();
