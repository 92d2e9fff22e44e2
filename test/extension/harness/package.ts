/** Extensions as they are published. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

const root = resolve(import.meta.dirname, '..', '..', '..');

/** Path of our own .vsix: TOPOLOGY_BENCH_VSIX, or what `npm run package` made. */
export function ownPackage(): string {
  const path = process.env['TOPOLOGY_BENCH_VSIX'] ?? join(root, 'dist', 'topology-bench.vsix');
  if (existsSync(path)) return path;
  throw new Error(`There is no ${path} to install; "npm run package" makes it.`);
}

/** Packs an extension that needs no build; returns the path of the .vsix in out/vsix. */
export async function packExtension(directory: string, name: string): Promise<string> {
  const folder = join(root, 'out', 'vsix');
  await mkdir(folder, { recursive: true });
  const packagePath = join(folder, `${name}.vsix`);
  await createVSIX({
    cwd: directory,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packagePath;
}
