import type { GpuNode } from '../core/cluster.ts';
import { BenchError } from '../core/errors.ts';
import type { GpuPlan } from '../core/plan.ts';
import { gpuScheduling } from '../topologies/gpu.ts';
import type { Node } from './apiObjects.ts';
import { isSelected, repellingTaints } from './placement.ts';

/**
 * Checks that a pod with the plan's GPU could be placed now.
 * @returns the GPU nodes that come into question
 * @throws BenchError gpu-unavailable: no node has it, none of those asked for has it, or all are taken and by whom
 */
export function checkGpu(gpu: GpuPlan, nodes: readonly Node[], gpuNodes: readonly GpuNode[]): GpuNode[] {
  const offering = gpuNodes.filter(({ resource }) => resource === gpu.resource);
  if (offering.length === 0) {
    const others = [...new Set(gpuNodes.map(({ resource }) => resource))];
    const instead = others.length === 0 ? 'It offers no GPU at all.' : `It offers ${others.join(', ')}.`;
    throw unavailable(
      `No node of the cluster offers ${gpu.resource}. ${instead}`,
      others.length === 0 ? 'Add a GPU node and its device plugin, or plan without a GPU.' : 'Plan with one of these.',
    );
  }
  const candidates = offering.filter(({ name, schedulable }) => {
    const node = nodes.find(({ metadata }) => metadata.name === name);
    return schedulable && node !== undefined && matches(gpu, node);
  });
  if (candidates.length === 0) {
    throw unavailable(
      `The nodes with ${gpu.resource} (${names(offering)}) are not ready, or the plan's node selector and tolerations keep away from them.`,
      "Check the nodes, and the plan's gpu.nodeSelector and gpu.tolerations.",
    );
  }
  const largest = Math.max(...candidates.map(({ total }) => total));
  if (largest < gpu.count) {
    throw unavailable(
      `The plan asks for ${String(gpu.count)} ${gpu.resource} in one pod, and no node has more than ${String(largest)}.`,
      'Plan with fewer.',
    );
  }
  if (!candidates.some(({ free }) => free >= gpu.count)) throw allTaken(gpu, candidates);
  return candidates;
}

function allTaken(gpu: GpuPlan, candidates: readonly GpuNode[]): BenchError {
  const total = candidates.reduce((sum, node) => sum + node.total, 0);
  const free = candidates.reduce((sum, node) => sum + node.free, 0);
  const holders = candidates.flatMap(({ takenBy }) => takenBy.map(({ pod }) => pod));
  const ours = holders.some((holder) => holder.includes('/tb-'));
  return unavailable(
    `The plan needs ${String(gpu.count)} ${gpu.resource} in one pod, and of ${String(total)} on ${names(candidates)} ${String(free)} ${free === 1 ? 'is' : 'are'} free. The others are held by ${holders.join(', ')}.`,
    ours
      ? 'Remove what earlier runs left with "Topology Bench: Clean Up" in VS Code or "topology-bench clean" on the command line, or wait for the others.'
      : 'Wait until they end, or delete them if they are yours.',
  );
}

/** Whether the scheduler would put the plan's pod there, were there room. */
function matches(gpu: GpuPlan, node: Node): boolean {
  const { tolerations = [] } = gpuScheduling(gpu, false);
  return isSelected(gpu.nodeSelector, node) && repellingTaints(tolerations, node).length === 0;
}

function names(nodes: readonly GpuNode[]): string {
  return nodes.map(({ name }) => name).join(', ');
}

function unavailable(message: string, nextStep: string): BenchError {
  return new BenchError({ reason: 'gpu-unavailable', message, nextStep });
}
