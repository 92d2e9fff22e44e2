import { throwIfCancelled, type BenchError } from '../core/errors.ts';
import type { Labels } from '../topologies/objects.ts';
import type { RenderedServer } from '../topologies/renderRequest.ts';
import type { Pod } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { containerNextStep, describeEnd, endedPod } from './diagnose.ts';
import { PodWatch } from './podWatch.ts';
import { failure } from './ready.ts';

/** A server that is up: which pod it was when it became ready. */
export interface StandingServer {
  readonly server: RenderedServer;
  readonly pod: Pod;
}

/**
 * Watches servers that are up. Never resolves; rejects when one of their pods ends, is started again or disappears, saying
 * how (OOMKilled, exit code) and with its last log lines.
 */
export async function superviseServers(
  cluster: Cluster,
  namespace: string,
  selector: Labels,
  servers: readonly StandingServer[],
  signal: AbortSignal,
): Promise<never> {
  await using watch = new PodWatch(cluster, namespace, selector);
  for (;;) {
    await watch.changed(5_000, signal);
    throwIfCancelled(signal, 'the servers were watched');
    for (const standing of servers) {
      const problem = await problemOf(cluster, namespace, standing, watch.pods, signal);
      if (problem !== undefined) throw problem;
    }
  }
}

async function problemOf(
  cluster: Cluster,
  namespace: string,
  { server, pod }: StandingServer,
  pods: readonly Pod[] | undefined,
  signal: AbortSignal,
): Promise<BenchError | undefined> {
  if (pods === undefined) return undefined;
  const { component } = server;
  const now = pods.find((candidate) => candidate.metadata.uid === pod.metadata.uid);
  if (now === undefined || now.metadata.deletionTimestamp !== undefined) {
    const finding = {
      state: 'failed',
      reason: 'pod-failed',
      message: `${component}: its pod was deleted`,
      nextStep:
        'Start again when nobody deletes pods there: a node that is drained, an eviction or a person may do so.',
    } as const;
    return failure(cluster, finding, namespace, undefined, signal);
  }
  if (now.status?.phase === 'Failed' || now.status?.phase === 'Succeeded') {
    const finding = endedPod(component, now);
    return finding.state === 'failed' ? failure(cluster, finding, namespace, now, signal) : undefined;
  }
  const restarts = (of: Pod): number =>
    (of.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
  if (restarts(now) <= restarts(pod)) return undefined;
  const container = now.status?.containerStatuses?.find(({ restartCount }) => restartCount > 0);
  const how = container === undefined ? undefined : describeEnd({ ...container, state: {} });
  return failure(
    cluster,
    {
      state: 'failed',
      reason: 'pod-failed',
      message: `${component}: it was started again${how === undefined ? '' : ` after ${how}`}`,
      nextStep: containerNextStep(container?.name, container?.lastState?.terminated),
      ...(container === undefined ? {} : { container: { name: container.name, previous: true } }),
    },
    namespace,
    now,
    signal,
  );
}
