import { BenchError } from '../core/errors.ts';
import type { Deployment, Job, Manifest } from '../topologies/objects.ts';
import type { Node, Pod } from './apiObjects.ts';
import { impossibleResources, isReady, requestOf } from './nodes.ts';
import { placementNextStep, whyNowhere } from './placement.ts';
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

/** Whether pods of these cores find room side by side on empty nodes, the largest placed first. */
export function fitTogether(cores: readonly number[], nodes: readonly Node[]): boolean {
  const free = nodes.filter(isReady).map(({ status }) => parseQuantity(status?.allocatable?.['cpu'] ?? '0'));
  return cores
    .toSorted((a, b) => b - a)
    .every((needed) => {
      const index = free.findIndex((left) => left >= needed);
      if (index >= 0) free[index] = (free[index] ?? 0) - needed;
      return index >= 0;
    });
}

/** The cores that each pod of a topology asks for. */
export function coresOf(objects: readonly Manifest[]): number[] {
  return objects.filter(isWorkload).map(({ spec }) => requestOf(spec.template, 'cpu'));
}

function isWorkload(object: Manifest): object is Job | Deployment {
  return object.kind === 'Job' || object.kind === 'Deployment';
}
