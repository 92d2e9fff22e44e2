import type { TopologyResult } from '../core/record.ts';
import { renderPolicyProbe, type ProbeAddresses } from '../topologies/policyProbe.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import { apply } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { lastLogLines } from './logs.ts';
import { waitForPods } from './ready.ts';
import { deleteOne } from './remove.ts';
import { BenchError, isCancelled } from '../core/errors.ts';

const timeoutSeconds = 60;

/**
 * Lets a pod that is not the gateway try to reach Triton, to learn whether the cluster enforces network policies. A probe
 * that cannot run says "not probed" and why, through `warn`; it never ends the run.
 */
export async function probeNetworkPolicy(
  cluster: Cluster,
  request: RenderRequest,
  addresses: ProbeAddresses,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<TopologyResult['networkPolicy']> {
  const job = renderPolicyProbe(request, addresses);
  const { namespace, name, labels } = job.metadata;
  const [created] = await apply(cluster, [job], signal);
  try {
    const waiting = waitForPods(
      cluster,
      {
        namespace,
        selector: labels,
        pods: [{ component: 'probe', name, selector: labels }],
        reached: (candidate) => candidate.status?.phase === 'Succeeded' || candidate.status?.phase === 'Failed',
        timeoutSeconds,
      },
      signal,
    );
    let step = await waiting.next();
    while (step.done !== true) step = await waiting.next();
    const pod = step.value[0]?.metadata.name ?? '';
    const lines = await lastLogLines(cluster, { namespace, pod, container: 'probe' }, 5, signal);
    if (lines.at(-1) === 'blocked') return 'enforced';
    if (lines.at(-1) === 'connected') {
      warn(
        'This cluster does not enforce network policies: pods other than the gateway can reach Triton directly, past its de-identification.',
      );
      return 'not enforced';
    }
    warn(`Whether the network policy is enforced could not be probed: ${lines.at(-1) ?? 'the probe said nothing'}`);
    return 'not probed';
  } catch (error) {
    if (isCancelled(error) || !(error instanceof BenchError)) throw error;
    warn(`Whether the network policy is enforced could not be probed: ${error.message}`);
    return 'not probed';
  } finally {
    if (created !== undefined) {
      await deleteOne(cluster, { ...created, kind: 'Job' }, AbortSignal.timeout(5_000)).catch(() => undefined);
    }
  }
}
