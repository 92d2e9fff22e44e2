/** A page of docs that a benchmark writes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettier from 'prettier';

/** Formatted as the formatter wants it, so that the page passes the project's own check. */
export async function writePage(name: string, text: string): Promise<void> {
  const path = join(import.meta.dirname, '..', '..', '..', 'docs', name);
  await writeFile(path, await prettier.format(text, { ...(await prettier.resolveConfig(path)), filepath: path }));
}
