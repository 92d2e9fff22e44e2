import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDirectory } from '../assets/cacheDirectory.ts';
import { sha256 } from '../hashes/sha256.ts';

/**
 * The config.json that the servers read: the model's own where it names its labels, else one that is written into the
 * cache folder, named by its content.
 */
export interface PodConfigParts {
  /** The model's own config.json as JSON; undefined without one. */
  readonly own: Readonly<Record<string, unknown>> | undefined;
  readonly ownPath: string | undefined;
  readonly labels: readonly string[];
  /** The tokenizer's padding id. */
  readonly padTokenId: number;
}

/** @returns path of the config.json */
export async function podConfig(parts: PodConfigParts): Promise<string> {
  const { own, ownPath, labels, padTokenId } = parts;
  if (own !== undefined && ownPath !== undefined && namesLabels(own, labels)) return ownPath;
  const text = `${JSON.stringify({ pad_token_id: padTokenId, ...own, id2label: Object.fromEntries(labels.entries()) }, null, 2)}\n`;
  const name = sha256(text).slice(0, 32);
  const folder = join(defaultCacheDirectory(), 'model-configs');
  const path = join(folder, `${name}.json`);
  await mkdir(folder, { recursive: true });
  // Whoever reads it meanwhile finds the whole file.
  const partial = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(partial, text);
  await rename(partial, path);
  return path;
}

function namesLabels(own: Readonly<Record<string, unknown>>, labels: readonly string[]): boolean {
  const named = own['id2label'];
  return (
    named !== null &&
    typeof named === 'object' &&
    JSON.stringify(named) === JSON.stringify(Object.fromEntries(labels.entries()))
  );
}
