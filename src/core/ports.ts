import type { AnyPlan } from './endpointPlan.ts';
import type { LoadSpec, PhaseMeasurement, PhaseSnapshot } from './load.ts';
import type { Phase, Plan } from './plan.ts';
import type {
  Environment,
  Machine,
  ModelConfig,
  Placement,
  RunRecord,
  RuntimeReport,
  TopologyResult,
} from './record.ts';

/** What the engine needs from the world. */

export interface Clock {
  /** Unix time in milliseconds, for moments alone: this clock may be set at any time, forwards or backwards. */
  now(): number;
  /** Milliseconds since some moment, by a steady clock that nobody can set: what lengths and waits go by. */
  elapsed(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The texts sent as load: the same for every topology; of an endpoint, which has bodies of its own, there are none. */
export interface Payload {
  readonly name: string;
  readonly sha256: string;
  readonly texts: readonly {
    readonly text: string;
    /** Whether it holds made-up identifiers. */
    readonly identifiers: boolean;
    /** What the gateway makes of it; given for the few texts by which de-identification is checked. */
    readonly deidentified?: string;
  }[];
}

export interface DeployProgress {
  stage(stage: 'apply' | 'upload' | 'wait'): void;
  /** What is waited for, in the cluster's own words. */
  status(message: string): void;
  upload(sentBytes: number, totalBytes: number): void;
  warning(message: string): void;
}

/** One answer of the model; logits of shape [labels]. */
export interface Answer {
  readonly label: string;
  readonly score: number;
  readonly logits: readonly number[];
}

/** Cumulative since the server started, summed over its workers. */
export interface ServerCounters {
  /** Inference requests answered, whatever the status. */
  readonly answered: number;
  /** null for Triton alone. */
  readonly front: FrontCounters | null;
  readonly triton: TritonCounters | null;
}

/** What FastAPI or the gateway says of its own time: sums over the inference requests that it answered with 200. */
export type FrontCounters = {
  /** How many requests the sums are of. */
  readonly requests: number;
  /** From the server's first sight of a request to its answer's last byte. */
  readonly totalSeconds: number;
} & (
  | {
      readonly component: 'fastapi';
      /** Waiting for the inference thread. */
      readonly queueSeconds: number;
      readonly tokenizeSeconds: number;
      readonly computeSeconds: number;
    }
  | {
      readonly component: 'gateway';
      readonly deidentifySeconds: number;
      /** The gRPC call, with all that Triton does in it. */
      readonly tritonSeconds: number;
    }
);

/** Triton's own counters of one model; its durations are sums over its successes. */
export interface TritonCounters {
  readonly inferences: number;
  readonly executions: number;
  /** Successes and failures. */
  readonly requests: number;
  /** What Triton counts as one: its Python backend does so too for a request that the model refused. */
  readonly successes: number;
  /** From Triton's taking a request in to its end; queue and compute are inside it. */
  readonly requestMicroseconds: number;
  readonly queueMicroseconds: number;
  /** Input, inference and output; each request of a batch counts the whole batch's time. */
  readonly computeMicroseconds: number;
}

/** Where the load generator runs. */
export interface LoadGeneratorPlace {
  readonly placements: readonly Placement[];
  /** Of the vantage, e.g. "the load generator shared the server's node". */
  readonly caveats: readonly string[];
}

export interface PhaseHandlers {
  /** Called before each phase, counted from 0: the phase starts when the promise resolves; with null the load is complete. */
  nextPhase(index: number): Promise<Phase | null>;
  /** Called when a phase has ended, before the next one's `nextPhase`. */
  phaseEnded(phase: number, measurement: PhaseMeasurement): Promise<void>;
  snapshot(phase: number, snapshot: PhaseSnapshot): void;
  /** Something to tell the user that does not end the load, e.g. a dropped log stream. */
  warning(message: string): void;
}

export interface LoadHandlers extends PhaseHandlers {
  /** Called once, before the first phase: it holds for every phase, also for those before a failure. */
  running(place: LoadGeneratorPlace): void;
}

/** What a load needs to know that the deployment does not: it adds the url, headers and gate, an endpoint its bodies too. */
export type LoadRequest = Pick<LoadSpec, 'bodies' | 'seed' | 'timeoutMs'>;

/**
 * Runs load workers on this machine. Resolves when all phases have ended. Rejects with `cancelled` within a second of
 * the signal's abort, or within five of this process's running time where the worker does not answer, with `load-failed` otherwise. `environment` is given to the worker (for secretHeader).
 */
export interface LoadDriver {
  run(
    spec: LoadSpec,
    environment: Readonly<Record<string, string>>,
    handlers: PhaseHandlers,
    signal: AbortSignal,
  ): Promise<LoadOutcome>;
}

/** What load can be put on: a topology that is up, or an endpoint that was there already. */
export interface Served {
  readonly runtimes: readonly RuntimeReport[];
  readonly placements: readonly Placement[];
  /** null for what was there already. */
  readonly readyMs: number | null;
  readonly uploadMs: number | null;
  readonly networkPolicy: TopologyResult['networkPolicy'];
  load(request: LoadRequest, handlers: LoadHandlers, signal: AbortSignal): Promise<LoadOutcome>;
  /** Ends what runs and frees its GPU. Idempotent; its signal is the clean-up's own. */
  remove(signal: AbortSignal): Promise<void>;
}

/** A topology that is up: we know what it serves, and its servers can be asked. */
export interface Deployment extends Served {
  readonly readyMs: number;
  /** Asks the model for its answer to each text, one request of one row each, through the same door as the load. */
  infer(texts: readonly string[], signal: AbortSignal): Promise<Answer[]>;
  /** Asks every server of the topology, Triton's through a port-forward where only the gateway may reach it. */
  counters(signal: AbortSignal): Promise<ServerCounters>;
}

/** An endpoint's answers have no known form, and its counters no known place. */
export function canBeAsked(served: Served): served is Deployment {
  return 'infer' in served && 'counters' in served;
}

/** Versions of what made the load. */
export interface LoadOutcome {
  readonly node: string;
  readonly autocannon: string;
}

/** Where a plan is carried out. One Target serves one run, of the kind of plan that it is for. */
export interface Target<Run extends AnyPlan = Plan, Up extends Served = Deployment> {
  /**
   * Checks everything that can be checked before anything is made; rejects with what is wrong. Of the machines it names all
   * that may be used.
   */
  preflight(plan: Run, runId: string, progress: DeployProgress, signal: AbortSignal): Promise<Environment>;
  /** Resolves when the topology answers its readiness probe. On failure or cancel nothing is left to the caller: `close` collects it. */
  deploy(plan: Run, topology: Run['topologies'][number], progress: DeployProgress, signal: AbortSignal): Promise<Up>;
  /**
   * Removes everything the run made. Idempotent; its signal is the clean-up's own. Rejects with what is left and how to remove it.
   * @returns why something that the run made stays on purpose, for the user; undefined where nothing does
   */
  close(signal: AbortSignal): Promise<string | undefined>;
}

/** Run records, kept. */
export interface Runs {
  save(record: RunRecord): Promise<void>;
}

/** What a record says of where its plan comes from, and what the plan does not hold. */
export interface Origin {
  /** null for a model without one. */
  readonly modelConfig: ModelConfig | null;
  /** Id of the run whose plan is carried out again. */
  readonly repeats: string | null;
  /** See RunRecord's software; null where nothing of ours is deployed. */
  readonly servingSha256: string | null;
}

/** Everything `benchmark` needs from the world. */
export interface Ports<Run extends AnyPlan = Plan> {
  readonly target: Target<Run, Served>;
  readonly runs: Runs;
  readonly payload: Payload;
  readonly clock: Clock;
  /** SHA-256 of the text's UTF-8, in hex. */
  sha256(text: string): string;
  /** Version of this program. */
  readonly version: string;
  readonly origin: Origin;
  /** What this program itself runs on. */
  readonly thisMachine: Machine;
}
