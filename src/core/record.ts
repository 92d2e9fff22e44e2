import * as z from 'zod';
import { pooledMethod, repeatedMethod } from './repeatedMethod.ts';
import { searchEnds } from './sloSearch.ts';
import { phaseMeasurementSchema } from './load.ts';
import { endpointPlanSchema, endpointTopologySchema } from './endpointPlan.ts';
import { closedPhaseSchema, namedLoop, openPhaseSchema, planSchema, topologySchema } from './plan.ts';

/** The result of one run: written once, never edited; every later version of this program reads it. */

export const runtimeReportSchema = z.strictObject({
  component: z.enum(['fastapi', 'gateway', 'triton']),
  /** As the server itself reports it, e.g. "CPUExecutionProvider"; "none" for a gateway, which runs no model. */
  provider: z.string(),
  device: z.string(),
  runtime: z.string(),
  runtimeVersion: z.string(),
  serverVersion: z.string(),
});
export type RuntimeReport = z.infer<typeof runtimeReportSchema>;

/** Deltas of Triton's own counters over one phase (nv_inference_*); proof of batching. */
export const batchingSchema = z.strictObject({
  inferences: z.number().int().nonnegative(),
  executions: z.number().int().nonnegative(),
  /** inferences / executions; null when nothing was executed. */
  meanBatchSize: z.number().nonnegative().nullable(),
  queueMsPerRequest: z.number().nullable(),
  computeMsPerRequest: z.number().nullable(),
});
export type Batching = z.infer<typeof batchingSchema>;

/**
 * Where the client's mean latency of one phase was spent, in milliseconds a request: differences between what the client,
 * the gateway and the model's server each timed by their own clock. totalMs = clientMs + gatewayMs + queueMs + computeMs +
 * otherMs. A part that is negative beyond rounding says that the clocks or counters do not fit together; it is kept as it is.
 * docs/latency-split.md says what each part is, and from which counters.
 */
export const splitSchema = z.strictObject({
  /** Mean latency of the client's successes, as in the phase's latency. */
  totalMs: z.number(),
  /** Outside the servers' own timing: the client, the network, sockets; with Triton alone its HTTP front end too. */
  clientMs: z.number(),
  /** The gateway and its way to Triton; null where there is no gateway. */
  gatewayMs: z.number().nullable(),
  /** Waiting to be computed: for a batch and an instance in Triton, for the inference thread in FastAPI. */
  queueMs: z.number(),
  /** Tokenizing and ONNX Runtime; in Triton with moving input and output. */
  computeMs: z.number(),
  /** In the model's server, and neither waiting nor computing: HTTP and JSON in FastAPI, little in Triton. */
  otherMs: z.number(),
  /** What gatewayMs is made of; null where there is no gateway. */
  gateway: z
    .strictObject({
      /** Authentication, de-identification, HTTP, JSON, audit: all but waiting for Triton. */
      ownMs: z.number(),
      /** The part of ownMs that de-identification takes. */
      deidentifyMs: z.number(),
      /** The gRPC call without Triton's own time: the way there and back. */
      toTritonMs: z.number(),
    })
    .nullable(),
  /** Requests that the servers' means are of; the client's mean is of the successes inside the window alone. */
  requests: z.number().int().positive(),
});
export type Split = z.infer<typeof splitSchema>;

export const validitySchema = z.strictObject({
  valid: z.boolean(),
  /** Why it is not valid; empty when it is. */
  reasons: z.array(z.string()),
  /** What limits the result without making it wrong. */
  caveats: z.array(z.string()),
});
export type Validity = z.infer<typeof validitySchema>;

/** 95% of a number, in its own unit; or why it has none. */
export const intervalSchema = z.union([
  z.strictObject({ low: z.number(), high: z.number() }),
  z.strictObject({ unknown: z.string() }),
]);
export type Interval = z.infer<typeof intervalSchema>;

