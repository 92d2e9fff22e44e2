import { throwIfCancelled, type BenchError } from '../../src/core/errors.ts';
import { createLatencyHistogram, encodeHistogram, recordLatency } from '../../src/core/histogram.ts';
import type { PhaseMeasurement } from '../../src/core/load.ts';
import { topologyKey, type Plan, type TopologyPlan } from '../../src/core/plan.ts';
import type {
  DeployProgress,
  Deployment,
  FrontCounters,
  LoadHandlers,
  LoadOutcome,
  LoadRequest,
  Target,
} from '../../src/core/ports.ts';
import type { Environment, Machine } from '../../src/core/record.ts';

/** A target at the engine's outermost port that does what a test says, and writes down what it was asked. */
export class ScriptedTarget implements Target {
  readonly calls: string[] = [];
  readonly cleanUpSignals: AbortSignal[] = [];
  readonly logitOffsets = new Map<string, number>();
  /** Where a topology's model server runs; nowhere in particular unless a test says so. */
  readonly placements = new Map<string, { readonly node: string; readonly gpuProduct: string }>();
  /** Of the cluster, used or not. */
  machines: Machine[] = [];
  provider = 'CPUExecutionProvider';
  /** Of every instance or worker that reports itself. */
  devices = ['cpu'];
  /** How many of the answers that are still owed end between two readings of the counters; all, unless a test says so. */
  answersPerReading: (owed: number) => number = (owed) => owed;
  /** Requests of each phase that time out, beside the others; the server answers them all the same. */
  timeouts = 0;
  /** Whether it answers more than it was sent, without end. */
  restless = false;
  /** Inputs that the hybrid answers as no other topology would, as if its gateway handed them on as they are. */
  readonly handedOn = new Set<string>();
  /** What it says of something that stays when all else was removed. */
  kept: string | undefined;
  readonly #failures: Readonly<Record<string, BenchError>>;

  /** @param failures call to the error it ends with, e.g. "deploy triton" */
  constructor(failures: Readonly<Record<string, BenchError>> = {}) {
    this.#failures = failures;
  }

  async preflight(_plan: Plan, _runId: string, _progress: DeployProgress, signal: AbortSignal): Promise<Environment> {
    throwIfCancelled(signal, 'checking');
    this.#call('preflight');
    return {
      target: 'kubernetes',
      cluster: 'abc',
      serverVersion: 'v1',
      machine: 'test',
      gpuProducts: [],
      driverVersions: [],
      machines: this.machines,
    };
  }

  async deploy(
    _plan: Plan,
    topology: TopologyPlan,
    progress: DeployProgress,
    signal: AbortSignal,
  ): Promise<Deployment> {
    const key = topologyKey(topology);
    throwIfCancelled(signal, 'deploying');
    progress.stage('apply');
    this.#call(`deploy ${key}`);
    let answered = 0;
    let handed = 0;
    const { answersPerReading, restless, timeouts } = this;
    const call = this.#call.bind(this);
    const offset = this.logitOffsets.get(key) ?? 0;
    const { cleanUpSignals, handedOn } = this;
    const place = this.placements.get(key);
    return {
      runtimes: this.devices.map((device) => ({
        component: topology.name === 'fastapi' ? 'fastapi' : 'triton',
        provider: this.provider,
        device,
        runtime: 'onnxruntime',
        runtimeVersion: '1',
        serverVersion: '1',
      })),
      placements:
        place === undefined
          ? []
          : [
              {
                component: topology.name === 'fastapi' ? 'fastapi' : 'triton',
                ...place,
                image: null,
                imageDigest: null,
                pinnedImage: null,
              },
            ],
      readyMs: 5,
      uploadMs: 1,
      networkPolicy: 'not applicable',
      async infer(texts, inferSignal) {
        throwIfCancelled(inferSignal, 'asking');
        call(`infer ${key}`);
        return texts.map((text) => {
          const shift = offset + (handedOn.has(text) ? 0.5 : 0);
          return { label: 'POSITIVE', score: 0.9, logits: [-1 + shift, 1 + shift] };
        });
      },
      async counters() {
        answered += answersPerReading(handed - answered);
        if (!restless) answered = Math.min(handed, answered);
        const triton =
          topology.triton === null
            ? null
            : {
                inferences: answered,
                executions: answered / 2,
                requests: answered,
                successes: answered,
                requestMicroseconds: answered * 700,
                queueMicroseconds: answered * 100,
                computeMicroseconds: answered * 500,
              };
        return { answered, front: frontCounters(topology.name, answered), triton };
      },
      async load(_request: LoadRequest, handlers: LoadHandlers, loadSignal: AbortSignal): Promise<LoadOutcome> {
        handlers.running({ placements: [], caveats: ['made by a script'] });
        for (let index = 0; (await handlers.nextPhase(index)) !== null; index += 1) {
          throwIfCancelled(loadSignal, 'loading');
          if (index === 1) call(`load ${key}`);
          handed += 1004 + timeouts;
          await handlers.phaseEnded(index, measurement(timeouts));
        }
        return { node: 'v24', autocannon: '9' };
      },
      async remove(removeSignal) {
        cleanUpSignals.push(removeSignal);
        call(`remove ${key}`);
      },
    };
  }

  async close(signal: AbortSignal): Promise<string | undefined> {
    this.cleanUpSignals.push(signal);
    this.#call('close');
    return this.kept;
  }

  #call(name: string): void {
    this.calls.push(name);
    const failure = this.#failures[name];
    if (failure !== undefined) throw failure;
  }
}

/** A mean of 1 ms in FastAPI, of 0.9 ms in the gateway. */
function frontCounters(name: TopologyPlan['name'], requests: number): FrontCounters | null {
  switch (name) {
    case 'fastapi':
      return {
        component: 'fastapi',
        requests,
        totalSeconds: requests * 0.001,
        queueSeconds: requests * 0.0002,
        tokenizeSeconds: requests * 0.0001,
        computeSeconds: requests * 0.0005,
      };
    case 'hybrid':
      return {
        component: 'gateway',
        requests,
        totalSeconds: requests * 0.0009,
        deidentifySeconds: requests * 0.00005,
        tritonSeconds: requests * 0.0008,
      };
    case 'triton':
      return null;
  }
}

function histogram(): string {
  const latencies = createLatencyHistogram();
  for (let count = 0; count < 1000; count += 1) recordLatency(latencies, 1 + count / 500);
  return encodeHistogram(latencies);
}

/** 1,000 answered, 4 in flight, in one second, and so many that timed out. */
function measurement(timeouts: number): PhaseMeasurement {
  return {
    window: { startMs: 1_795_365_790_000, endMs: 1_795_365_791_000 },
    requests: { sent: 1004 + timeouts, ok: 1000, errors: timeouts, timeouts, inFlight: 4 },
    errorsByKind: timeouts === 0 ? {} : { timeout: timeouts },
    latency: { p50Ms: 1, p95Ms: 2, p99Ms: 3, maxMs: 4, meanMs: 1.2, samples: 1000 },
    rps: 1000,
    attemptedRps: 1002,
    longestWaitMs: 2,
    histogram: histogram(),
    timeSeries: [],
    schedule: null,
    generator: {
      eventLoopDelayP99Ms: 1,
      stalledMs: 0,
      cpuSeconds: 0.1,
      throttledMs: 0,
      littlesLawResidual: 0.01,
      scheduleDelay: null,
      lateSends: null,
      overheadMs: null,
      connectionsOpened: null,
      clockShiftMs: null,
      givenUpBefore: null,
      team: null,
    },
  };
}
