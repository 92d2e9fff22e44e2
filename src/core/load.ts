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
  /**
   * Whether a phase is over only when each request in flight at its end was answered or has timed out. Absent: a second is enough,
   * of servers whose own counters say when they have come to rest.
   */
  awaitsAnswers: z.boolean().exactOptional(),
  /** Carried out one after the other by a worker without a gate; with one, each word to go on brings its phase. */
  phases: z.array(phaseSchema),
  /**
   * Who says what comes next. "none": `phases`. "stdin": a word (`goSchema`) as a line on standard input. A directory: the
   * word as the file "go-N" in it. A worker that waits longer than gateTimeoutSeconds ends with an error: its controller is gone.
   */
  gate: z.union([z.literal('none'), z.literal('stdin'), z.strictObject({ directory: z.string() })]),
  gateTimeoutSeconds: z.number().positive(),
});
export type LoadSpec = z.infer<typeof loadSpecSchema>;

/** The word that a gated worker waits for: its phase number N, from 0, and what to do in it. */
export const goSchema = z.discriminatedUnion('next', [
  z.strictObject({
    go: z.number().int().nonnegative(),
    next: z.literal('phase'),
    phase: phaseSchema,
    /** Unix time in milliseconds, by the worker's clock, at which the first request is due; null: at once. */
    startAtMs: z.number().nullable(),
    /** Of constant arrivals: when the first request is due after the start; several generators take turns so. */
    offsetMs: z.number().nonnegative().default(0),
  }),
  /** There is no load for this worker in a phase of the others: it waits that much longer for its next word. */
  z.strictObject({ go: z.number().int().nonnegative(), next: z.literal('rest'), seconds: z.number().nonnegative() }),
  z.strictObject({ go: z.number().int().nonnegative(), next: z.literal('end') }),
]);
export type Go = z.infer<typeof goSchema>;

/**
 * Longest wait for a moment that several workers start at. One that is further off is not to be believed: the worker's clock was
 * set after the moment was named, and the worker starts without the others, which its phase's judgement finds.
 */
export const longestStartWaitMs = 10_000;

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
  p50Ms: z.number().nonnegative().nullable(),
  p95Ms: z.number().nonnegative().nullable(),
  p99Ms: z.number().nonnegative().nullable(),
  maxMs: z.number().nonnegative().nullable(),
  meanMs: z.number().nonnegative().nullable(),
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
  /** As in a measurement, of a worker that is one of several: their quantiles cannot be made of each one's quantiles. */
  histogram: z.string().exactOptional(),
});
export type PhaseSnapshot = z.infer<typeof phaseSnapshotSchema>;

export const secondSchema = z.strictObject({
  /** Seconds since the phase began, at the end of this window. */
  second: z.number().nonnegative(),
  ok: z.number().int().nonnegative(),
  errors: z.number().int().nonnegative(),
  p50Ms: z.number().nonnegative().nullable(),
  p95Ms: z.number().nonnegative().nullable(),
});

/** What the load generator saw of itself; it decides whether a phase may be believed. */
export const generatorHealthSchema = z.strictObject({
  eventLoopDelayP99Ms: z.number().nonnegative(),
  /**
   * For how long its event loop stood still, all together: what lay between two rounds beyond longestLoopMs. One long pause is
   * one sample of a percentile, however long it was. null where nobody looked.
   */
  stalledMs: z.number().nonnegative().nullable().default(null),
  cpuSeconds: z.number().nonnegative(),
  /** Milliseconds for which its cgroup was throttled; null where that cannot be read. */
  throttledMs: z.number().nonnegative().nullable(),
  /**
   * null with too few requests. Closed loop: |L - lambda * W| / L of Little's law, the share of the connections' time that no
   * request accounts for. Open loop: by what share the sum of the latencies differs from the time that connections were in use.
   * Both are made of the same stamps there, so it finds requests that were lost count of, and no wrong latency.
   */
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
  /** Requests that went out later than lateSendMs, waits for room not counted; null for closed loops and where nobody counted. */
  lateSends: z.number().int().nonnegative().nullable().default(null),
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
  /**
   * By how many milliseconds the wall clock of its machine went further than the steady one during the phase, the wait for its
   * start included: it was set (below 0: back), or the machine slept. No length is measured by it. null where nobody looked.
   */
  clockShiftMs: z.number().nullable().default(null),
  /**
   * Requests of the phase before that had no answer when it was over: the server may have been at work on them when this phase
   * began. null where the load does not await its answers (awaitsAnswers).
   */
  givenUpBefore: z.number().int().nonnegative().nullable().default(null),
  /** How several load generators kept together; null for one. */
  team: z
    .strictObject({
      generators: z.number().int().min(2),
      /** Generators whose part of the phase is missing. */
      lost: z.number().int().nonnegative(),
      /** Between the first and the last start, by their own clocks. */
      startSpreadMs: z.number().nonnegative(),
      /** The least by which the clocks of their nodes must differ, after what was heard of them; null when not known. */
      clockSkewMs: z.number().nonnegative().nullable(),
      /** The most by which they may differ; null when not known, and in records from before it was looked for. */
      clockSkewMostMs: z.number().nonnegative().nullable().default(null),
    })
    .nullable()
    .default(null),
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

/** The phase in equal windows of time, each with what ended in it; see windows.ts for the coding. */
export const windowSeriesSchema = z.strictObject({
  widthMs: z.number().positive(),
  count: z.number().int().nonnegative(),
  /** Errors, and successes by slot of the histogram, of each window; deflated, base64. */
  data: z.string(),
});
export type WindowSeries = z.infer<typeof windowSeriesSchema>;

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
  /** Absent from records that were written before intervals were computed. */
  windows: windowSeriesSchema.exactOptional(),
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
  z.strictObject({
    seq,
    type: z.literal('failed'),
    reason: z.string(),
    message: z.string(),
    /** What the user can do now; null where the worker knows nothing. */
    nextStep: z.string().nullable().default(null),
  }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