/** How they are made: intervals.ts and docs/statistics.md. */
export const intervalsSchema = z.strictObject({
  level: z.literal(0.95),
  method: z.enum(['circular block bootstrap over time', pooledMethod, repeatedMethod]).meta({
    description:
      'How the intervals were made. "Student\'s t over repetitions" stands in earlier records, whose figures over repetitions are those of all their requests together.',
  }),
  /** 0 where nothing is drawn. */
  resamples: z.number().int().nonnegative(),
  seed: z.number().int().nonnegative(),
  p50Ms: intervalSchema,
  p95Ms: intervalSchema,
  p99Ms: intervalSchema,
  rps: intervalSchema,
});
export type Intervals = z.infer<typeof intervalsSchema>;

const measuredParts = {
  measurement: phaseMeasurementSchema,
  /** Which deployment of its topology was measured, from 1; the first records had one each. */
  repetition: z.number().int().min(1).default(1),
  /** Requests the server says it answered during the phase, over all its workers; null when it could not be asked. */
  serverCount: z.number().int().nonnegative().nullable(),
  /** null for fastapi, and when Triton's counters could not be read. */
  batching: batchingSchema.nullable(),
  /** null when the servers' timing could not be read, and in a record from before there was a split. */
  split: splitSchema.nullable().default(null),
  /** "not yet computed" in records of the time before they were, and where the measurement has no windows. */
  intervals: z.union([z.literal('not yet computed'), intervalsSchema]),
  validity: validitySchema,
};

/** A phase as it was planned, with what was measured in it. */
export const phaseResultSchema = z.preprocess(
  namedLoop,
  z.discriminatedUnion('loop', [closedPhaseSchema.extend(measuredParts), openPhaseSchema.extend(measuredParts)]),
);
export type PhaseResult = z.infer<typeof phaseResultSchema>;

export const placementSchema = z.strictObject({
  component: z.enum(['fastapi', 'gateway', 'triton', 'load']),
  node: z.string().nullable(),
  gpuProduct: z.string().nullable(),
  image: z.string().nullable(),
  /** As the container runtime reports it, "sha256:..."; null when it did not. */
  imageDigest: z.string().nullable(),
  /** The image by digest, "repository@sha256:...", where the runtime says that it can be pulled so; null where it does not. */
  pinnedImage: z.string().nullable().default(null),
});
export type Placement = z.infer<typeof placementSchema>;

export const failureSchema = z.strictObject({
  reason: z.string(),
  message: z.string(),
  nextStep: z.string().nullable(),
});
export type Failure = z.infer<typeof failureSchema>;

export const topologyResultSchema = z.strictObject({
  topology: z.discriminatedUnion('name', [topologySchema, endpointTopologySchema]),
  status: z.enum(['completed', 'failed', 'cancelled', 'skipped']),
  runtimes: z.array(runtimeReportSchema),
  placements: z.array(placementSchema),
  /**
   * From apply to Ready, upload included, and the upload alone, of the first deployment; null when it never got there, and of
   * an endpoint that was there already.
   */
  readyMs: z.number().nullable(),
  uploadMs: z.number().nullable(),
  /** hybrid on a cluster: whether a pod that is not the gateway was kept from Triton. */
  networkPolicy: z.enum(['enforced', 'not enforced', 'not probed', 'not applicable']),
  phases: z.array(phaseResultSchema),
  /** null where each phase was measured once. */
  combined: z.array(phaseResultSchema).nullable().default(null).meta({
    description:
      "The measured phases, each over all its repetitions. p50, p95, p99 and RPS are the geometric means of the repetitions' own, so that they belong to their intervals; counts, histograms and means are of all requests together. In earlier records, whose intervals' method is \"Student's t over repetitions\", the quantiles and RPS are of all requests together, too.",
  }),
  /** What the search for the highest rate found, one for each repetition that came to its end; empty without one. */
  searches: z
    .array(
      z.strictObject({
        ratePerSecond: z.number().nonnegative().nullable(),
        because: z.enum(searchEnds),
        /** Where a measurement that could not be believed is why: its reasons; none in a record from before they were named. */
        doubts: z.array(z.string()).default([]),
        /** Whether all of p95's 95% interval was under the bound; null without a rate, and in a record from before it was asked. */
        confident: z.boolean().nullable().default(null),
      }),
    )
    .default([]),
  failure: failureSchema.nullable(),
});
export type TopologyResult = z.infer<typeof topologyResultSchema>;

