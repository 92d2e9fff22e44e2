import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWorker } from '../../../.ci/build.ts';

/** Builds the worker as it ships, once for the test file that asks. @returns its path */
export async function workerBundle(): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'topology-bench-worker-')), 'worker.cjs');
  await buildWorker(outfile);
  return outfile;
}
