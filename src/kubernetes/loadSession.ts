import type { LoadSpec } from '../core/load.ts';
import type { LoadOutcome, PhaseHandlers } from '../core/ports.ts';
import type { Anchor } from '../topologies/labels.ts';
import { loadContainer, renderLoadGenerator } from '../topologies/loadGenerator.ts';
import type { RenderRequest } from '../topologies/renderRequest.ts';
import type { Pod } from './apiObjects.ts';
import { apply } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { LoadConversation, loadFailed, type ConversationHandlers } from './loadConversation.ts';
import { LoadTeam } from './loadTeam.ts';
import { isContainerRunning, waitForPods } from './ready.ts';
import { deleteOne } from './remove.ts';

export interface LoadJob {
  readonly plan: RenderRequest['plan'];
  readonly topology: RenderRequest['topology'];
  readonly anchor: Anchor;
  readonly spec: LoadSpec;
  readonly workerName: string;
  readonly secretName: string | null;
}

/** A load generator that still waits for its node or image after this long is worth a word. */
const quietWaitMs = 20_000;
/** Whoever cancels waits for no API server that is away, and is done within a second; what is left goes with the topology. */
const endLoadWithinMs = 700;
/** Kubernetes names the pods of an Indexed Job so. */
const indexLabel = 'batch.kubernetes.io/job-completion-index';

/**
 * Runs the load from an Indexed Job inside the cluster, one pod or several that act as one, and reads their messages from their
 * logs; a log stream that breaks is read again from the start, and what was seen before is dropped by its sequence number. While the API server is away the load goes on
 * in its pod, so nothing is given up before the worker itself would give up waiting.
 * @param running is told the load generator's pods once they run
 * @returns the software that made the load
 * @throws BenchError load-failed, or what kept the pod from running; cancelled at once on abort
 */
export async function runLoadJob(
  cluster: Cluster,
  job: LoadJob,
  handlers: PhaseHandlers,
  running: (pods: readonly Pod[]) => void,
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const rendered = renderLoadGenerator(job);
  const { namespace } = job.anchor;
  const changes = await apply(cluster, [rendered.spec, rendered.job], signal);
  try {
    const pods = await waitForLoadPods(cluster, job, rendered.job.metadata, handlers, signal);
    running(pods);
    return await carryOut(cluster, job.spec, namespace, pods, handlers, signal);
  } finally {
    const created = changes.find(({ kind }) => kind === 'Job');
    if (created !== undefined) await endLoad(cluster, { ...created, kind: 'Job' });
  }
}

/** Ends the load at once where the API server answers; the request goes on in the background where it does not. */
async function endLoad(cluster: Cluster, job: Parameters<typeof deleteOne>[1]): Promise<void> {
  await deleteOne(cluster, job, AbortSignal.timeout(endLoadWithinMs)).catch(() => undefined);
}

/** Talks with all the pods until every phase has ended; the first that fails ends the load. */
async function carryOut(
  cluster: Cluster,
  spec: LoadSpec,
  namespace: string,
  pods: readonly Pod[],
  handlers: PhaseHandlers,
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const conversations: LoadConversation[] = [];
  const nodes = pods.map((pod) => pod.spec.nodeName ?? null);
  const team = new LoadTeam(conversations, handlers, nodes);
  for (const [member, pod] of pods.entries()) {
    const of = { namespace, pod: pod.metadata.name, container: loadContainer };
    const heard: ConversationHandlers = team.handlersOf(member);
    conversations.push(new LoadConversation(cluster, of, spec, heard, signal));
  }
  const failures: unknown[] = [];
  const outcomes = await Promise.all(
    conversations.map(async (conversation, member) => {
      try {
        return await conversation.carryOut();
      } catch (error) {
        failures.push(error);
        await team.lose(member, error);
        return undefined;
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  const [software] = outcomes;
  if (software === undefined) throw loadFailed('it said nothing of itself');
  return software;
}

async function waitForLoadPods(
  cluster: Cluster,
  job: LoadJob,
  metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  handlers: PhaseHandlers,
  signal: AbortSignal,
): Promise<Pod[]> {
  const { generators } = job.plan.load;
  const waiting = waitForPods(
    cluster,
    {
      namespace: job.anchor.namespace,
      selector: metadata.labels,
      pods: Array.from({ length: generators }, (_, index) => ({
        component: generators === 1 ? 'load generator' : `load generator ${String(index + 1)}`,
        name: metadata.name,
        selector: generators === 1 ? metadata.labels : { ...metadata.labels, [indexLabel]: String(index) },
      })),
      // A worker that has failed already says why in its log.
      reached: (pod) =>
        isContainerRunning(pod, loadContainer) || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded',
      timeoutSeconds: job.plan.readyTimeoutSeconds,
    },
    signal,
  );
  const began = performance.now();
  for (;;) {
    const { done, value } = await waiting.next();
    if (done === true) return value;
    if (performance.now() - began > quietWaitMs) handlers.warning(`Still waiting for the ${value}`);
  }
}
