import { createLatencyHistogram, encodeHistogram, latencyOf, recordLatency } from '../../src/core/histogram.ts';
import { withoutTag } from '../../src/core/images.ts';
import { phaseIntervals } from '../../src/core/intervals.ts';
import type { PhaseMeasurement } from '../../src/core/load.ts';
import { phaseSeed } from '../../src/core/phaseSeed.ts';
import { checkPlan, makePlan } from '../../src/core/planning.ts';
import type { Phase, Plan, TopologyPlan } from '../../src/core/plan.ts';
import type { FrontCounters, ServerCounters } from '../../src/core/ports.ts';
import {
  runRecordSchema,
  type PhaseResult,
  type Placement,
  type RunRecord,
  type RuntimeReport,
  type TopologyResult,
} from '../../src/core/record.ts';
import { deployedPlan } from '../../src/core/repeat.ts';
import { splitOf } from '../../src/core/split.ts';
import { judgePhase } from '../../src/core/validity.ts';
import { encodeWindows } from '../../src/core/windows.ts';
import { createWindowRecorder } from '../../src/load/windowRecorder.ts';
import { choices } from './choices.ts';
import { sampleMachine, sampleNode, sampleOrigin } from './origin.ts';

/**
 * Made-up run records: SAMPLES for tests and screenshots, measured by nobody. The numbers come from a small model of
 * a queue and a seeded generator, so that they are the same each time; the schema and the rules of validity are the real ones.
 */

export interface SampleOptions {
  readonly plan?: Plan;
  /** Changes one topology's result after it was made, by topology name. */
  readonly change?: (result: DeployedResult) => TopologyResult;
  readonly record?: Partial<RunRecord>;
}

/** A completed quick run of all three topologies on a cluster with a GPU. */
export function sampleRecord(options: SampleOptions = {}): RunRecord & { plan: Plan } {
  const plan = options.plan ?? samplePlan();
  const topologies = plan.topologies.map((topology) => {
    const result = sampleResult(plan, topology);
    return options.change?.(result) ?? result;
  });
  const local = plan.target.kind === 'local';
  const record = runRecordSchema.parse({
    version: 1,
    id: '20260102-093000-5a3e',
    repeats: null,
    startedAt: '2026-01-02T09:30:00.000Z',
    endedAt: '2026-01-02T09:34:12.000Z',
    status: 'completed',
    plan,
    planSha256: 'd'.repeat(64),
    modelConfig: sampleOrigin.origin.modelConfig,
    software: { topologyBench: '0.1.0', node: '24.21.0', autocannon: '9.0.0', servingSha256: 'f'.repeat(64) },
    environment: {
      target: plan.target.kind,
      cluster: local ? null : 'a1b2c3d4',
      serverVersion: local ? null : 'v1.34.1',
      machine: 'linux x64, 8 cores',
      gpuProducts: plan.gpu === null ? [] : ['Tesla-T4'],
      driverVersions: plan.gpu === null ? [] : ['580.65.06'],
      machines: local ? [sampleMachine] : [sampleNode, { ...sampleNode, node: 'cpu-node-2' }],
    },
    sameAnswers: {
      verdict: 'agreed',
      detail: '3 topologies gave the same answers to 8 fixed inputs without identifiers',
    },
    topologies,
    warnings: [],
    failure: null,
    ...options.record,
  } satisfies RunRecord);
  return { ...record, plan: deployedPlan(record) };
}

export function samplePlan(change: Partial<Plan> = {}): Plan {
  const plan = makePlan({
    ...choices,
    payload: { ...choices.payload, name: 'clinical-sentences (sample)' },
    gpu: { resource: 'nvidia.com/gpu', count: 1, nodeSelector: {}, tolerations: [], runtimeClassName: null },
  });
  return checkPlan({ ...plan, ...change });
}

/** As a run on a laptop would be: no GPU, no cluster. */
export function sampleLocalPlan(): Plan {
  return makePlan({ ...choices, target: { kind: 'local' } });
}

/** One topology loses its numbers: as a pod that died under load would leave it. */
export function failedResult(result: TopologyResult, status: 'failed' | 'cancelled' = 'failed'): TopologyResult {
  return {
    ...result,
    status,
    phases: [],
    failure:
      status === 'failed'
        ? {
            reason: 'pod-failed',
            message: `${result.topology.name} ended while it was waited for: OOMKilled (exit code 137), last log line "loading model".`,
            nextStep: 'Raise the memory of the topology in the plan and start again.',
          }
        : { reason: 'cancelled', message: `Cancelled while loading ${result.topology.name}.`, nextStep: null },
  };
}

/** Of a topology that was deployed. */
export type DeployedResult = TopologyResult & { readonly topology: TopologyPlan };

