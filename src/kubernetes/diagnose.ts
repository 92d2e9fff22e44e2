import type { Reason } from '../core/errors.ts';
import { loaderContainer, packagesContainer } from '../topologies/podTemplate.ts';
import type { ClusterEvent, ContainerState, ContainerStatus, Pod } from './apiObjects.ts';

/** What one look at a pod that is not there yet tells. */
export type Finding =
  | {
      readonly state: 'waiting';
      /** In the cluster's own words. */
      readonly message: string;
      readonly cause: 'unschedulable' | 'image' | 'model' | 'other';
      /** When it stays so for this long it will not pass; undefined: it may pass until the time is up. */
      readonly patienceSeconds?: number;
      /** What the patience is with, where its cause has several kinds of trouble; each is borne for its own time. */
      readonly trouble?: string;
      /** For when the patience is over. */
      readonly nextStep?: string;
    }
  | {
      readonly state: 'failed';
      readonly reason: Reason;
      readonly message: string;
      readonly nextStep: string;
      /** Whose last lines tell more. */
      readonly container?: { readonly name: string; readonly previous: boolean };
    };

export const imageNextStep =
  "Check the image's name (in the settings, under images in a plan file, or in an option such as --server-image), and that the cluster's nodes can reach its registry.";

export const refusedNextStep =
  "Mend what the cluster's words name, or ask whoever looks after the cluster, and start again.";
const quotaNextStep = 'Free some of that quota, ask for more, or plan with less.';

/** A registry that says one of these will say it again. */
const definiteImageWords =
  /not found|no such host|unauthorized|denied|forbidden|invalid reference|manifest unknown|does not exist|no match for platform/iu;

/** A node that cannot reach the registry at all will hardly reach it a few tries later. */
const connectionWords = /unreachable|refused|timeout|timed out|no route/iu;

/** Says why a pod has not come as far as it should; call it only for one that has not. */
export function diagnosePod(component: string, pod: Pod, events: readonly ClusterEvent[]): Finding {
  const { status } = pod;
  if (pod.metadata.deletionTimestamp !== undefined) return waiting(`${component}: its pod is being deleted`);
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return endedPod(component, pod);
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return {
      state: 'waiting',
      cause: 'unschedulable',
      message: `${component}: ${scheduled.message ?? 'not scheduled'}`,
    };
  }
  const inits = status?.initContainerStatuses ?? [];
  const containers = status?.containerStatuses ?? [];
  for (const container of inits) {
    if (container.state?.terminated?.exitCode === 0) continue;
    const finding = diagnoseContainer(component, container, pod, events);
    if (finding !== undefined) return finding;
  }
  for (const container of containers) {
    const finding = diagnoseContainer(component, container, pod, events);
    if (finding !== undefined) return finding;
  }
  const newest = newestEvent(events, pod);
  return waiting(`${component}: ${newest?.message ?? 'its pod is starting'}`);
}

/**
 * Says why a workload has no pod: the controller that should make it says so in its events.
 * @param name name of the Job or Deployment; a Deployment's ReplicaSet has a name that begins with it
 */
export function diagnoseMissingPod(component: string, name: string, events: readonly ClusterEvent[]): Finding {
  const failed = events
    .filter((event) => event.reason === 'FailedCreate' && event.involvedObject.name?.startsWith(name) === true)
    .at(-1);
  if (failed?.message === undefined) return waiting(`${component}: waiting for its pod`);
  const message = `${component}: ${failed.message}`;
  if (failed.message.includes('exceeded quota') && !isBeyondQuota(failed.message)) {
    return {
      state: 'waiting',
      cause: 'other',
      trouble: 'FailedCreate',
      message,
      patienceSeconds: 60,
      nextStep: quotaNextStep,
    };
  }
  if (failed.message.includes('is forbidden')) {
    return {
      state: 'failed',
      reason: 'rejected-by-cluster',
      message,
      nextStep: failed.message.includes('exceeded quota') ? quotaNextStep : 'Choose a namespace that allows such pods.',
    };
  }
  return { state: 'waiting', cause: 'other', trouble: 'FailedCreate', message, patienceSeconds: 60 };
}

