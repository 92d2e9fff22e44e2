import * as z from 'zod';
import { phaseSchema } from './plan.ts';

/**
 * What a load worker is told, and what it says: the same for a worker that is a child process on this machine and
 * for one that is a pod. The worker writes one JSON message a line; `seq` rises by one with each message of a worker, so
 * that a reader that lost its stream can read again from the start and drop what it has seen.
 */

export const loadSpecSchema = z.strictObject({
  /** http:// or https:// */
  url: z.string(),
  /** How an https endpoint is verified; null for http, and for https by the runtime's own authorities. */
  tls: z
    .strictObject({
      /** PEM text of the authorities that are trusted in place of the runtime's own; null for those. */
      caPem: z.string().nullable(),
      /** false: whoever answers is believed. */
      verify: z.boolean(),
    })
    .nullable(),
  method: z.string(),
  headers: z.record(z.string(), z.string()),
  /** A header whose value is read from the environment, so that a secret is in no file and no log. */
  secretHeader: z.strictObject({ name: z.string(), environmentVariable: z.string() }).nullable(),
  /** Request bodies, rotated in an order drawn from `seed`; empty for requests without a body. */
  bodies: z.array(z.string()),
  seed: z.number().int().nonnegative(),
  timeoutMs: z.number().int().min(1),
  phases: z.array(phaseSchema).min(1),
  /**
   * Whether a phase waits for a word before it starts. "stdin": a line {"go":N} on standard input. A directory: the file
   * "go-N" in it. A worker that waits longer than gateTimeoutSeconds ends with an error: its controller is gone.
   */
  gate: z.union([z.literal('none'), z.literal('stdin'), z.strictObject({ directory: z.string() })]),
  gateTimeoutSeconds: z.number().positive(),
});
export type LoadSpec = z.infer<typeof loadSpecSchema>;

/** sent = ok + errors + inFlight; errors include timeouts. */
export const requestCountsSchema = z.strictObject({
  sent: z.number().int().nonnegative(),
  /** Answered with a 2xx status. */
  ok: z.number().int().nonnegative(),
  errors: z.number().int().nonnegative(),
  timeouts: z.number().int().nonnegative(),
  /** Sent and still unanswered when the phase ended. */
  inFlight: z.number().int().nonnegative(),
});
export type RequestCounts = z.infer<typeof requestCountsSchema>;

/** Milliseconds. A quantile is null where there are too few samples for it (see statistics.ts). */
export const latencySchema = z.strictObject({
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  maxMs: z.number().nullable(),
  meanMs: z.number().nullable(),
  /** Successful requests that the quantiles are of. */
  samples: z.number().int().nonnegative(),
});
export type Latency = z.infer<typeof latencySchema>;

/** Complete state of a phase under way; one a second, the last one wins. */
export const phaseSnapshotSchema = z.strictObject({
  elapsedMs: z.number().nonnegative(),
  requests: requestCountsSchema,
  latency: latencySchema,
  /** Successes a second over the phase so far. */
  rps: z.number().nonnegative(),
});
export type PhaseSnapshot = z.infer<typeof phaseSnapshotSchema>;

export const secondSchema = z.strictObject({
  /** Seconds since the phase began, at the end of this window. */
  second: z.number(),
  ok: z.number().int().nonnegative(),
  errors: z.number().int().nonnegative(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});

/** What the load generator saw of itself; it decides whether a phase may be believed. */
export const generatorHealthSchema = z.strictObject({
  eventLoopDelayP99Ms: z.number().nonnegative(),
  cpuSeconds: z.number().nonnegative(),
  /** Milliseconds for which its cgroup was throttled; null where that cannot be read. */
  throttledMs: z.number().nonnegative().nullable(),
  /** |L - lambda * W| / L of Little's law; null with too few requests. */
  littlesLawResidual: z.number().nullable(),
  /** How long after it was due a request went out, waits for room not counted; null for closed loops. */
  scheduleDelay: z
    .strictObject({
      p50Ms: z.number().nonnegative(),
      p99Ms: z.number().nonnegative().nullable(),
      maxMs: z.number().nonnegative(),
    })
    .nullable()
    .default(null),
  /**
   * Latency that the same loop measured of an endpoint that answers at once, on the same machine and just before: what the
   * generator adds by itself. No latency has it subtracted. null where it was not measured.
   */
  overheadMs: z
    .strictObject({ p50: z.number().nonnegative(), p95: z.number().nonnegative().nullable() })
    .nullable()
    .default(null),
  /** Sockets opened, those before the phase's start included; null where they were not counted. */
  connectionsOpened: z.number().int().nonnegative().nullable().default(null),
});

/** scheduled = sent + unsent. */
export const scheduleCountsSchema = z.strictObject({
  /** Requests that were due in the window. */
  scheduled: z.number().int().nonnegative(),
  /** Of those sent, how many first waited until one in flight was answered. */
  late: z.number().int().nonnegative(),
  /** Still waiting for that when the phase ended. */
  unsent: z.number().int().nonnegative(),
});

export const phaseMeasurementSchema = z.strictObject({
  /** Unix time in milliseconds, by the worker's clock. */
  window: z.strictObject({ startMs: z.number(), endMs: z.number() }),
  requests: requestCountsSchema,
  /** e.g. {"timeout": 3, "HTTP 500": 2, "ECONNRESET": 1, "closed without an answer": 4} */
  errorsByKind: z.record(z.string(), z.number().int().positive()),
  latency: latencySchema,
  rps: z.number().nonnegative(),
  /** Requests sent a second, successes or not. */
  attemptedRps: z.number().nonnegative(),
  /** How long the oldest request that was still unanswered at the end had waited; null when none was. */
  longestWaitMs: z.number().nonnegative().nullable(),
  /** HdrHistogram V2, deflated, base64; values are microseconds, 3 significant digits. */
  histogram: z.string(),
  timeSeries: z.array(secondSchema),
  generator: generatorHealthSchema,
  /** null for closed loops, which have no schedule. */
  schedule: scheduleCountsSchema.nullable().default(null),
});
export type PhaseMeasurement = z.infer<typeof phaseMeasurementSchema>;

const seq = z.number().int().nonnegative();
const phase = z.number().int().nonnegative();
export const workerMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ seq, type: z.literal('ready'), node: z.string(), autocannon: z.string() }),
  z.strictObject({ seq, type: z.literal('waiting'), phase }),
  z.strictObject({ seq, type: z.literal('phase-started'), phase, startMs: z.number() }),
  z.strictObject({ seq, type: z.literal('snapshot'), phase, snapshot: phaseSnapshotSchema }),
  z.strictObject({ seq, type: z.literal('phase-ended'), phase, measurement: phaseMeasurementSchema }),
  z.strictObject({ seq, type: z.literal('finished') }),
  z.strictObject({ seq, type: z.literal('failed'), reason: z.string(), message: z.string() }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