export function sampleResult(plan: Plan, topology: TopologyPlan): DeployedResult {
  return {
    topology,
    status: 'completed',
    runtimes: runtimesOf(plan, topology),
    placements: plan.target.kind === 'local' ? [] : placementsOf(plan, topology),
    readyMs: { fastapi: 14_200, triton: 31_900, hybrid: 36_400 }[topology.name],
    uploadMs: 820,
    networkPolicy: topology.name === 'hybrid' && plan.target.kind === 'kubernetes' ? 'enforced' : 'not applicable',
    phases: plan.load.phases.map((phase, index) => samplePhase(plan, topology, phase, index)),
    combined: null,
    searches: [],
    failure: null,
  };
}

export function samplePhase(plan: Plan, topology: TopologyPlan, phase: Phase, index: number): PhaseResult {
  const measurement = sampleMeasurement(topology, phase, index);
  const serverCount = measurement.requests.ok + measurement.requests.inFlight;
  const meanBatchSize = Math.min(16, Math.max(1, concurrencyOf(phase) * 0.38));
  const before = sampleCounters(topology, phase, measurement, 0);
  const after = sampleCounters(topology, phase, measurement, serverCount);
  return {
    ...phase,
    seed: phaseSeed(plan.load.seed, 1, index),
    repetition: 1,
    measurement,
    serverCount,
    batching:
      after.triton === null
        ? null
        : {
            inferences: serverCount,
            executions: Math.ceil(serverCount / meanBatchSize),
            meanBatchSize: serverCount / Math.ceil(serverCount / meanBatchSize),
            queueMsPerRequest: after.triton.queueMicroseconds / serverCount / 1000,
            computeMsPerRequest: after.triton.computeMicroseconds / serverCount / 1000,
          },
    split: splitOf(measurement.latency, before, after),
    intervals: phaseIntervals(measurement),
    validity: judgePhase({ phase, measurement, serverCount, load: plan.load, target: plan.target.kind }),
  };
}

/** What the servers would count over `requests`: a little less than the client's mean, and all that is not work is waiting. */
function sampleCounters(
  topology: TopologyPlan,
  phase: Phase,
  { latency }: PhaseMeasurement,
  requests: number,
): ServerCounters {
  const servedMs = (latency.meanMs ?? 0) * 0.95;
  const ofAll = (meanMs: number): number => (requests * meanMs) / 1000;
  if (topology.name === 'fastapi') {
    const [tokenizeMs, computeMs, otherMs] = [0.3, 2.4, 0.45];
    const front: FrontCounters = {
      component: 'fastapi',
      requests,
      totalSeconds: ofAll(servedMs),
      queueSeconds: ofAll(servedMs - tokenizeMs - computeMs - otherMs),
      tokenizeSeconds: ofAll(tokenizeMs),
      computeSeconds: ofAll(computeMs),
    };
    return { answered: requests, front, triton: null };
  }
  const [ownMs, toTritonMs] = topology.name === 'hybrid' ? [0.95, 0.4] : [0, 0];
  const tritonMs = servedMs - ownMs - toTritonMs;
  const computeMs = 2.9 + concurrencyOf(phase) * 0.2;
  const triton = {
    inferences: requests,
    executions: requests,
    requests,
    successes: requests,
    requestMicroseconds: requests * tritonMs * 1000,
    queueMicroseconds: requests * (tritonMs - computeMs - 0.05) * 1000,
    computeMicroseconds: requests * computeMs * 1000,
  };
  if (topology.name === 'triton') return { answered: requests, front: null, triton };
  const front: FrontCounters = {
    component: 'gateway',
    requests,
    totalSeconds: ofAll(servedMs),
    deidentifySeconds: ofAll(0.31),
    tritonSeconds: ofAll(servedMs - ownMs),
  };
  return { answered: requests, front, triton };
}

/** Milliseconds that a request takes alone, the highest rate, and how far the tail reaches. */
const shapes = {
  fastapi: { aloneMs: 3.1, capacityRps: 447, spread: 0.32 },
  triton: { aloneMs: 4.2, capacityRps: 918, spread: 0.2 },
  hybrid: { aloneMs: 5.6, capacityRps: 731, spread: 0.25 },
} as const;

