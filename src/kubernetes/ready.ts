import { BenchError, throwIfCancelled } from '../core/errors.ts';
import type { Labels } from '../topologies/objects.ts';
import type { ClusterEvent, Node, Pod } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { diagnoseMissingPod, diagnosePod, imageNextStep, refusedNextStep, type Finding } from './diagnose.ts';
import { readEvents } from './events.ts';
import { lastLogLines } from './logs.ts';
import { impossibleResources, readNodes } from './nodes.ts';
import { placementNextStep, whyNowhere } from './placement.ts';
import { PodWatch } from './podWatch.ts';
import { StateClocks } from './stateClocks.ts';
import { isConnectionTrouble } from './statusError.ts';

export interface AwaitedPod {
  readonly component: string;
  /** Name of its Job or Deployment. */
  readonly name: string;
  readonly selector: Labels;
}

export interface WaitRequest {
  readonly namespace: string;
  /** Selects all the awaited pods. */
  readonly selector: Labels;
  readonly pods: readonly AwaitedPod[];
  /** Whether a pod has come far enough. */
  readonly reached: (pod: Pod) => boolean;
  readonly timeoutSeconds: number;
}

const eventsEveryMs = 2_000;
const eventsWithinMs = 10_000;
/** An autoscaler that is about to add a node says so within this time. */
const autoscalerSeconds = 15;
const shownLogLines = 8;

/**
 * Waits for pods, yielding what it waits for, in the cluster's own words, whenever that changes; returns the pods in the
 * order asked for. Ends early when waiting cannot help any more.
 * @throws BenchError pod-failed, image-unavailable, gpu-unavailable, rejected-by-cluster, not-ready, api-unreachable,
 * unauthenticated, forbidden or cancelled
 */
export async function* waitForPods(
  cluster: Cluster,
  request: WaitRequest,
  signal: AbortSignal,
): AsyncGenerator<string, Pod[]> {
  const began = performance.now();
  const clocks = new StateClocks();
  let events: readonly ClusterEvent[] = [];
  let eventsReadAt = -Infinity;
  const imageWords = new Map<string, string>();
  let shown = '';
  let nodes: readonly Node[] | undefined;
  await using watch = new PodWatch(cluster, request.namespace, request.selector);
  for (;;) {
    await watch.changed(500, signal);
    throwIfCancelled(signal, 'waiting for pods');
    const { pods, trouble } = watch;
    const isLate = (performance.now() - began) / 1000 > request.timeoutSeconds;
    if (pods === undefined) {
      if (isLate) throw unanswered(request, trouble);
      const waiting = trouble === undefined ? '' : `${componentsOf(request)}: the API server does not answer`;
      if (waiting !== shown) yield waiting;
      shown = waiting;
      continue;
    }
    const found = request.pods.map((awaited) => ({ awaited, pod: newestPod(pods, awaited) }));
    const missing = found.filter(({ pod }) => pod === undefined || !request.reached(pod));
    if (missing.length === 0) return found.flatMap(({ pod }) => (pod === undefined ? [] : [pod]));

    if (performance.now() - eventsReadAt >= eventsEveryMs) {
      events = await readEvents(cluster, request.namespace, signal, eventsWithinMs).catch((error: unknown) => {
        // The watch goes on by itself when the API server is back; until then the last events must do.
        if (isConnectionTrouble(error)) return events;
        throw error;
      });
      eventsReadAt = performance.now();
    }
    clocks.keepOnly(missing.map(({ awaited }) => awaited.component));
    const messages: string[] = [];
    for (const { awaited, pod } of missing) {
      const finding =
        pod === undefined
          ? diagnoseMissingPod(awaited.component, awaited.name, events)
          : diagnosePod(awaited.component, pod, events);
      if (finding.state === 'failed') throw await failure(cluster, finding, request.namespace, pod, signal);
      const seconds = clocks.seconds(awaited.component, finding, performance.now());
      if (seconds > (finding.patienceSeconds ?? Number.POSITIVE_INFINITY)) {
        throw await failure(cluster, expired(finding), request.namespace, pod, signal);
      }
      if (finding.cause === 'unschedulable' && pod !== undefined && seconds > autoscalerSeconds) {
        nodes ??= (await readNodes(cluster, signal)).nodes ?? [];
        checkPossible(pod, nodes, events, finding.message);
      }
      // A pull that is tried again and again changes its words with every try; the first have the details.
      const told = finding.cause === 'image' ? (imageWords.get(awaited.component) ?? finding.message) : finding.message;
      if (finding.cause === 'image') imageWords.set(awaited.component, told);
      messages.push(told);
      if (isLate) {
        throw await failure(cluster, timedOut(finding, request.timeoutSeconds), request.namespace, pod, signal);
      }
    }
    if (trouble !== undefined) messages.push('the API server does not answer at the moment');
    const message = messages.join('; ');
    if (message !== shown) {
      shown = message;
      yield message;
    }
  }
}

function componentsOf({ pods }: WaitRequest): string {
  return pods.map(({ component }) => component).join(', ');
}

