import type { DeployProgress } from '../core/ports.ts';
import { loaderContainer } from '../topologies/podTemplate.ts';
import type { RenderedServer } from '../topologies/renderRequest.ts';
import type { Labels } from '../topologies/objects.ts';
import type { Pod } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { isContainerDone, isContainerRunning, isPodReady, waitForPods, type WaitRequest } from './ready.ts';
import type { StandingServer } from './supervise.ts';
import { uploadModel, type ModelSource } from './upload.ts';

export interface BringUpRequest {
  readonly namespace: string;
  /** The one that load arrives at first. */
  readonly servers: readonly RenderedServer[];
  readonly selector: Labels;
  readonly model: ModelSource;
  readonly timeoutSeconds: number;
}

export interface BroughtUp {
  readonly servers: readonly StandingServer[];
  readonly uploadMs: number;
}

/** From applied to Ready: waits for the loader, uploads the model, waits for every server's readiness probe. */
export async function bringUp(
  cluster: Cluster,
  request: BringUpRequest,
  progress: DeployProgress,
  signal: AbortSignal,
): Promise<BroughtUp> {
  const { namespace } = request;
  progress.stage('upload');
  const loading = await follow(
    cluster,
    {
      ...waitRequest(request, true),
      reached: (pod) => isContainerRunning(pod, loaderContainer) || isContainerDone(pod, loaderContainer),
    },
    progress,
    signal,
  );
  const began = performance.now();
  for (const pod of loading) {
    // A loader that has done its work has exited; its pod needs no model any more.
    if (isContainerDone(pod, loaderContainer)) continue;
    const of = { namespace, pod: pod.metadata.name, container: loaderContainer };
    await uploadModel(cluster, of, request.model, throttled(progress), signal);
  }
  const uploadMs = performance.now() - began;
  progress.stage('wait');
  const pods = await follow(cluster, { ...waitRequest(request, false), reached: isPodReady }, progress, signal);
  const servers = request.servers.flatMap((server, index) => {
    const pod = pods[index];
    return pod === undefined ? [] : [{ server, pod }];
  });
  return { servers, uploadMs };
}

function waitRequest(request: BringUpRequest, loadersOnly: boolean): Omit<WaitRequest, 'reached'> {
  const { namespace, selector, timeoutSeconds } = request;
  const servers = loadersOnly ? request.servers.filter(({ holdsModel }) => holdsModel) : request.servers;
  return { namespace, selector, pods: servers, timeoutSeconds };
}

async function follow(
  cluster: Cluster,
  request: WaitRequest,
  progress: DeployProgress,
  signal: AbortSignal,
): Promise<Pod[]> {
  const waiting = waitForPods(cluster, request, signal);
  for (;;) {
    const { done, value } = await waiting.next();
    if (done === true) return value;
    progress.status(value);
  }
}

/** Ten times a second is more than anybody can read. */
function throttled(progress: DeployProgress): (sentBytes: number, totalBytes: number) => void {
  let last = -Infinity;
  return (sentBytes, totalBytes) => {
    const now = performance.now();
    if (now - last < 100 && sentBytes < totalBytes) return;
    last = now;
    progress.upload(sentBytes, totalBytes);
  };
}
