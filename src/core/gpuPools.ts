import type { GpuHolder, GpuNode } from './cluster.ts';

/** Nodes among which the scheduler chooses: they offer the same resource, of the same product by the same label. */
export interface GpuPool {
  /** Extended resource, e.g. "nvidia.com/gpu". */
  readonly resource: string;
  /** e.g. "Tesla-T4"; null where the nodes do not say. */
  readonly product: string | null;
  /** Key of the label that says it, by which the pool can be selected; null where none does. */
  readonly productLabel: string | null;
  /** On the nodes that take pods. */
  readonly free: number;
  readonly total: number;
  readonly nodes: readonly GpuNode[];
}

/** Node labels that name the product of the GPUs, the first that is there counts: NVIDIA's GPU feature discovery sets the one, GKE the other. */
export const gpuProductLabels = ['nvidia.com/gpu.product', 'cloud.google.com/gke-accelerator'] as const;

/** The product that a node's labels name, or that a node selector asks for. */
export function gpuProductIn(labels: Readonly<Record<string, string>>): Pick<GpuPool, 'product' | 'productLabel'> {
  const productLabel = gpuProductLabels.find((key) => labels[key] !== undefined);
  return productLabel === undefined
    ? { product: null, productLabel: null }
    : { product: labels[productLabel] ?? null, productLabel };
}

/** The GPUs of a cluster by product, in the order of their names. */
export function gpuPools(nodes: readonly GpuNode[]): GpuPool[] {
  const byKind = new Map<string, GpuNode[]>();
  for (const node of nodes) {
    const key = JSON.stringify([node.product ?? node.resource, node.resource, node.productLabel]);
    byKind.set(key, [...(byKind.get(key) ?? []), node]);
  }
  const sorted = [...byKind].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([, members]) => {
    const [first] = members;
    return first === undefined ? [] : [poolOf(first, members)];
  });
}

function poolOf({ resource, product, productLabel }: GpuNode, nodes: readonly GpuNode[]): GpuPool {
  return {
    resource,
    product,
    productLabel,
    free: nodes.reduce((sum, node) => sum + (node.schedulable ? node.free : 0), 0),
    total: nodes.reduce((sum, node) => sum + node.total, 0),
    nodes,
  };
}

/** Who holds GPUs of these nodes, those that hold most first. */
export function gpuHolders(nodes: readonly GpuNode[]): GpuHolder[] {
  return nodes.flatMap(({ takenBy }) => takenBy).sort((a, b) => b.count - a.count || (a.pod < b.pod ? -1 : 1));
}
