import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

/** What test/kubernetes/harness/up writes about the cluster it started. */
const clusterSchema = z.object({
  kubeconfig: z.string(),
  nodeName: z.string(),
  packageIndexUrl: z.string(),
  images: z.object({ servingBare: z.string(), servingPrebuilt: z.string(), node: z.string() }),
  users: z.record(z.string(), z.object({ kubeconfig: z.string() })),
  kubectl: z.string(),
  stateDir: z.string(),
});
export type TestCluster = z.infer<typeof clusterSchema>;

let read: TestCluster | undefined;

/** The cluster of this test run; without one every test fails and says what is missing. */
export function testCluster(): TestCluster {
  if (read !== undefined) return read;
  const path = process.env['TOPOLOGY_BENCH_CLUSTER_JSON'];
  if (path === undefined) {
    throw new Error(
      'TOPOLOGY_BENCH_CLUSTER_JSON is not set. "npm test" starts a cluster and sets it; by hand: ' +
        'TOPOLOGY_BENCH_CLUSTER_JSON=$(test/kubernetes/harness/up). For a cluster of your own, write such a file that names ' +
        'its kubeconfig, node, images and users, and set TOPOLOGY_BENCH_KUBECONFIG where that is another.',
    );
  }
  const parsed = clusterSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  read = { ...parsed, kubeconfig: process.env['TOPOLOGY_BENCH_KUBECONFIG'] ?? parsed.kubeconfig };
  return read;
}

/** kubectl as the cluster's administrator; resolves with its standard output. */
export async function kubectl(...commandArguments: readonly string[]): Promise<string> {
  const { kubeconfig, kubectl: program } = testCluster();
  const { stdout } = await run(program, ['--kubeconfig', kubeconfig, ...commandArguments], { maxBuffer: 64 << 20 });
  return stdout;
}

/** A command of test/kubernetes/harness on this cluster. */
export async function harness(command: string, ...commandArguments: readonly string[]): Promise<void> {
  await run(join(import.meta.dirname, '..', 'harness', command), [testCluster().stateDir, ...commandArguments]);
}

/** Applies YAML or JSON as the administrator. */
export async function kubectlApply(text: string, ...options: readonly string[]): Promise<void> {
  const { kubeconfig, kubectl: program } = testCluster();
  await new Promise<void>((resolve, reject) => {
    const child = execFile(program, ['--kubeconfig', kubeconfig, 'apply', '-f', '-', ...options], (error) => {
      if (error === null) resolve();
      else reject(new Error('kubectl apply failed', { cause: error }));
    });
    child.stdin?.end(text);
  });
}
