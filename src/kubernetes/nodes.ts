import type { GpuNode, PodsSeen } from '../core/cluster.ts';
import { gpuProductIn } from '../core/gpuPools.ts';
import type { Node, Pod, PodContainer } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { listAll } from './list.ts';
import { parseQuantity } from './quantity.ts';
import { listPath } from './resources.ts';
import { isStatus } from './statusError.ts';

/** Extended resources that are GPUs, or parts of one. */
const gpuResources = /^(nvidia\.com\/(gpu|mig-)|amd\.com\/gpu$|gpu\.intel\.com\/)/u;

export interface NodesRead {
  /** undefined: the user may not list nodes. */
  readonly nodes: readonly Node[] | undefined;
  readonly notes: readonly string[];
}

export async function readNodes(cluster: Cluster, signal: AbortSignal): Promise<NodesRead> {
  try {
    return { nodes: await listAll<Node>(cluster, '/api/v1/nodes', {}, signal), notes: [] };
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    return { nodes: undefined, notes: ['This user may not list nodes, so GPUs cannot be counted.'] };
  }
}

/**
 * The GPUs of the nodes and who holds them.
 * @param alsoResource a resource to count as GPU whatever its name, as a plan may name one
 */
export async function readGpuNodes(
  cluster: Cluster,
  nodes: readonly Node[],
  alsoResource: string | null,
  namespace: string,
  signal: AbortSignal,
): Promise<{ gpuNodes: GpuNode[]; podsSeen: PodsSeen | null; notes: string[] }> {
  const isGpu = (resource: string): boolean => gpuResources.test(resource) || resource === alsoResource;
  const offered = nodes.flatMap((node) =>
    Object.entries(node.status?.allocatable ?? {})
      .filter(([resource, amount]) => isGpu(resource) && Number(amount) > 0)
      .map(([resource, amount]) => ({ node, resource, total: Number(amount) })),
  );
  if (offered.length === 0) return { gpuNodes: [], podsSeen: null, notes: [] };
  const { pods, podsSeen, notes } = await readHolders(cluster, namespace, signal);
  const gpuNodes = offered.map(({ node, resource, total }) => {
    const here = pods.filter((pod) => pod.spec.nodeName === node.metadata.name);
    const holders = here.map((pod) => ({ pod, amount: requestOf(pod, resource) })).filter(({ amount }) => amount > 0);
    const taken = holders.reduce((sum, { amount }) => sum + amount, 0);
    const labels = node.metadata.labels ?? {};
    return {
      name: node.metadata.name,
      resource,
      ...gpuProductIn(labels),
      memoryMiB: wholeNumber(labels['nvidia.com/gpu.memory']),
      driverVersion: labels['nvidia.com/cuda.driver-version.full'] ?? null,
      total,
      free: Math.max(0, total - taken),
      takenBy: holders.map(({ pod, amount }) => ({
        pod: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`,
        count: amount,
      })),
      schedulable: node.spec?.unschedulable !== true && isReady(node),
    };
  });
  return { gpuNodes, podsSeen, notes };
}

export function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** What a pod asks for of a resource: its containers together, or its largest init container where that is more. */
export function requestOf(pod: Pick<Pod, 'spec'>, resource: string): number {
  const amount = (container: PodContainer): number => {
    const { requests, limits } = container.resources ?? {};
    return toNumber(requests?.[resource] ?? limits?.[resource]);
  };
  const together = pod.spec.containers.reduce((sum, container) => sum + amount(container), 0);
  return Math.max(together, ...(pod.spec.initContainers ?? []).map(amount));
}

/** The resources of a pod that no node has enough of, were it empty; none when some node could take the pod. */
export function impossibleResources(pod: Pick<Pod, 'spec'>, nodes: readonly Node[]): string[] {
  const lacking = nodes.map((node) => lackingResources(pod, node));
  const [first = []] = lacking;
  return first.filter((resource) => lacking.every((list) => list.includes(resource)));
}

/** The resources of a pod that one node has not enough of, were it empty. */
export function lackingResources(pod: Pick<Pod, 'spec'>, node: Node): string[] {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const resources = new Set(containers.flatMap((container) => Object.keys(container.resources?.requests ?? {})));
  return [...resources].filter((resource) => requestOf(pod, resource) > toNumber(node.status?.allocatable?.[resource]));
}

async function readHolders(
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
): Promise<{ pods: readonly Pod[]; podsSeen: PodsSeen; notes: string[] }> {
  const choice = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' };
  try {
    const pods = await listAll<Pod>(cluster, '/api/v1/pods', choice, signal);
    return { pods, podsSeen: 'everywhere', notes: [] };
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
  }
  const note = 'This user may not list the pods of other namespaces, so fewer GPUs may be free than shown.';
  try {
    const pods = await listAll<Pod>(cluster, listPath('Pod', namespace), choice, signal);
    return { pods, podsSeen: 'own namespace', notes: [note] };
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    return {
      pods: [],
      podsSeen: 'nowhere',
      notes: ['This user may not list pods, so fewer GPUs may be free than shown.'],
    };
  }
}

function toNumber(quantity: string | undefined): number {
  return quantity === undefined ? 0 : parseQuantity(quantity);
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/u.test(text) ? Number(text) : null;
}
