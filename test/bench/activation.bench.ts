/**
 * How long the extension takes to load and to activate in a real VS Code (the newest of the tests), and what the .vsix weighs.
 * Prints a table, then one line of JSON; 1 when the limit is missed.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSuites } from '../extension/runTests.ts';

const limitMs = 50;
const root = join(import.meta.dirname, '..', '..');
const folder = await mkdtemp(join(tmpdir(), 'topology-bench-activation-'));
try {
  const results = join(folder, 'results.json');
  const code = await runSuites({
    extension: root,
    suites: join(import.meta.dirname, 'activation'),
    workspace: folder,
    version: 'newest',
    env: { TOPOLOGY_BENCH_ACTIVATION_RESULTS: results },
  });
  if (code !== 0) throw new Error('The suite did not run.');
  const { activationMs, loadMs } = JSON.parse(await readFile(results, 'utf8')) as {
    activationMs: number;
    loadMs: number[];
  };
  const loadMedianMs = loadMs.toSorted((a, b) => a - b)[Math.floor(loadMs.length / 2)] ?? Number.NaN;
  console.log(`first load and activate():      ${activationMs.toFixed(1)} ms (limit ${String(limitMs)} ms)`);
  console.log(`load again, median of ${String(loadMs.length)}:       ${loadMedianMs.toFixed(1)} ms`);
  const vsix = await stat(join(root, 'dist', 'topology-bench.vsix')).catch(() => undefined);
  if (vsix !== undefined) console.log(`the .vsix:                      ${(vsix.size / 1e6).toFixed(2)} MB`);
  console.log(JSON.stringify({ activationMs, loadMs, limitMs }));
  if (activationMs > limitMs) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
