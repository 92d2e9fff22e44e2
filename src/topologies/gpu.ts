import type { GpuPlan } from '../core/plan.ts';
import type { PodSpec, ResourceAmounts } from './objects.ts';

/** The GPU's part of a container's limits; nothing without one. Extended resources may only be whole and request = limit. */
export function gpuAmounts(gpu: GpuPlan | null): ResourceAmounts {
  return gpu === null ? {} : { [gpu.resource]: String(gpu.count) };
}

/**
 * Where a pod of the same plan may run that asks for no GPU: on any node that those with one may, since a cluster may have
 * no others. Clusters taint GPU nodes by convention with the resource's own name, so that taint is tolerated beside those
 * that the plan names.
 */
export function besideGpuScheduling(gpu: GpuPlan | null): Pick<PodSpec, 'tolerations'> {
  if (gpu === null) return {};
  const ownTaint = { key: gpu.resource, operator: 'Exists', effect: 'NoSchedule' } as const;
  const named = gpu.tolerations.some((toleration) => toleration.key === gpu.resource);
  return { tolerations: named ? gpu.tolerations : [...gpu.tolerations, ownTaint] };
}

/**
 * Where a pod with the plan's GPU may run: off the taints above, on nodes that its selector names.
 * @param runtimeClassExists whether the cluster has the class that the plan names; asking for an unknown one is refused
 */
export function gpuScheduling(
  gpu: GpuPlan | null,
  runtimeClassExists: boolean,
): Pick<PodSpec, 'nodeSelector' | 'tolerations' | 'runtimeClassName'> {
  if (gpu === null) return {};
  return {
    ...(Object.keys(gpu.nodeSelector).length === 0 ? {} : { nodeSelector: gpu.nodeSelector }),
    ...besideGpuScheduling(gpu),
    ...(gpu.runtimeClassName !== null && runtimeClassExists ? { runtimeClassName: gpu.runtimeClassName } : {}),
  };
}
