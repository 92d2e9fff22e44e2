import * as z from 'zod';
import { topologyKey } from './topologyKey.ts';

export { topologyKey };

/**
 * A plan is everything that one run will do, decided before it starts: plain JSON, complete, never edited.
 * It holds nothing private: no kube context, server address, user name, token or local path. Those are given to the
 * target that carries the plan out.
 */

export const topologyNames = ['fastapi', 'triton', 'hybrid'] as const;
export type TopologyName = (typeof topologyNames)[number];

/** A name Kubernetes accepts for a namespace or as part of an object's name (RFC 1123 label). */
export const namespaceSchema = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and "-", at most 63');

export const modelFileSchema = z.strictObject({
  /** Plain file name inside the pods' model folder, e.g. "model.onnx". */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const modelSchema = z.strictObject({
  /** The Open Inference Protocol's model name. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  task: z.literal('text-classification'),
  files: z.array(modelFileSchema).min(2),
  labels: z.array(z.string()).min(1),
  /** Rows in one request; one more is refused with 400 on every topology. */
  maxBatchSize: z.number().int().min(1).max(1024),
  /** Tokens; longer texts are cut. */
  maxLength: z.number().int().min(8).max(8192),
  /** Token lengths that a batch is padded up to, ascending; the last equals maxLength. */
  paddingBuckets: z.array(z.number().int().positive()).min(1),
  precision: z.string(),
});

export const tritonSettingsSchema = z.strictObject({
  /** null: dynamic batching is off. */
  dynamicBatching: z
    .strictObject({
      preferredBatchSizes: z.array(z.number().int().positive()),
      maxQueueDelayMicroseconds: z.number().int().nonnegative(),
    })
    .nullable(),
  /** Model instances, with GPUs on each of them; all together share the cores as ONNX Runtime threads. */
  instances: z.number().int().min(1).max(64),
});

export const topologySchema = z.strictObject({
  name: z.enum(topologyNames),
  /** Empty for the topology as it comes; otherwise what is different, e.g. "no-batching". */
  variant: z.string().max(40),
  /** CPU cores of the whole topology, the hybrid's gateway included. */
  cores: z.number().int().min(1).max(256),
  memoryMiB: z.number().int().min(256),
  /** hybrid: how the cores are shared out; null elsewhere. */
  split: z.strictObject({ gatewayCores: z.number().int().min(1), tritonCores: z.number().int().min(1) }).nullable(),
  /** triton and hybrid; null for fastapi. */
  triton: tritonSettingsSchema.nullable(),
});

export const gpuSchema = z
  .strictObject({
    resource: z
      .string()
      .regex(/^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/, 'must be a resource with its domain, such as nvidia.com/gpu')
      .meta({
        description: 'Extended resource that a GPU is asked for by, e.g. nvidia.com/gpu or nvidia.com/mig-1g.5gb.',
      }),
    count: z.number().int().min(1).max(16).meta({ description: 'GPUs of each model server.' }),
    nodeSelector: z
      .record(z.string(), z.string())
      .meta({ description: 'Labels that a node must have, e.g. nvidia.com/gpu.product: Tesla-T4.' }),
    tolerations: z
      .array(
        z.strictObject({
          key: z.string().optional().meta({ description: 'Key of the taint; without one, every key.' }),
          operator: z
            .enum(['Exists', 'Equal'])
            .optional()
            .meta({
              description: 'How key and value match a taint, as in Kubernetes.',
              enumDescriptions: ['The taint may have any value.', 'The taint has the value given here.'],
            }),
          value: z.string().optional().meta({ description: 'Value of the taint, with the operator Equal.' }),
          effect: z
            .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
            .optional()
            .meta({ description: 'Effect of the taint, as in Kubernetes; without one, every effect.' }),
        }),
      )
      .meta({ description: 'Tolerations of the pods that ask for a GPU.' }),
    runtimeClassName: z.string().nullable().meta({
      description: 'RuntimeClass of the pods that ask for a GPU; used only if the cluster has it. null: none.',
    }),
  })
  .meta({ description: 'The GPU that each model server asks for.' });

export const imagesSchema = z
  .strictObject({
    server: z.string().min(1).meta({
      description: "Image that FastAPI and the gateway run from without a GPU; with one, all run from Triton's.",
    }),
    triton: z
      .string()
      .min(1)
      .meta({ description: 'Image of NVIDIA Triton. With a GPU its release decides which driver the node needs.' }),
    loadGenerator: z
      .string()
      .min(1)
      .meta({ description: 'Node.js image that the load generator runs from inside the cluster.' }),
    packages: z.enum(['install', 'prebuilt']).meta({
      description: "Where the servers' Python packages come from.",
      enumDescriptions: [
        'An init container of the same image installs pinned packages, checked by hash.',
        'They are in the images named here.',
      ],
    }),
    /** One of src/serving/requirements. */
    requirements: z.enum(['cpu', 'cpu-numpy1', 'cuda']).meta({
      description: "Which pinned set of Python packages fits the images' Python.",
      enumDescriptions: [
        'ONNX Runtime for the CPU.',
        'ONNX Runtime for the CPU with numpy 1, which older Triton releases need.',
        'ONNX Runtime for CUDA.',
      ],
    }),
  })
  .meta({ description: 'Images that the pods run from (docs/images.md).' });

const phaseBase = z.strictObject({
  name: z.string().min(1),
  /** A warm-up is a phase whose numbers are dropped. */
  kind: z.enum(['warm-up', 'measured']),
  durationSeconds: z.number().positive().max(86_400),
  /** Of arrivals and the bodies' order, once a run has drawn it (see phaseSeed.ts); absent in a plan, and in records from before. */
  seed: z.number().int().nonnegative().exactOptional(),
});

/** Each connection sends its next request when the last one is answered. */
export const closedPhaseSchema = phaseBase.extend({
  loop: z.literal('closed'),
  connections: z.number().int().min(1).max(4096),
});

/** Requests are due at times that are drawn before, whatever the server does. */
export const openPhaseSchema = phaseBase.extend({
  loop: z.literal('open'),
  ratePerSecond: z.number().positive().max(100_000),
  arrivals: z.enum(['poisson', 'constant']),
  /** Requests unanswered at one time; what is due beyond that is sent late, and its wait is part of its latency. */
  maxInFlight: z.number().int().min(1).max(4096),
});

/** The first records of version 1 knew the closed loop alone, and did not name it. */
export function namedLoop(phase: unknown): unknown {
  return typeof phase === 'object' && phase !== null && !('loop' in phase) ? { loop: 'closed', ...phase } : phase;
}

export const phaseSchema = z.preprocess(namedLoop, z.discriminatedUnion('loop', [closedPhaseSchema, openPhaseSchema]));

/** Levels 1, 2, 4, ... in a closed loop, until more connections confidently gain little (see ladder.ts). */
export const ladderSearchSchema = z.strictObject({
  kind: z.literal('ladder'),
  levelSeconds: z.number().positive().max(3600),
  /** Load at each level that is dropped. */
  warmUpSeconds: z.number().positive().max(600),
  mostConnections: z.number().int().min(1).max(4096),
});

/** The highest rate at which p95 stays under a bound (see sloSearch.ts). */
export const sloSearchSchema = z.strictObject({
  kind: z.literal('slo'),
  /** Bound of p95; a timeout counts at its limit. */
  p95Ms: z.number().positive().max(600_000),
  arrivals: z.enum(['poisson', 'constant']),
  maxInFlight: z.number().int().min(1).max(4096),
  highestRate: z.number().positive().max(100_000),
  /** The search ends when the lowest rate that missed is at most this share above the highest that kept. */
  precision: z.number().min(0.01).max(0.5),
  mostTrials: z.number().int().min(1).max(50),
  /** Of the closed loop that tells what rates to begin at. */
  capacityConnections: z.number().int().min(1).max(4096),
  /** At low rates a trial is longer, so that it has samples enough. */
  trialSeconds: z.number().positive().max(3600),
  confirmationSeconds: z.number().positive().max(86_400),
  warmUpSeconds: z.number().positive().max(600),
});

export const loadPlanSchema = z.strictObject({
  vantage: z.enum(['in-cluster', 'this-machine']),
  profile: z.string().min(1),
  /** In the first records of version 1, of all phases; now each phase names its own. */
  loop: z.literal('closed').optional(),
  phases: z.array(phaseSchema).min(1),
  /** Phases that follow, each decided by those before it; null for a plan whose phases are all known. */
  search: z.discriminatedUnion('kind', [ladderSearchSchema, sloSearchSchema]).nullable().default(null),
  /** Pods that make the load together, each with its part; more than one needs a cluster to run them in. */
  generators: z.number().int().min(1).max(100).default(1),
  /** How often every topology is deployed and measured, in turns: A B C, A B C. */
  repetitions: z.number().int().min(1).max(50).default(1),
  timeoutMs: z.number().int().min(1).max(600_000),
  /** From it, those of the phases are drawn: their arrivals, and the order of the payload's texts. */
  seed: z.number().int().nonnegative(),
  payload: z.strictObject({
    name: z.string(),
    texts: z.number().int().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

export const planSchema = z
  .strictObject({
    version: z.literal(1),
    model: modelSchema,
    topologies: z.array(topologySchema).min(1),
    target: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('kubernetes'), namespace: namespaceSchema, createNamespace: z.boolean() }),
      z.strictObject({ kind: z.literal('local') }),
    ]),
    gpu: gpuSchema.nullable(),
    /** A GPU asked for and the CPU got is an invalid run, unless this says otherwise. */
    allowCpuProvider: z.boolean(),
    images: imagesSchema,
    load: loadPlanSchema,
    /** Longest wait for a topology to be ready, image pulls and package installation included. */
    readyTimeoutSeconds: z.number().int().min(10).max(7200),
  })
  .superRefine((plan, context) => {
    const seen = new Set<string>();
    plan.topologies.forEach((topology, index) => {
      const key = topologyKey(topology);
      if (seen.has(key)) {
        context.addIssue({ code: 'custom', path: ['topologies', index], message: `"${key}" is listed twice` });
      }
      seen.add(key);
      const { split } = topology;
      if ((topology.name === 'hybrid') !== (split !== null)) {
        context.addIssue({
          code: 'custom',
          path: ['topologies', index, 'split'],
          message: 'only the hybrid has a split',
        });
      }
      if (split !== null && split.gatewayCores + split.tritonCores !== topology.cores) {
        context.addIssue({
          code: 'custom',
          path: ['topologies', index, 'split'],
          message: `${String(split.gatewayCores)} + ${String(split.tritonCores)} cores are not the topology's ${String(topology.cores)}`,
        });
      }
      if ((topology.name === 'fastapi') !== (topology.triton === null)) {
        context.addIssue({
          code: 'custom',
          path: ['topologies', index, 'triton'],
          message: 'triton and hybrid need Triton settings, fastapi has none',
        });
      }
    });
    if (plan.load.generators > 1 && plan.load.vantage !== 'in-cluster') {
      context.addIssue({
        code: 'custom',
        path: ['load', 'generators'],
        message: 'several load generators are pods, so the load must come from inside a cluster',
      });
    }
    if (plan.target.kind === 'local' && plan.load.vantage === 'in-cluster') {
      context.addIssue({
        code: 'custom',
        path: ['load', 'vantage'],
        message: 'a local target has no cluster to load from',
      });
    }
  });

export type Plan = z.infer<typeof planSchema>;
export type ModelPlan = z.infer<typeof modelSchema>;
export type ModelFile = z.infer<typeof modelFileSchema>;
export type TopologyPlan = z.infer<typeof topologySchema>;
export type TritonSettings = z.infer<typeof tritonSettingsSchema>;
export type GpuPlan = z.infer<typeof gpuSchema>;
export type ImagesPlan = z.infer<typeof imagesSchema>;
export type Phase = z.infer<typeof phaseSchema>;
export type OpenPhase = z.infer<typeof openPhaseSchema>;
export type ClosedPhase = z.infer<typeof closedPhaseSchema>;
/** What a phase loads with, without its name and length. */
export type PhaseLoad =
  Pick<ClosedPhase, 'loop' | 'connections'> | Pick<OpenPhase, 'loop' | 'ratePerSecond' | 'arrivals' | 'maxInFlight'>;
export type LoadPlan = z.infer<typeof loadPlanSchema>;
export type Vantage = LoadPlan['vantage'];

export type LadderSearch = z.infer<typeof ladderSearchSchema>;
export type SloSearchPlan = z.infer<typeof sloSearchSchema>;
