import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Builds the worker as it ships, once for the test file that asks. @returns its path */
export async function workerBundle(): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'topology-bench-worker-')), 'worker.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../../../src/load/worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.15',
    minify: true,
    keepNames: true,
    logLevel: 'warning',
  });
  return outfile;
}
