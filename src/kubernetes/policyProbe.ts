import { BenchError, isCancelled } from '../core/errors.ts';
import type { DeployProgress } from '../core/ports.ts';
import type { TopologyResult } from '../core/record.ts';
import { probeContainer, probeSeconds, renderPolicyProbe } from '../topologies/policyProbe.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import type { Pod } from './apiObjects.ts';
import { apply, type Change } from './apply.ts';
import type { BroughtUp } from './bringUp.ts';
import type { Cluster } from './cluster.ts';
import { lastLogLines } from './logs.ts';
import { isContainerRunning, waitForPods, type WaitRequest } from './ready.ts';
import { deleteOne } from './remove.ts';

/**
 * Lets a pod that is not the gateway try to reach the hybrid's Triton, to learn whether the cluster enforces network
 * policies. A probe that cannot run says "not probed", and why as a warning; it never ends a run or a deployment.
 */
export async function probeNetworkPolicy(
  cluster: Cluster,
  request: RenderRequest,
  up: BroughtUp,
  progress: DeployProgress,
  signal: AbortSignal,
): Promise<TopologyResult['networkPolicy']> {
  const addressOf = (component: string): string | undefined =>
    up.servers.find(({ server }) => server.component === component)?.pod.status?.podIP;
  const [gateway, triton] = [addressOf('gateway'), addressOf('triton')];
  if (gateway === undefined || triton === undefined) return notProbed(progress, 'a pod has no address');
  progress.status('gateway: probing whether the network policy is enforced');
  const job = renderPolicyProbe(request, { gateway, triton });
  let created: Change | undefined;
  try {
    [created] = await apply(cluster, [job], signal);
    const said = await lastWord(cluster, job.metadata, signal);
    if (said === 'blocked') return 'enforced';
    if (said !== 'connected') return notProbed(progress, said ?? 'the probe said nothing');
    progress.warning(
      'This cluster does not enforce network policies: pods other than the gateway can reach Triton directly, past its de-identification.',
    );
    return 'not enforced';
  } catch (error) {
    if (isCancelled(error) || !(error instanceof BenchError)) throw error;
    return notProbed(progress, error.message);
  } finally {
    if (created !== undefined) {
      await deleteOne(cluster, { ...created, kind: 'Job' }, AbortSignal.timeout(5_000)).catch(() => undefined);
    }
  }
}

/** Waits for the probe to start, which may take the pull of an image, and only then counts the time of its tries. */
async function lastWord(
  cluster: Cluster,
  { namespace, name, labels }: ReturnType<typeof renderPolicyProbe>['metadata'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const pods = [{ component: 'probe', name, selector: labels }];
  const request = { namespace, selector: labels, pods };
  const hasStarted = (pod: Pod): boolean => isContainerRunning(pod, probeContainer) || hasEnded(pod);
  await waitFor(cluster, { ...request, reached: hasStarted, timeoutSeconds: probeSeconds.start }, signal);
  const pod = await waitFor(cluster, { ...request, reached: hasEnded, timeoutSeconds: probeSeconds.tries }, signal);
  const of = { namespace, pod: pod?.metadata.name ?? '', container: probeContainer };
  return (await lastLogLines(cluster, of, 5, signal)).at(-1);
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

async function waitFor(cluster: Cluster, request: WaitRequest, signal: AbortSignal): Promise<Pod | undefined> {
  const waiting = waitForPods(cluster, request, signal);
  let step = await waiting.next();
  while (step.done !== true) step = await waiting.next();
  return step.value[0];
}

function notProbed(progress: DeployProgress, why: string): 'not probed' {
  progress.warning(`Whether the network policy is enforced could not be probed: ${why.replace(/\.$/u, '')}.`);
  return 'not probed';
}
