import type { Plan, TopologyPlan } from '../core/plan.ts';
import { threadsPerCopy } from '../core/threads.ts';

/** What one server of a topology gets of the topology's cores and memory. */
export interface Share {
  readonly cores: number;
  readonly memoryMiB: number;
}

export interface ModelThreads {
  /** Processes or instances that each hold the model. */
  readonly copies: number;
  /** Threads of ONNX Runtime in each. */
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

/**
 * How the model's cores are used: one uvicorn worker a core, or Triton's instances. On GPUs Triton makes its instances on
 * each of them, and FastAPI makes as many workers as Triton makes instances in all, so that both hold the same number of
 * copies on the same devices.
 * @param plan of the run: where the topology is not Triton's, another of its topologies says how many instances Triton makes
 */
export function modelThreads(topology: TopologyPlan, plan?: Pick<Plan, 'gpu' | 'topologies'>): ModelThreads {
  const { cores } = modelShare(topology);
  const gpus = plan?.gpu?.count ?? 0;
  const copies = gpus === 0 ? (topology.triton?.instances ?? cores) : gpus * instancesPerGpu(topology, plan, gpus);
  return { copies, intraOpThreads: threadsPerCopy(cores, copies) };
}

function instancesPerGpu(topology: TopologyPlan, plan: Pick<Plan, 'topologies'> | undefined, gpus: number): number {
  const others = plan?.topologies ?? [];
  const comparable = others.find(({ name }) => name === 'triton') ?? others.find(({ triton }) => triton !== null);
  const triton = topology.triton ?? comparable?.triton ?? null;
  return triton?.instances ?? Math.ceil(modelShare(topology).cores / gpus);
}
