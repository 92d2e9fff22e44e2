/**
 * From click to Ready beside `kubectl apply` and `kubectl wait` of the same manifests, in pairs that take turns in one run. The
 * model's upload is left out on both sides. Starts a test cluster of its own unless TOPOLOGY_BENCH_CLUSTER_JSON names one.
 * `node test/bench/deploy.bench.ts [--pairs N]` prints a table, then one line of JSON; 1 when the limit is missed.
 */
import { parseArgs } from 'node:util';
import { newRunId } from '../../src/engine/host.ts';
import { openCluster } from '../../src/kubernetes/cluster.ts';
import { renderManifests } from '../../src/kubernetes/index.ts';
import { uploadModel } from '../../src/kubernetes/upload.ts';
import { loaderContainer } from '../../src/topologies/podTemplate.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import { assets, ProgressLog, resolveTinyModel, testPlan } from '../kubernetes/support/plans.ts';
import { testTarget } from '../kubernetes/support/runs.ts';
import { kubectl, kubectlApply, testCluster } from '../kubernetes/support/testCluster.ts';
import { startCluster } from './support/cluster.ts';

const limit = 1.2;
const { values } = parseArgs({ options: { pairs: { type: 'string', default: '5' } } });
const never = new AbortController().signal;
await using resources = new AsyncDisposableStack();
resources.use(await startCluster());
const pairs: { oursMs: number; kubectlMs: number; ratio: number }[] = [];
for (let pair = 0; pair < Number(values.pairs); pair += 1) {
  const oursMs = await inNamespace(ours);
  const kubectlMs = await inNamespace(byKubectl);
  pairs.push({ oursMs, kubectlMs, ratio: oursMs / kubectlMs });
  console.log(`pair ${String(pair + 1)}: ours ${oursMs.toFixed(0)} ms, kubectl ${kubectlMs.toFixed(0)} ms`);
}
const ratio = median(pairs.map((pair) => pair.ratio));
console.log(`median of ours / kubectl: ${ratio.toFixed(2)} (limit ${String(limit)})`);
console.log(JSON.stringify({ pairs, ratio, limit }));
if (ratio > limit) process.exitCode = 1;

/** Preflight, dry run, apply and waiting, as a click starts them. */
async function ours(namespace: string): Promise<number> {
  const plan = await testPlan(['fastapi'], namespace);
  const [topology] = plan.topologies;
  if (topology === undefined) throw new Error('The plan has no topology.');
  const target = await testTarget();
  const begin = performance.now();
  await target.preflight(plan, newRunId(), new ProgressLog(), never);
  const deployment = await target.deploy(plan, topology, new ProgressLog(), never);
  const tookMs = performance.now() - begin - (deployment.uploadMs ?? 0);
  await deployment.remove(never);
  await target.close(never);
  return tookMs;
}

/** What a person would do by hand with the output of `topology-bench render`. */
async function byKubectl(namespace: string): Promise<number> {
  const plan = await testPlan(['fastapi'], namespace);
  const { model, modelPaths } = await resolveTinyModel();
  const { text } = await renderManifests({ plan, assets, packageIndexUrl: undefined });
  using cluster = openCluster({ kubeconfigPath: testCluster().kubeconfig });
  const begin = performance.now();
  await kubectlApply(text);
  const selector = ['--namespace', namespace, '--selector', 'app.kubernetes.io/managed-by=topology-bench'];
  await kubectl('wait', 'pod', '--for=create', ...selector, '--timeout=60s');
  const running = '{.status.initContainerStatuses[0].state.running.startedAt}';
  await kubectl('wait', 'pod', `--for=jsonpath=${running}`, ...selector, '--timeout=60s');
  const pod = (await kubectl('get', 'pod', ...selector, '--output=jsonpath={.items[0].metadata.name}')).trim();
  const beforeUpload = performance.now();
  await uploadModel(
    cluster,
    { namespace, pod, container: loaderContainer },
    { files: model.files, paths: modelPaths },
    () => undefined,
    never,
  );
  const uploadMs = performance.now() - beforeUpload;
  await kubectl('wait', 'pod', '--for=condition=Ready', ...selector, '--timeout=120s');
  return performance.now() - begin - uploadMs;
}

async function inNamespace(measure: (namespace: string) => Promise<number>): Promise<number> {
  const namespace = await makeNamespace('bench');
  try {
    return await measure(namespace);
  } finally {
    await deleteNamespace(namespace);
  }
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
