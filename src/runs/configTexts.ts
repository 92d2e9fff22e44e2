import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDirectory } from '../assets/cacheDirectory.ts';
import { BenchError } from '../core/errors.ts';
import { sha256 } from '../hashes/sha256.ts';
import { hasCode, reasonOf } from './fileErrors.ts';

/**
 * The texts of model configs, as they stood when runs were started: files by the SHA-256 that a record holds of its config, so
 * that each text is kept once. A record never holds the text itself. Only this user may read them.
 */

/** Of both kinds of configs, the longest that people write are a few KB. */
const longestText = 1 << 20;
const keptTexts = 500;

/** Where the command line keeps them, which has no workspace's storage. */
export function cachedConfigTexts(): string {
  return join(defaultCacheDirectory(), 'config-texts');
}

/**
 * Keeps a text, and forgets those that no run was started with for longest.
 * @throws BenchError save-failed
 */
export async function keepConfigText(directory: string, text: string): Promise<void> {
  if (Buffer.byteLength(text) > longestText) return;
  const path = join(directory, sha256(text));
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600 });
    await rename(temporary, path);
    await forgetOldest(directory);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new BenchError({
      reason: 'save-failed',
      message: `The model config's text could not be kept in ${directory}: ${reasonOf(error)}.`,
      nextStep: 'The run goes on; the config of this run cannot be compared by its text later.',
      cause: error,
    });
  }
}

/**
 * @param directories are looked at in this order
 * @returns undefined where none of them has it whole
 */
export async function readConfigText(directories: readonly string[], hash: string): Promise<string | undefined> {
  for (const directory of directories) {
    const text = await readFile(join(directory, hash), 'utf8').catch(() => undefined);
    // A file that somebody has changed is no text of that run's.
    if (text !== undefined && sha256(text) === hash) return text;
  }
  return undefined;
}

async function forgetOldest(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^[0-9a-f]{64}(?:\.|$)/.test(name));
  if (names.length <= keptTexts) return;
  const files = await Promise.all(names.map(async (name) => ({ name, usedAtMs: await usedAt(join(directory, name)) })));
  files.sort((a, b) => b.usedAtMs - a.usedAtMs);
  for (const { name } of files.slice(keptTexts)) await rm(join(directory, name), { force: true });
}

/** Another program may have taken the file away meanwhile. */
async function usedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
