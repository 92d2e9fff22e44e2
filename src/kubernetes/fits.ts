import { BenchError } from '../core/errors.ts';
import type { Deployment, Job, Manifest } from '../topologies/objects.ts';
import type { Node, Pod } from './apiObjects.ts';
import { impossibleResources, isReady, requestOf } from './nodes.ts';
import { placementNextStep, takes, whyNowhere } from './placement.ts';
import { parseQuantity } from './quantity.ts';

/**
 * Checks that the pods of a topology could be placed at all, were the cluster empty.
 * @throws BenchError rejected-by-cluster or gpu-unavailable, naming the pod and what no node has enough of
 */
export function checkFits(objects: readonly Manifest[], nodes: readonly Node[], warn: (message: string) => void): void {
  for (const { metadata, spec } of objects.filter(isWorkload)) {
    const lacking = impossibleResources(spec.template, nodes);
    if (lacking.length === 0) {
      warnOfNowhere(`the pod of ${metadata.name}`, spec.template, nodes, warn);
      continue;
    }
    const asked = lacking.map((resource) => `${String(requestOf(spec.template, resource))} ${resource}`).join(' and ');
    throw new BenchError({
      reason: lacking.some((resource) => resource.includes('/')) ? 'gpu-unavailable' : 'rejected-by-cluster',
      message: `No node of the cluster has enough for the pod of ${metadata.name}, even when empty: it asks for ${asked}.`,
      nextStep: 'Plan with fewer cores, less memory or fewer GPUs, or add a larger node.',
    });
  }
}

/** Warns of a pod that none of the nodes would take. It is not refused: an autoscaler may be about to bring one that does. */
export function warnOfNowhere(
  what: string,
  pod: Pick<Pod, 'spec'>,
  nodes: readonly Node[],
  warn: (message: string) => void,
): void {
  const why = whyNowhere(pod, nodes);
  if (why !== undefined)
    warn(`No node that the cluster has now takes ${what} (${why}), so it waits for one. ${placementNextStep}`);
}

/**
 * Whether pods find room for their cores side by side on empty nodes, each on one that takes it: first those that few nodes take,
 * and of equal ones the largest. A pod that no node takes is left out, since it is told of by itself (warnOfNowhere).
 */
export function fitTogether(pods: readonly Pick<Pod, 'spec'>[], nodes: readonly Node[]): boolean {
  const rooms = nodes
    .filter(isReady)
    .map((node) => ({ node, free: parseQuantity(node.status?.allocatable?.['cpu'] ?? '0') }));
  return pods
    .filter((pod) => whyNowhere(pod, nodes) === undefined)
    .map((pod) => ({ needed: coresOf(pod), takers: rooms.filter(({ node }) => takes(node, pod)) }))
    .toSorted((a, b) => a.takers.length - b.takers.length || b.needed - a.needed)
    .every(({ needed, takers }) => {
      const room = takers.find(({ free }) => free >= needed);
      if (room !== undefined) room.free -= needed;
      return room !== undefined;
    });
}

/** The pods of a topology, as its Jobs or Deployments make them. */
export function podsOf(objects: readonly Manifest[]): Pick<Pod, 'spec'>[] {
  return objects.filter(isWorkload).map(({ spec }) => spec.template);
}

export function coresOf(pod: Pick<Pod, 'spec'>): number {
  return requestOf(pod, 'cpu');
}

function isWorkload(object: Manifest): object is Job | Deployment {
  return object.kind === 'Job' || object.kind === 'Deployment';
}