/** When the time is up and nothing was ever heard of the pods. */
function unanswered(request: WaitRequest, trouble: string | undefined): BenchError {
  const why = trouble === undefined ? '' : ` ${trouble}`;
  return new BenchError({
    reason: 'api-unreachable',
    message: `The API server has said nothing of the pods of ${componentsOf(request)} within ${String(request.timeoutSeconds)} s.${why}`,
    nextStep: 'Check that the cluster runs, and your network or VPN, and try again.',
  });
}

/** Turns what a pod says of its end into an error, with the container's last log lines. */
export async function failure(
  cluster: Cluster,
  finding: Extract<Finding, { state: 'failed' }>,
  namespace: string,
  pod: Pod | undefined,
  signal: AbortSignal,
): Promise<BenchError> {
  const container = finding.container ?? runningContainer(pod);
  const lines =
    container === undefined || pod === undefined
      ? []
      : await lastLogLines(
          cluster,
          { namespace, pod: pod.metadata.name, container: container.name },
          shownLogLines,
          signal,
          container.previous,
        );
  const log = lines.length === 0 ? '' : ` Its last log lines: ${lines.map((line) => line.trim()).join(' | ')}`;
  return new BenchError({
    reason: finding.reason,
    message: `${finding.message.replace(/\.$/u, '')}.${log}`,
    nextStep: finding.nextStep,
  });
}

export function isPodReady(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}

/** Whether a container of the pod, an init container included, runs now. */
export function isContainerRunning(pod: Pod, container: string): boolean {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return (
    pod.metadata.deletionTimestamp === undefined &&
    all.some((status) => status.name === container && status.state?.running !== undefined)
  );
}

/** Whether a container of the pod has done its work and ended well; one that restarts never has. */
export function isContainerDone(pod: Pod, container: string): boolean {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return all.some((status) => status.name === container && status.state?.terminated?.exitCode === 0);
}

/** A Deployment may have the pod that goes beside the one that comes. */
export function newestPod(pods: readonly Pod[], { selector }: Pick<AwaitedPod, 'selector'>): Pod | undefined {
  const own = pods.filter((pod) =>
    Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  const age = (pod: Pod): string => pod.metadata.creationTimestamp ?? '';
  const alive = own.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  return (alive.length > 0 ? alive : own).toSorted((a, b) => (age(a) < age(b) ? -1 : 1)).at(-1);
}

/** A pod that is larger than every node, or that none takes, waits in vain, unless an autoscaler is about to bring a larger one. */
function checkPossible(pod: Pod, nodes: readonly Node[], events: readonly ClusterEvent[], words: string): void {
  if (events.some(({ reason }) => reason === 'TriggeredScaleUp' || reason === 'Nominated')) return;
  const lacking = impossibleResources(pod, nodes);
  if (lacking.length === 0) {
    checkPlacement(pod, nodes, words);
    return;
  }
  throw new BenchError({
    reason: lacking.some((resource) => resource.includes('/')) ? 'gpu-unavailable' : 'not-ready',
    message: `No node of the cluster has enough ${lacking.join(' and ')} for this pod, even when empty. ${words}`,
    nextStep: 'Plan with fewer cores, less memory or fewer GPUs, or add a larger node.',
  });
}

function checkPlacement(pod: Pod, nodes: readonly Node[], words: string): void {
  const why = whyNowhere(pod, nodes);
  if (why === undefined) return;
  const message = `No node of the cluster takes this pod (${why}), and no autoscaler is bringing one. ${words}`;
  throw new BenchError({ reason: 'not-ready', message, nextStep: placementNextStep });
}

function expired(finding: Extract<Finding, { state: 'waiting' }>): Extract<Finding, { state: 'failed' }> {
  const { cause, message, nextStep = cause === 'image' ? imageNextStep : refusedNextStep } = finding;
  return {
    state: 'failed',
    reason: cause === 'image' ? 'image-unavailable' : 'rejected-by-cluster',
    message,
    nextStep,
  };
}

function timedOut(
  finding: Extract<Finding, { state: 'waiting' }>,
  timeoutSeconds: number,
): Extract<Finding, { state: 'failed' }> {
  const wantsGpu = finding.cause === 'unschedulable' && /Insufficient [\w.-]+\//u.test(finding.message);
  return {
    state: 'failed',
    reason: wantsGpu ? 'gpu-unavailable' : finding.cause === 'image' ? 'image-unavailable' : 'not-ready',
    message: `Not ready after ${String(timeoutSeconds)} s: ${finding.message}`,
    nextStep: wantsGpu
      ? 'Wait until a GPU is free, or delete what holds it.'
      : finding.cause === 'unschedulable'
        ? 'Free what is said to be lacking, or add a node that takes the pod. If one is on its way, raise readyTimeoutSeconds in the plan.'
        : 'If it only needs more time, raise readyTimeoutSeconds in the plan.',
  };
}

function runningContainer(pod: Pod | undefined): { name: string; previous: boolean } | undefined {
  const running = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])].find(
    (container) => container.state?.running !== undefined,
  );
  return running === undefined ? undefined : { name: running.name, previous: false };
}