/** What servers or load ran on: hardware and system alone. What nobody said is null. */
export const machineSchema = z.strictObject({
  /** The node's name as in the placements; null for the machine that the program itself ran on. */
  node: z.string().nullable(),
  /** As its system names it, e.g. "x64" or "amd64". */
  architecture: z.string(),
  /** e.g. "Debian GNU/Linux 12 (bookworm)". */
  system: z.string(),
  kernel: z.string().nullable(),
  cpuModel: z.string().nullable(),
  /** CPUs and memory that it has; of a node, what pods may have of it. */
  cores: z.number().nullable(),
  memoryMiB: z.number().int().nullable(),
  /** e.g. "containerd://2.1.4"; null for a machine that is no node. */
  containerRuntime: z.string().nullable(),
  /** e.g. "v1.34.1"; null for a machine that is no node. */
  kubelet: z.string().nullable(),
  /** As the cloud calls it, e.g. "g4dn.xlarge". */
  instanceType: z.string().nullable(),
});
export type Machine = z.infer<typeof machineSchema>;

/** The text that a run's model settings were read from, as it stood then. */
export const modelConfigSchema = z.strictObject({
  format: z.enum(['config.pbtxt', 'config.json']),
  /** Of the text as UTF-8. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of what it says, comments and spacing aside (see model/settingsText.ts). */
  settingsSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
});
export type ModelConfig = z.infer<typeof modelConfigSchema>;

/** Fields with a default came later: a record from before them is read as if it said that it does not know. */
export const runRecordSchema = z.strictObject({
  version: z.literal(1),
  /** e.g. "20261122-164310-3f9a": time of the start and four random hex digits. */
  id: z.string().regex(/^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$/),
  /** The run whose plan this one carried out again; null for a plan of its own. */
  repeats: z.string().nullable().default(null),
  startedAt: z.string(),
  endedAt: z.string(),
  status: z.enum(['completed', 'failed', 'cancelled']),
  plan: z.union([planSchema, endpointPlanSchema]),
  /** SHA-256 of the plan as canonical JSON. */
  planSha256: z.string(),
  /** null for a model without one. */
  modelConfig: modelConfigSchema.nullable().default(null),
  software: z.strictObject({
    topologyBench: z.string(),
    node: z.string(),
    autocannon: z.string(),
    /** SHA-256 of the servers' Python and of their pinned packages' names and hashes. */
    servingSha256: z.string().nullable().default(null),
  }),
  environment: z.strictObject({
    target: z.enum(['kubernetes', 'local', 'endpoint']),
    /** Short hash that tells clusters apart without naming them; null without one. */
    cluster: z.string().nullable(),
    serverVersion: z.string().nullable(),
    /** e.g. "linux x64, 2 cores". */
    machine: z.string(),
    gpuProducts: z.array(z.string()),
    driverVersions: z.array(z.string()),
    /** Those that servers or load ran on. */
    machines: z.array(machineSchema).default([]),
  }),
  sameAnswers: z.strictObject({
    verdict: z.enum(['agreed', 'differed', 'not compared']),
    detail: z.string(),
  }),
  topologies: z.array(topologyResultSchema),
  warnings: z.array(z.string()),
  failure: failureSchema.nullable(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;
export type Environment = RunRecord['environment'];
export type SameAnswers = RunRecord['sameAnswers'];
