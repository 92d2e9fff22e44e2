/** A page of docs that a benchmark writes, or a part of one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettier from 'prettier';

/** Formatted as the formatter wants it, so that the page passes the project's own check. */
export async function writePage(name: string, text: string): Promise<void> {
  const path = pathOf(name);
  await writeFile(path, await prettier.format(text, { ...(await prettier.resolveConfig(path)), filepath: path }));
}

/** Replaces what stands between the comments "begin: WHAT" and "end: WHAT" of a page. */
export async function writePart(name: string, what: string, text: string): Promise<void> {
  const page = await readFile(pathOf(name), 'utf8');
  const [begin, end] = [`<!-- begin: ${what} -->`, `<!-- end: ${what} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(
      `docs/${name} has no place for what was measured: it needs the lines "${begin}" and "${end}", in this order.`,
    );
  await writePage(name, `${page.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}

function pathOf(name: string): string {
  return join(import.meta.dirname, '..', '..', '..', 'docs', name);
}
