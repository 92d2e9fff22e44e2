import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const bundle = './zod.cjs';

/** Names that stand for types alone, or for all of zod. */
const noValues = new Set(['infer', 'core', 'ZodType']);

/** Four bundles check data by zod, and a copy of it in each would be a tenth of the package: they share this one, which they load. */
export const sharedZod: Plugin = {
  name: 'shared zod',
  setup(build) {
    build.onResolve({ filter: /^zod$/ }, () => ({ path: bundle, external: true }));
  },
};

/** The source of the shared bundle: what of zod the code under src names, so that the rest is left out. */
export async function zodSource(root: string): Promise<string> {
  const folder = join(root, 'src');
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const names = texts.flatMap((text) => Array.from(text.matchAll(/\bz\.([A-Za-z]+)/g), ([, name]) => name ?? ''));
  const used = [...new Set(names)].filter((name) => !noValues.has(name)).sort();
  return `export { ${used.join(', ')} } from 'zod';`;
}
