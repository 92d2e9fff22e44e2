/** A test cluster for a benchmark. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const harness = (name: string): string => join(import.meta.dirname, '..', '..', 'kubernetes', 'harness', name);

/** Starts a cluster of its own, ended when this is disposed of, unless TOPOLOGY_BENCH_CLUSTER_JSON names one. */
export async function startCluster(): Promise<AsyncDisposable> {
  if (process.env['TOPOLOGY_BENCH_CLUSTER_JSON'] !== undefined) return { [Symbol.asyncDispose]: async () => undefined };
  const state = await mkdtemp(join(tmpdir(), 'topology-bench-cluster-'));
  await promisify(execFile)(harness('up'), [state], {
    env: { ...process.env, TOPOLOGY_BENCH_CLUSTER_PARENT: String(process.pid) },
  });
  process.env['TOPOLOGY_BENCH_CLUSTER_JSON'] = join(state, 'cluster.json');
  return {
    async [Symbol.asyncDispose]() {
      await promisify(execFile)(harness('down'), [state]);
      await rm(state, { recursive: true, force: true });
    },
  };
}
