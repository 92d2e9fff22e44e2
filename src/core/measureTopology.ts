import type { AnyPlan, AnyTopology } from './endpointPlan.ts';
import { type BenchError, toBenchError } from './errors.ts';
import type { RunEvent } from './events.ts';
import { phaseIntervals } from './intervals.ts';
import type { PhaseMeasurement } from './load.ts';
import { nextPhase } from './loadProgram.ts';
import { inferenceRequestBody } from './openInference.ts';
import { phaseSeed } from './phaseSeed.ts';
import type { Phase } from './plan.ts';
import {
  canBeAsked,
  type LoadGeneratorPlace,
  type LoadOutcome,
  type Ports,
  type Served,
  type ServerCounters,
} from './ports.ts';
import type { Batching, PhaseResult, Placement } from './record.ts';
import { judgeCounters } from './counterValidity.ts';
import { splitCaveats, splitOf } from './split.ts';
import { topologyKey } from './topologyKey.ts';
import { judgePhase, unevenCores } from './validity.ts';

export interface TopologyMeasurement {
  readonly phases: readonly PhaseResult[];
  readonly placements: readonly Placement[];
  readonly software: LoadOutcome | undefined;
  /** What ended the load early; the phases before it hold. */
  readonly failure: BenchError | undefined;
}

/** How long a server that has answered all that it owes may take until its counters stand still. */
const quiesceMs = 5_000;
const betweenReadingsMs = 150;

/** What a server still owes when a phase has ended. */
interface Debt {
  /** Its count of answers when it has given them all. */
  readonly answered: number;
  /** When every request has run into its timeout, by the steady clock. */
  readonly untilMs: number;
}

/**
 * Loads one topology that is up, or an endpoint: each phase of the plan, with the servers' own counters read before and after
 * it where they can be, when nothing is in flight, so that each count belongs to one phase.
 */