function sampleMeasurement(topology: TopologyPlan, phase: Phase, index: number): PhaseMeasurement {
  const { aloneMs, capacityRps, spread } = shapes[topology.name];
  const random = seeded(index * 31 + topology.name.length * 7 + topology.variant.length);
  // A closed loop: the slower of "each connection waits for its answer" and "the server has no more".
  const concurrency = concurrencyOf(phase);
  const alone = concurrency / (aloneMs / 1000);
  const rate = 1 / (1 / alone ** 3 + 1 / capacityRps ** 3) ** (1 / 3);
  const meanMs = (concurrency / rate) * 1000;
  const count = Math.round(rate * phase.durationSeconds);
  const sent = count + concurrency;
  const histogram = createLatencyHistogram();
  const place = seeded(index * 13 + topology.name.length);
  const windows = createWindowRecorder(phase.durationSeconds);
  const middle = Math.log(meanMs) - spread ** 2 / 2;
  for (let sample = 0; sample < count; sample += 1) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const latencyMs = Math.exp(middle + spread * normal);
    recordLatency(histogram, latencyMs);
    windows.succeeded(place() * phase.durationSeconds * 1000, latencyMs);
  }
  const seconds = Math.floor(phase.durationSeconds);
  const startMs = Date.parse('2026-01-02T09:31:00.000Z') + index * 6000;
  return {
    window: { startMs, endMs: startMs + phase.durationSeconds * 1000 },
    requests: { sent, ok: count, errors: 0, timeouts: 0, inFlight: concurrency },
    errorsByKind: {},
    latency: latencyOf(histogram),
    rps: count / phase.durationSeconds,
    attemptedRps: sent / phase.durationSeconds,
    longestWaitMs: 2,
    histogram: encodeHistogram(histogram),
    windows: encodeWindows(windows.finish(phase.durationSeconds * 1000)),
    timeSeries: Array.from({ length: seconds }, (_, at) => ({
      second: at + 1,
      ok: Math.round(rate * (0.97 + 0.06 * random())),
      errors: 0,
      p50Ms: meanMs * (0.97 + 0.04 * random()),
      p95Ms: meanMs * (1.3 + 0.2 * random()),
    })),
    generator: {
      eventLoopDelayP99Ms: 1.4,
      stalledMs: 0,
      cpuSeconds: phase.durationSeconds * 0.3,
      throttledMs: 0,
      littlesLawResidual: 0.004,
      scheduleDelay: phase.loop === 'open' ? { p50Ms: 0.01, p99Ms: 0.3, maxMs: 1.2 } : null,
      lateSends: phase.loop === 'open' ? 0 : null,
      overheadMs: phase.kind === 'measured' ? { p50: 0.12, p95: 0.21 } : null,
      connectionsOpened: null,
      clockShiftMs: null,
      givenUpBefore: null,
      team: null,
    },
    schedule: phase.loop === 'open' ? { scheduled: sent, late: 0, unsent: 0 } : null,
  };
}

/** Requests that are in the system at a time; of an open loop at 10 ms each. */
function concurrencyOf(phase: Phase): number {
  return phase.loop === 'closed' ? phase.connections : Math.max(1, Math.round(phase.ratePerSecond / 100));
}

function runtimesOf(plan: Plan, topology: TopologyPlan): RuntimeReport[] {
  const gpu = plan.gpu !== null && !plan.allowCpuProvider;
  const runtime = (component: RuntimeReport['component'], serverVersion: string): RuntimeReport => ({
    component,
    provider: component === 'gateway' ? 'none' : gpu ? 'CUDAExecutionProvider' : 'CPUExecutionProvider',
    device: component === 'gateway' ? 'none' : gpu ? 'Tesla T4' : 'CPU',
    runtime: component === 'gateway' ? 'none' : 'ONNX Runtime',
    runtimeVersion: component === 'gateway' ? '' : '1.23.2',
    serverVersion,
  });
  if (topology.name === 'fastapi') return [runtime('fastapi', 'FastAPI 0.121')];
  const triton = runtime('triton', 'Triton 2.62');
  return topology.name === 'triton' ? [triton] : [runtime('gateway', 'FastAPI 0.121'), triton];
}

function placementsOf(plan: Plan, topology: TopologyPlan): Placement[] {
  const components = { fastapi: ['fastapi'], triton: ['triton'], hybrid: ['gateway', 'triton'] } as const;
  const serverDigest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  const loadDigest = `sha256:${'fedcba9876543210'.repeat(4)}`;
  const servers: Placement[] = components[topology.name].map((component) => {
    const image = component === 'triton' ? plan.images.triton : plan.images.server;
    return {
      component,
      node: 'gpu-node-1',
      gpuProduct: plan.gpu === null || component === 'gateway' ? null : 'Tesla-T4',
      image,
      imageDigest: serverDigest,
      pinnedImage: `${withoutTag(image)}@${serverDigest}`,
    };
  });
  return [
    ...servers,
    {
      component: 'load',
      node: 'cpu-node-2',
      gpuProduct: null,
      image: plan.images.loadGenerator,
      imageDigest: loadDigest,
      pinnedImage: `${withoutTag(plan.images.loadGenerator)}@${loadDigest}`,
    },
  ];
}

/** mulberry32: the same numbers on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
