import type { TopologyResult } from './record.ts';

/** What the trees, the command line and the pickers show of a cluster. Plain JSON. */

/** A pod, and how many GPUs of a node it holds. */
export interface GpuHolder {
  /** As namespace/pod. */
  readonly pod: string;
  readonly count: number;
}

export interface GpuNode {
  readonly name: string;
  /** Extended resource, e.g. "nvidia.com/gpu". */
  readonly resource: string;
  /** e.g. "Tesla-T4", as a label of the node says (see gpuPools.ts); null where none does. */
  readonly product: string | null;
  /** Key of that label. */
  readonly productLabel: string | null;
  readonly memoryMiB: number | null;
  readonly driverVersion: string | null;
  readonly total: number;
  /** At most, where not all pods were seen (see ClusterInventory.podsSeen). */
  readonly free: number;
  /** Who holds the others. */
  readonly takenBy: readonly GpuHolder[];
  readonly schedulable: boolean;
}

/** Whose pods the user may list, and so of which it is known what they hold. */
export type PodsSeen = 'everywhere' | 'own namespace' | 'nowhere';

export interface ClusterInventory {
  readonly context: string;
  readonly namespace: string;
  readonly serverVersion: string;
  readonly nodes: number;
  readonly readyNodes: number;
  readonly gpuNodes: readonly GpuNode[];
  /** null: no node has a GPU, so that nobody looked. */
  readonly podsSeen: PodsSeen | null;
  readonly runtimeClasses: readonly string[];
  /** What could not be read, and why, e.g. pods of other namespaces: then `free` may be too high. */
  readonly notes: readonly string[];
}

/** A topology that the Deploy action made and that stays until it is deleted. */
export interface DeployedTopology {
  /** Name of its anchor ConfigMap; identifies it within the namespace. */
  readonly id: string;
  /** Kube context that it was listed by; what is done to it is done there, whatever is selected by then. */
  readonly context: string;
  readonly namespace: string;
  readonly topology: string;
  readonly model: string;
  readonly createdAt: string;
  readonly ready: boolean;
  /** A pod was replaced and has lost what was uploaded to it: the model must be uploaded again. */
  readonly modelMissing: boolean;
  /** Nothing brings it up unless somebody changes something, e.g. where its image is not there; never of one that is ready. */
  readonly failed: boolean;
  /** In the cluster's own words, e.g. "0/1 nodes are available: 1 Insufficient nvidia.com/gpu" or "model missing, upload again". */
  readonly message: string;
  /** Inside the cluster, e.g. "http://tb-x-fastapi.team.svc:8000". */
  readonly endpoint: string;
  readonly gpus: number;
  /** Whether pods other than the gateway are kept from Triton, as the deployment's own probe found; of the hybrid alone. */
  readonly networkPolicy: TopologyResult['networkPolicy'];
}

/** A run or deployment of ours that is on the cluster, and what belongs to it. */
export interface Leftover {
  readonly kind: 'run' | 'deployment';
  readonly id: string;
  readonly namespace: string;
  readonly createdAt: string;
  readonly objects: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  readonly gpus: number;
  /** True while a window or a command line still renews it. */
  readonly inUse: boolean;
  /**
   * Whether nobody looks after it and nobody asked for it to stay: a run, or a deployment whose Deploy was interrupted before it
   * was ready.
   */
  readonly leftBehind: boolean;
}

/** What became of leftovers that were to be removed. */
export interface Removal {
  /** How many are gone with all that belonged to them. */
  readonly removed: number;
  /** Why a namespace that was made for one of them stays, one sentence each. */
  readonly kept: readonly string[];
}
