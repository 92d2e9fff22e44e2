/** What the .vsix holds, and whether the links of the texts in it lead somewhere. */
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { listFiles, PackageManager } from '@vscode/vsce';
import { root } from './commands.ts';

/** Paths of the files that go into the .vsix, as .vscodeignore has it; of those that are built only what is there. */
export function packagedFiles(): Promise<string[]> {
  return listFiles({ cwd: root, packageManager: PackageManager.None });
}

/** Links and pictures of the packaged texts that lead to no packaged file or folder, as "README.md: docs/images.md". */
export async function deadLinks(files: readonly string[]): Promise<string[]> {
  const texts = files.filter((file) => file.endsWith('.md'));
  const dead = await Promise.all(
    texts.map(async (text) =>
      relativeLinks(await readFile(join(root, text), 'utf8'))
        .filter((link) => !leadsTo(posix.join(posix.dirname(text), link), files))
        .map((link) => `${text}: ${link}`),
    ),
  );
  return dead.flat().sort();
}

/** Targets of Markdown's links and pictures, without addresses, anchors and titles. */
export function relativeLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```/gmsu, '').replaceAll(/`[^`\n]*`/gu, '');
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)/gu)].map((match) => match[1] ?? '');
  const byReference = [...prose.matchAll(/^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gmu)].map((match) => match[1] ?? '');
  const byTag = [...prose.matchAll(/<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]+)"/gu)].map((match) => match[1] ?? '');
  return [...inline, ...byReference, ...byTag]
    .filter((link) => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/iu.test(link))
    .map((link) => decodeURIComponent(link.replace(/[?#].*$/u, '')));
}

function leadsTo(path: string, files: readonly string[]): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`;
  return files.some((file) => file === path || file.startsWith(folder));
}