/** How a container ended, e.g. "OOMKilled (exit code 137)"; why one could not even be started is told in its message. */
export function describeEnd(container: ContainerStatus): string | undefined {
  const end = container.state?.terminated ?? container.lastState?.terminated;
  if (end === undefined) return undefined;
  const reason = end.reason === undefined || end.reason === 'Error' ? 'it ended' : end.reason;
  const why = end.reason === 'StartError' && end.message !== undefined ? `: ${end.message}` : '';
  return `${reason} (exit code ${String(end.exitCode)})${why}`;
}

/** Why a pod ended that should have gone on. */
export function endedPod(component: string, pod: Pod): Finding {
  const { status } = pod;
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const bad = all.find((container) => (container.state?.terminated?.exitCode ?? 0) !== 0);
  const ended = bad ?? all.find((container) => container.state?.terminated !== undefined);
  const own = [status?.reason, status?.message].filter((part) => part !== undefined && part !== '').join(': ');
  const how = [bad === undefined ? undefined : describeEnd(bad), own === '' ? undefined : own].filter(
    (part) => part !== undefined,
  );
  const what = bad === undefined || bad.name === component ? component : `${component} (${bad.name})`;
  return {
    state: 'failed',
    reason: 'pod-failed',
    message: `${what}: its pod ended${how.length === 0 ? '' : `: ${how.join('; ')}`}`,
    nextStep: endedNextStep(pod, bad),
    ...(ended === undefined ? {} : { container: { name: ended.name, previous: false } }),
  };
}

/** What to do about a pod that the cluster itself has ended, or else about the container that ended first. */
function endedNextStep({ status }: Pod, container: ContainerStatus | undefined): string {
  const end = container?.state?.terminated;
  if (end !== undefined && isOutOfMemory(end)) return containerNextStep(container?.name, end);
  if (status?.reason === 'DeadlineExceeded')
    return 'It reached the limit by which the cluster ends what was left behind: start again, with a shorter load.';
  if (status?.reason === 'Evicted') return 'Free what the node is short of, or plan with less, and start again.';
  if (status?.reason !== undefined && status.reason !== '') return refusedNextStep;
  return containerNextStep(container?.name, end);
}

/** What to do about a container that ended and should not have. */
export function containerNextStep(name: string | undefined, end: ContainerState['terminated']): string {
  if (end !== undefined && isOutOfMemory(end))
    return 'Give the topology more memory (memoryMiB in a plan file, --memory on the command line).';
  // Where the kernel kills one process of several, the node may tell it as a plain exit with 128 + SIGKILL.
  if (end?.exitCode === 137) return 'It was killed. If memory ran out, give the topology more.';
  if (name === packagesContainer)
    return 'Check that pods reach the package index (topologyBench.packageIndexUrl in VS Code, --package-index on the command line) and that the package set fits the Python of the image, or use images that have the packages.';
  if (end?.reason === 'StartError')
    return 'Check that the image is one that can run this server (docs/images.md), and start again.';
  return 'Mend what its log names, and start again; where the log says nothing of it, check that image and package set fit each other (docs/images.md).';
}

function isOutOfMemory({ reason, message }: NonNullable<ContainerState['terminated']>): boolean {
  // With too little memory to start at all, the runtime says so in its own words.
  return reason === 'OOMKilled' || message?.includes('OOM-killed') === true;
}

function diagnoseContainer(
  component: string,
  container: ContainerStatus,
  pod: Pod,
  events: readonly ClusterEvent[],
): Finding | undefined {
  const { state } = container;
  if (state?.terminated !== undefined && state.terminated.exitCode !== 0) {
    return { ...endedPod(component, pod) };
  }
  if (state?.waiting !== undefined) return diagnoseWaiting(component, container, pod, events);
  if (state?.running !== undefined) return diagnoseRunning(component, container, pod, events);
  return undefined;
}

