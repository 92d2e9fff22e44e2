/** Packs an extension as it would be published. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

/** Packs what `directory` holds, bundles included as they stand; returns the path of the .vsix in out/vsix. */
export async function packExtension(directory: string, name: string): Promise<string> {
  const folder = resolve(import.meta.dirname, '..', '..', '..', 'out', 'vsix');
  await mkdir(folder, { recursive: true });
  const packagePath = join(folder, `${name}-${String(process.pid)}.vsix`);
  await createVSIX({
    cwd: directory,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packagePath;
}
