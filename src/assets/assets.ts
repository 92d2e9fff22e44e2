import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ImagesPlan } from '../core/plan.ts';
import type { Payload } from '../core/ports.ts';
import { sha256 } from '../hashes/sha256.ts';
import { readOwnFile } from './ownFile.ts';

/** The files that ship with this program. Paths are the same in the repository, in the .vsix and beside the CLI's bundle. */
export interface Assets {
  readonly version: string;
  /** The Python that runs in the pods: "topology_bench_serving/x.py" to its text. */
  servingFiles(): Promise<Readonly<Record<string, string>>>;
  /** Folder that holds the package topology_bench_serving. */
  readonly servingDirectory: string;
  requirements(set: ImagesPlan['requirements']): Promise<string>;
  requirementsPath(set: ImagesPlan['requirements']): string;
  /** SHA-256 of the servers' Python and of that set: what a record names them by. */
  servingSha256(set: ImagesPlan['requirements']): Promise<string>;
  payload(): Promise<Payload>;
  readonly workerPath: string;
  /** The load worker's bundle as text: what runs in the load generator's pod. */
  workerBundle(): Promise<string>;
  readonly tinyModelDirectory: string;
}

const payloadSchema = z.strictObject({
  name: z.string(),
  texts: z
    .array(
      z.strictObject({
        text: z.string().min(1),
        identifiers: z.boolean(),
        deidentified: z.string().min(1).exactOptional(),
      }),
    )
    .min(256),
});

/** @param root folder of the package: the one with package.json, src/serving, media and dist in it */
export function openAssets(root: string, version: string): Assets {
  const servingDirectory = join(root, 'src', 'serving');
  const requirementsPath = (set: ImagesPlan['requirements']): string =>
    join(servingDirectory, 'requirements', `${set}.txt`);
  const workerPath = join(root, 'dist', 'worker.cjs');
  const requirements = (set: ImagesPlan['requirements']): Promise<string> => readOwnFile(requirementsPath(set));
  const servingFiles = async (): Promise<Readonly<Record<string, string>>> => {
    const folder = join(servingDirectory, 'topology_bench_serving');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.py')).sort();
    const texts = await Promise.all(
      names.map(async (name) => [`topology_bench_serving/${name}`, await readOwnFile(join(folder, name))]),
    );
    return Object.fromEntries(texts) as Record<string, string>;
  };
  return {
    version,
    servingDirectory,
    servingFiles,
    requirementsPath,
    requirements,
    async servingSha256(set) {
      const text = JSON.stringify([await servingFiles(), await requirements(set)]);
      return sha256(text);
    },
    async payload() {
      const text = await readOwnFile(join(root, 'media', 'payload', 'clinical-sentences.json'));
      const parsed = payloadSchema.parse(JSON.parse(text));
      // What the gateway makes of a text is no part of the load: runs of the same load keep the same hash.
      const sent = parsed.texts.map((entry) => ({ text: entry.text, identifiers: entry.identifiers }));
      return { ...parsed, sha256: sha256(JSON.stringify(sent)) };
    },
    workerPath,
    workerBundle: () => readOwnFile(workerPath),
    tinyModelDirectory: join(root, 'media', 'models', 'tiny-sentiment'),
  };
}
