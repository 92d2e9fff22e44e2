/** Runs in the extension host: loads the bundle anew several times, as a start would, and times what VS Code would wait for. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { TopologyBenchApi } from '../../../src/extension/extension.ts';

const repeats = 10;

describe('activation', () => {
  it('is timed', async () => {
    const extension = vscode.extensions.getExtension<TopologyBenchApi>('topology-bench.topology-bench');
    assert.ok(extension);
    const { activationMs } = await extension.activate();
    const bundle = join(extension.extensionPath, 'dist', 'extension.cjs');
    // From a file of the extension's own, so that VS Code gives the bundle its own API.
    const load = createRequire(bundle);
    const loadMs: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      Reflect.deleteProperty(load.cache, load.resolve(bundle));
      const begin = performance.now();
      load(bundle);
      loadMs.push(performance.now() - begin);
    }
    const out = process.env['TOPOLOGY_BENCH_ACTIVATION_RESULTS'];
    assert.ok(out);
    writeFileSync(out, JSON.stringify({ activationMs, loadMs }));
  });
});
