import { checkedPlan } from './checkedPlan.ts';
import {
  type GpuPlan,
  type ImagesPlan,
  type ModelPlan,
  type Plan,
  planSchema,
  topologyNames,
  type TopologyName,
  type TopologyPlan,
  type TritonSettings,
  type Vantage,
} from './plan.ts';
import { customPhases, type CustomPhase } from './customPhases.ts';
import { BenchError } from './errors.ts';
import { checkGeneratorRoom } from './generatorRoom.ts';
import { profileOf, type Profile, type ProfileName, type ProfileTopology } from './profiles.ts';
import type { Payload } from './ports.ts';

export { estimateSeconds } from './loadLength.ts';

/** What a person, or a plan file, decides; everything else has a default. */
export interface Choices {
  readonly model: ModelPlan;
  /** As they stand in the model's config.pbtxt; null without one. */
  readonly triton: TritonSettings | null;
  readonly topologies: readonly TopologyName[];
  readonly target: Plan['target'];
  readonly profile: ProfileName;
  /** In place of the profile's. */
  readonly phases?: readonly CustomPhase[] | undefined;
  readonly repetitions?: number | undefined;
  /** Pods that make the load together. */
  readonly generators?: number | undefined;
  /** Milliseconds; for the profile "server". */
  readonly sloP95Ms?: number | undefined;
  readonly payload: Payload;
  readonly cores?: number | undefined;
  readonly memoryMiB?: number | undefined;
  readonly gpu?: GpuPlan | null | undefined;
  readonly allowCpuProvider?: boolean | undefined;
  readonly images?: Partial<ImagesPlan> | undefined;
  readonly vantage?: Vantage | undefined;
  readonly timeoutMs?: number | undefined;
  readonly seed?: number | undefined;
  readonly readyTimeoutSeconds?: number | undefined;
}

/** Public images. On a GPU all three topologies run from Triton's: one pull, the same CUDA and cuDNN. */
export const defaultImages: ImagesPlan = {
  server: 'docker.io/library/python:3.12-slim',
  triton: 'nvcr.io/nvidia/tritonserver:26.07-py3',
  loadGenerator: 'docker.io/library/node:24-slim',
  packages: 'install',
  requirements: 'cpu',
};

export const defaultGpu: GpuPlan = {
  resource: 'nvidia.com/gpu',
  count: 1,
  nodeSelector: {},
  tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
  runtimeClassName: 'nvidia',
};

/** What a plan has where nobody decided; the rest depends on model, target and profile. */
export const planDefaults = {
  profile: 'quick',
  topologies: topologyNames,
  cores: 2,
  generators: 1,
  allowCpuProvider: false,
  timeoutMs: 10_000,
  seed: 1,
  readyTimeoutSeconds: { kubernetes: 900, local: 180 },
} as const satisfies Record<string, unknown>;

/**
 * The complete plan of a run.
 * @throws BenchError plan-invalid, naming each field that is wrong
 */
export function makePlan(choices: Choices): Plan {
  const gpu = choices.gpu ?? null;
  const cores = choices.cores ?? planDefaults.cores;
  const images: ImagesPlan = {
    ...defaultImages,
    ...(gpu === null ? {} : { requirements: 'cuda' as const }),
    ...choices.images,
  };
  const gpus = gpu?.count ?? 0;
  const copies = Math.max(cores, (choices.triton?.instances ?? 0) * Math.max(1, gpus));
  const profile = profileLoad(choices);
  const topologies = profile.topologies ?? choices.topologies.map((name) => ({ name, variant: '' }) as const);
  const memoryMiB = choices.memoryMiB ?? defaultMemoryMiB(choices.model, copies);
  return checkPlan({
    version: 1,
    model: choices.model,
    topologies: topologies.map((topology) => planTopology(topology, { cores, memoryMiB, gpus }, choices.triton)),
    target: choices.target,
    gpu,
    allowCpuProvider: choices.allowCpuProvider ?? planDefaults.allowCpuProvider,
    images,
    load: {
      vantage: choices.vantage ?? (choices.target.kind === 'kubernetes' ? 'in-cluster' : 'this-machine'),
      profile: choices.phases === undefined ? choices.profile : 'custom',
      phases: profile.phases,
      search: profile.search,
      repetitions: choices.repetitions ?? profile.repetitions,
      generators: choices.generators ?? planDefaults.generators,
      timeoutMs: choices.timeoutMs ?? planDefaults.timeoutMs,
      seed: choices.seed ?? planDefaults.seed,
      payload: {
        name: choices.payload.name,
        texts: choices.payload.texts.length,
        sha256: choices.payload.sha256,
      },
    },
    readyTimeoutSeconds: choices.readyTimeoutSeconds ?? planDefaults.readyTimeoutSeconds[choices.target.kind],
  });
}

/** The load that was chosen: a profile's, or phases in its place. */
export function profileLoad({ profile, phases, sloP95Ms }: Pick<Choices, 'profile' | 'phases' | 'sloP95Ms'>): Profile {
  if (phases === undefined) return profileOf(profile, sloP95Ms);
  return { phases: customPhases(phases), search: null, repetitions: 1, topologies: null };
}

/**
 * A plan from JSON of unknown origin.
 * @throws BenchError plan-invalid, naming each field that is wrong
 */
export function checkPlan(value: unknown): Plan {
  const plan = checkedPlan(planSchema, value);
  checkGeneratorRoom(plan.load);
  return plan;
}

/** Each topology gets the same cores; the hybrid's are split, and the gateway never takes more than half. */
function planTopology(
  { name, variant }: ProfileTopology,
  { cores, memoryMiB, gpus }: { readonly cores: number; readonly memoryMiB: number; readonly gpus: number },
  triton: TritonSettings | null,
): TopologyPlan {
  if (name === 'fastapi') return { name, variant, cores, memoryMiB, split: null, triton: null };
  if (name === 'triton') {
    const settings = triton ?? defaultTriton(cores, gpus);
    return {
      name,
      variant,
      cores,
      memoryMiB,
      split: null,
      triton: variant === 'no-batching' ? { ...settings, dynamicBatching: null } : settings,
    };
  }
  if (cores < 2) {
    throw new BenchError({
      reason: 'plan-invalid',
      message: 'The hybrid needs at least 2 cores: one for its gateway, one for Triton.',
      nextStep: 'Give each topology 2 cores or more, or leave the hybrid out.',
    });
  }
  const gatewayCores = Math.floor(cores / 2);
  const tritonCores = cores - gatewayCores;
  return {
    name,
    variant,
    cores,
    memoryMiB,
    split: { gatewayCores, tritonCores },
    triton: triton ?? defaultTriton(tritonCores, gpus),
  };
}

/**
 * Dynamic batching as Triton has it by default (no added delay), and an instance for each core: Triton makes its instances
 * on every GPU, so that with several of them each gets its part.
 */
function defaultTriton(cores: number, gpus: number): TritonSettings {
  return {
    dynamicBatching: { preferredBatchSizes: [], maxQueueDelayMicroseconds: 0 },
    instances: gpus > 0 ? Math.ceil(cores / gpus) : cores,
  };
}

/**
 * Each worker or instance holds its own copy: the file's bytes while they are read, the weights, and those that ONNX
 * Runtime packs anew for its kernels; and the runtime itself.
 */
function defaultMemoryMiB(model: ModelPlan, copies: number): number {
  const modelMiB = model.files.reduce((sum, file) => sum + file.sizeBytes, 0) / 1024 / 1024;
  return 1792 + Math.ceil((copies * (128 + 3 * modelMiB)) / 256) * 256;
}
