import type { Job, Deployment, Manifest } from '../topologies/objects.ts';
import { patch } from './apply.ts';
import { query, type Cluster } from './cluster.ts';
import { listPath } from './resources.ts';
import { missingRights, type Right } from './rights.ts';
import { refusal } from './statusError.ts';

/**
 * Lets the API server check objects in full without keeping any. Quota and Pod Security look at pods, not at the Jobs that
 * make them, so the pod of each workload is checked as well, where the user may create pods: who may create Jobs need not
 * be, and then the Job's own events will tell.
 * @throws BenchError forbidden or rejected-by-cluster, in the cluster's words
 */
export async function dryRun(cluster: Cluster, objects: readonly Manifest[], signal: AbortSignal): Promise<void> {
  await Promise.all(objects.map((object) => patch(cluster, object, true, signal)));
  const workloads = objects.filter(isWorkload);
  const [first] = workloads;
  if (first === undefined) return;
  const missing = await missingRights(cluster, first.metadata.namespace, [createPods], signal);
  if (missing.length > 0) return;
  await Promise.all(workloads.map((workload) => dryRunPod(cluster, workload, signal)));
}

const createPods: Right = { group: '', resource: 'pods', verbs: ['create'] };

async function dryRunPod(cluster: Cluster, workload: Job | Deployment, signal: AbortSignal): Promise<void> {
  const { name, namespace } = workload.metadata;
  const { template } = workload.spec;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: `${name}-dry-run`.slice(0, 253), namespace },
    spec: template.spec,
  };
  try {
    await cluster.change(
      { method: 'POST', path: `${listPath('Pod', namespace)}?${query({ dryRun: 'All' })}`, body: pod },
      signal,
    );
  } catch (error) {
    throw refusal(error, `run a pod of ${name}`);
  }
}

function isWorkload(object: Manifest): object is Job | Deployment {
  return object.kind === 'Job' || object.kind === 'Deployment';
}