export async function measureTopology(parts: {
  plan: AnyPlan;
  topology: AnyTopology;
  /** From 1. */
  repetition: number;
  served: Served;
  ports: Pick<Ports, 'payload' | 'clock'>;
  emit: (event: RunEvent) => void;
  warn: (message: string) => void;
  signal: AbortSignal;
}): Promise<TopologyMeasurement> {
  const { plan, repetition, served, ports, emit, warn, signal } = parts;
  const key = topologyKey(parts.topology);
  const phases: PhaseResult[] = [];
  // On a GPU the cores only feed it.
  const uneven = plan.gpu === null ? unevenCores(parts.topology) : undefined;
  const ownCaveats = uneven === undefined ? [] : [uneven];
  let place: LoadGeneratorPlace = { placements: [], caveats: [] };
  let before: ServerCounters | undefined;
  let debt: Debt | undefined;
  let startsBusy = false;
  let current: Phase | undefined;
  try {
    const software = await served.load(
      {
        bodies: ports.payload.texts.map((entry) => inferenceRequestBody([entry.text])),
        seed: plan.load.seed,
        timeoutMs: plan.load.timeoutMs,
      },
      {
        running(where) {
          place = where;
        },
        async nextPhase(index) {
          const planned = nextPhase(plan.load, phases);
          if (planned === null) return null;
          const phase = { ...planned, seed: phaseSeed(plan.load.seed, repetition, index) };
          current = phase;
          if (before === undefined) {
            before = await settledCounters(debt);
            startsBusy = before === undefined && index > 0 && canBeAsked(served);
          } else startsBusy = false;
          emit({ type: 'stage', topology: key, stage: phase.kind === 'warm-up' ? 'warm-up' : 'load' });
          emit({ type: 'phase-started', topology: key, phase: index, repetition, load: phase });
          return phase;
        },
        async phaseEnded(index, measurement) {
          // What was owed before is still owed where nobody saw it paid.
          const answeredBefore = before?.answered ?? debt?.answered;
          debt =
            answeredBefore === undefined
              ? undefined
              : { answered: answeredBefore + owed(measurement), untilMs: ports.clock.elapsed() + plan.load.timeoutMs };
          const after = await settledCounters(debt);
          if (current === undefined)
            throw new Error(`The load worker ended phase ${String(index)}, which nobody began.`);
          const counted = phaseResult(plan, { ...current, repetition }, measurement, before, after);
          const { reasons, caveats } = canBeAsked(served)
            ? judgeCounters(counted, parts.topology, startsBusy)
            : { reasons: [], caveats: [] };
          const result = withWords(counted, reasons, [
            ...place.caveats,
            ...ownCaveats,
            ...splitCaveats(counted),
            ...caveats,
          ]);
          before = after;
          phases.push(result);
          emit({ type: 'phase-ended', topology: key, phase: index, result });
        },
        snapshot(index, snapshot) {
          emit({ type: 'phase-snapshot', topology: key, phase: index, snapshot });
        },
        warning: warn,
      },
      signal,
    );
    emit({ type: 'stage', topology: key, stage: 'collect' });
    return { phases, placements: place.placements, software, failure: undefined };
  } catch (error) {
    const failure = toBenchError(error, `loading ${key}`);
    return { phases, placements: place.placements, software: undefined, failure };
  }

  /**
   * The counters when nothing is in flight any more: two equal readings in a row, and as many answers as the server owes.
   * A batch under way moves no counter before it ends, so that equal readings alone prove nothing. An answer that is
   * still owed when every request has run into its timeout will not come.
   * @returns undefined where the counters could not be read or did not come to rest
   */
  async function settledCounters(owes: Debt | undefined): Promise<ServerCounters | undefined> {
    if (!canBeAsked(served)) return undefined;
    const begin = ports.clock.elapsed();
    const owedUntil = Math.max(begin, owes?.untilMs ?? begin);
    try {
      let last = await served.counters(signal);
      for (;;) {
        await ports.clock.sleep(betweenReadingsMs, signal);
        const next = await served.counters(signal);
        const now = ports.clock.elapsed();
        const complete = owes === undefined || next.answered >= owes.answered || now > owedUntil;
        if (complete && sameCounts(last, next)) return next;
        if (now > owedUntil + quiesceMs) {
          warn(
            `${key} was still answering ${((now - begin) / 1000).toFixed(1)} s after a phase ended; its counters were left out.`,
          );
          return undefined;
        }
        last = next;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      warn(`The counters of ${key} could not be read: ${toBenchError(error, 'reading them').message}`);
      return undefined;
    }
  }
}

/**
 * Answers that the server has given or may still give: one to a request that timed out comes late, and would pass for one that is
 * owed to another. A request that failed otherwise without an answer may never have reached the server.
 */
function owed({ requests, errorsByKind }: PhaseMeasurement): number {
  const unanswered = Object.entries(errorsByKind)
    .filter(([kind]) => !kind.startsWith('HTTP '))
    .reduce((sum, [, count]) => sum + count, 0);
  return requests.sent - unanswered + requests.timeouts;
}

function sameCounts(a: ServerCounters, b: ServerCounters): boolean {
  return (
    a.answered === b.answered &&
    a.front?.requests === b.front?.requests &&
    a.triton?.inferences === b.triton?.inferences
  );
}

function phaseResult(
  plan: AnyPlan,
  phase: Phase & Pick<PhaseResult, 'repetition'>,
  measurement: PhaseMeasurement,
  before: ServerCounters | undefined,
  after: ServerCounters | undefined,
): PhaseResult {
  const serverCount = before !== undefined && after !== undefined ? after.answered - before.answered : null;
  return {
    ...phase,
    measurement,
    serverCount,
    batching: batchingOf(before, after),
    split: before === undefined || after === undefined ? null : splitOf(measurement.latency, before, after),
    intervals: phaseIntervals(measurement),
    validity: judgePhase({ phase, measurement, serverCount, load: plan.load, target: plan.target.kind }),
  };
}

/** Deltas of Triton's counters, as it documents them: inferences over executions is the mean batch that ran. */
function batchingOf(before: ServerCounters | undefined, after: ServerCounters | undefined): Batching | null {
  const from = before?.triton ?? null;
  const to = after?.triton ?? null;
  if (from === null || to === null) return null;
  const inferences = to.inferences - from.inferences;
  const executions = to.executions - from.executions;
  // Triton adds nothing else to its durations.
  const successes = to.successes - from.successes;
  const perRequestMs = (microseconds: number): number | null =>
    successes > 0 ? microseconds / successes / 1000 : null;
  return {
    inferences,
    executions,
    meanBatchSize: executions > 0 ? inferences / executions : null,
    queueMsPerRequest: perRequestMs(to.queueMicroseconds - from.queueMicroseconds),
    computeMsPerRequest: perRequestMs(to.computeMicroseconds - from.computeMicroseconds),
  };
}

function withWords(phase: PhaseResult, reasons: readonly string[], caveats: readonly string[]): PhaseResult {
  const { validity } = phase;
  return {
    ...phase,
    validity: {
      valid: validity.valid && reasons.length === 0,
      reasons: [...validity.reasons, ...reasons],
      caveats: [...validity.caveats, ...caveats],
    },
  };
}
