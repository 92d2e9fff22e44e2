import type { TopologyPlan } from '../core/plan.ts';

/** What one server of a topology gets of the topology's cores and memory. */
export interface Share {
  readonly cores: number;
  readonly memoryMiB: number;
}

export interface ModelThreads {
  /** Processes or instances that each hold the model. */
  readonly copies: number;
  /** Threads of ONNX Runtime in each; copies x threads is never more than the cores, save that each has one. */
  readonly intraOpThreads: number;
}

/** The hybrid's gateway needs memory for its workers, not for a model. */
const gatewayMemoryMiB = 512;

export function gatewayShare(topology: TopologyPlan): Share {
  const cores = topology.split?.gatewayCores ?? 1;
  return { cores, memoryMiB: Math.min(gatewayMemoryMiB, Math.floor(topology.memoryMiB / 4)) };
}

/** The share of the server that runs the model. */
export function modelShare(topology: TopologyPlan): Share {
  if (topology.split === null) return { cores: topology.cores, memoryMiB: topology.memoryMiB };
  return {
    cores: topology.split.tritonCores,
    memoryMiB: topology.memoryMiB - gatewayShare(topology).memoryMiB,
  };
}

/** How the model's cores are used: one uvicorn worker a core, or Triton's instances. */
export function modelThreads(topology: TopologyPlan): ModelThreads {
  const { cores } = modelShare(topology);
  const copies = topology.triton?.instances ?? cores;
  return { copies, intraOpThreads: Math.max(1, Math.floor(cores / copies)) };
}
