import type { ClusterInventory } from '../core/cluster.ts';
import type { ApiList, ApiObject } from './apiObjects.ts';
import { openCluster, type Cluster } from './cluster.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import { isReady, readGpuNodes, readNodes } from './nodes.ts';
import { readServerVersion } from './preflight.ts';
import { isStatus } from './statusError.ts';

export interface ClusterChoice extends KubeconfigChoice {
  /** Otherwise the context's own. */
  readonly namespace?: string;
}

/**
 * What the cluster offers: nodes, and GPUs free of total with who holds them. Works with few rights, and notes what it
 * could not see.
 * @throws BenchError kubeconfig-missing, kubeconfig-broken, api-unreachable, unauthenticated
 */
export async function readInventory(choice: ClusterChoice, signal: AbortSignal): Promise<ClusterInventory> {
  using cluster = openCluster(choice);
  const namespace = choice.namespace ?? cluster.namespace;
  const serverVersion = await readServerVersion(cluster, signal);
  const { nodes, notes } = await readNodes(cluster, signal);
  const gpus = await readGpuNodes(cluster, nodes ?? [], null, namespace, signal);
  return {
    context: cluster.context,
    namespace,
    serverVersion,
    nodes: nodes?.length ?? 0,
    readyNodes: nodes?.filter(isReady).length ?? 0,
    gpuNodes: gpus.gpuNodes,
    podsSeen: gpus.podsSeen,
    runtimeClasses: await readRuntimeClasses(cluster, signal),
    notes: [...notes, ...gpus.notes],
  };
}

async function readRuntimeClasses(cluster: Cluster, signal: AbortSignal): Promise<string[]> {
  try {
    const list = (await cluster.get('/apis/node.k8s.io/v1/runtimeclasses', signal)) as ApiList<ApiObject>;
    return (list.items ?? []).map(({ metadata }) => metadata.name);
  } catch (error) {
    if (isStatus(error, 403) || isStatus(error, 404)) return [];
    throw error;
  }
}