function diagnoseWaiting(
  component: string,
  container: ContainerStatus,
  pod: Pod,
  events: readonly ClusterEvent[],
): Finding | undefined {
  const { reason = '', message = '' } = container.state?.waiting ?? {};
  const words = `${component}: ${reason}${message === '' ? '' : `: ${message}`}`;
  switch (reason) {
    case '':
    case 'PodInitializing':
      return undefined;
    case 'ContainerCreating': {
      const newest = newestEvent(events, pod);
      return waiting(`${component}: ${newest?.message ?? 'its container is being made'}`);
    }
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
      // With no details in the state, the event of the failed pull has them.
      return diagnoseImage(words, `${message} ${eventText(events, pod, 'Failed')}`);
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return imageFailure(words);
    case 'CrashLoopBackOff': {
      const end = describeEnd(container) ?? 'it ends again and again';
      const ranOutOfMemory = container.lastState?.terminated?.reason === 'OOMKilled';
      if (container.restartCount < 2 && !ranOutOfMemory) return waiting(`${component}: ${end}, will be started again`);
      return {
        state: 'failed',
        reason: 'pod-failed',
        message: `${component}: ${end}; it was started ${String(container.restartCount + 1)} times`,
        nextStep: containerNextStep(container.name, container.lastState?.terminated),
        container: { name: container.name, previous: true },
      };
    }
    default:
      // CreateContainerConfigError, RunContainerError and their like: a volume or Secret may still be on its way.
      return { state: 'waiting', cause: 'other', trouble: reason, message: words, patienceSeconds: 30 };
  }
}

function diagnoseImage(words: string, details: string): Finding {
  if (definiteImageWords.test(details))
    return imageFailure(details.trim() === '' ? words : `${words} ${details}`.slice(0, 700));
  return {
    state: 'waiting',
    cause: 'image',
    message: words,
    patienceSeconds: connectionWords.test(details) ? 25 : 120,
  };
}

function imageFailure(message: string): Finding {
  return {
    state: 'failed',
    reason: 'image-unavailable',
    message,
    nextStep: imageNextStep,
  };
}

function diagnoseRunning(
  component: string,
  container: ContainerStatus,
  pod: Pod,
  events: readonly ClusterEvent[],
): Finding {
  if (container.name === loaderContainer) {
    return { state: 'waiting', cause: 'model', message: `${component}: waiting for model upload` };
  }
  if (container.name === packagesContainer) return waiting(`${component}: installing packages`);
  if (container.restartCount > 0 && container.lastState?.terminated?.reason === 'OOMKilled') {
    return {
      state: 'failed',
      reason: 'pod-failed',
      message: `${component}: ${describeEnd({ ...container, state: {} }) ?? 'OOMKilled'}`,
      nextStep: containerNextStep(container.name, container.lastState.terminated),
      container: { name: container.name, previous: true },
    };
  }
  const probe = eventText(events, pod, 'Unhealthy');
  return waiting(`${component}: starting, not ready yet${probe === '' ? '' : ` (${probe})`}`);
}

function waiting(message: string): Finding {
  return { state: 'waiting', cause: 'other', message };
}

function newestEvent(events: readonly ClusterEvent[], pod: Pod): ClusterEvent | undefined {
  const own = events.filter((event) => event.involvedObject.uid === pod.metadata.uid);
  return own.filter((event) => event.type === 'Warning').at(-1) ?? own.at(-1);
}

function eventText(events: readonly ClusterEvent[], pod: Pod, reason: string): string {
  const own = events.filter((event) => event.involvedObject.uid === pod.metadata.uid && event.reason === reason);
  return own.at(-1)?.message ?? '';
}

/** Whether the request alone is more than the quota, so that no freeing helps. */
function isBeyondQuota(message: string): boolean {
  const requested = amounts(/requested: ([^ ]+(?:,[^ ]+)*), used/u.exec(message)?.[1]);
  const limited = amounts(/limited: ([^ ]+)/u.exec(message)?.[1]);
  return Object.entries(requested).some(([name, amount]) => amount > (limited[name] ?? Number.POSITIVE_INFINITY));
}

/** Plain numbers only: for "500m" or "2Gi" nothing is concluded. */
function amounts(text: string | undefined): Record<string, number> {
  const pairs = (text ?? '').split(',').map((part) => part.split('='));
  return Object.fromEntries(
    pairs.filter(([, value]) => /^\d+$/u.test(value ?? '')).map(([name, value]) => [name ?? '', Number(value)]),
  );
}
