import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Paths of a shared library of this machine's kind that the loader finds by name. */
export async function parseLoaderCache(name: string): Promise<string[]> {
  const output = await loaderCache();
  const paths: string[] = [];
  for (const line of output.split('\n')) {
    const match = /^\s*(\S+) \(([^)]*)\) => (\S+)$/.exec(line);
    if (match?.[1] !== name || match[3] === undefined || match[2]?.includes('x86-64') !== true) continue;
    paths.push(match[3], await realpath(match[3]).catch(() => ''));
  }
  return paths.filter((path) => path !== '');
}

async function loaderCache(): Promise<string> {
  // Not on every user's PATH.
  for (const command of ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig']) {
    try {
      return (await promisify(execFile)(command, ['-p'], { maxBuffer: 16 << 20 })).stdout;
    } catch {
      // Another place may have it.
    }
  }
  return '';
}
