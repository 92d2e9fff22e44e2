import type { GpuPlan } from '../core/plan.ts';
import type { PodSpec, ResourceAmounts } from './objects.ts';

/** The GPU's part of a container's limits; nothing without one. Extended resources may only be whole and request = limit. */
export function gpuAmounts(gpu: GpuPlan | null): ResourceAmounts {
  return gpu === null ? {} : { [gpu.resource]: String(gpu.count) };
}

/**
 * Where a pod with the plan's GPU may run. Clusters taint GPU nodes by convention with the resource's own name, so that
 * taint is tolerated beside those that the plan names.
 * @param runtimeClassExists whether the cluster has the class that the plan names; asking for an unknown one is refused
 */
export function gpuScheduling(
  gpu: GpuPlan | null,
  runtimeClassExists: boolean,
): Pick<PodSpec, 'nodeSelector' | 'tolerations' | 'runtimeClassName'> {
  if (gpu === null) return {};
  const ownTaint = { key: gpu.resource, operator: 'Exists', effect: 'NoSchedule' } as const;
  const named = gpu.tolerations.some((toleration) => toleration.key === gpu.resource);
  return {
    ...(Object.keys(gpu.nodeSelector).length === 0 ? {} : { nodeSelector: gpu.nodeSelector }),
    tolerations: named ? gpu.tolerations : [...gpu.tolerations, ownTaint],
    ...(gpu.runtimeClassName !== null && runtimeClassExists ? { runtimeClassName: gpu.runtimeClassName } : {}),
  };
}
