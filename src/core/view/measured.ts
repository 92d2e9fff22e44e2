import { topologyName } from '../anyPlan.ts';
import type { AnyPlan, AnyTopology } from '../endpointPlan.ts';
import type { RunState } from '../events.ts';
import { isGeneratorBound } from '../generatorBound.ts';
import { gpuUseOf, type GpuUse } from '../gpuUse.ts';
import { nameLoad, type LoadName } from '../phaseLoad.ts';
import type {
  Batching,
  Failure,
  Intervals,
  PhaseResult,
  RunRecord,
  Split,
  TopologyResult,
  Validity,
} from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { usedRepetitions } from '../usedRepetitions.ts';
import { isKnown } from './format.ts';
import { rateRangeOf, type RateRange } from './rateRange.ts';

/** One topology of a run, finished or not: what is known of it so far. */
export interface MeasuredTopology {
  /** See topologyName. */
  readonly key: string;
  readonly topology: AnyTopology;
  readonly status: TopologyResult['status'] | 'queued' | 'running';
  /** Phases that have ended; where topologies are measured repeatedly, each over all its repetitions. */
  readonly phases: readonly PhaseResult[];
  readonly failure: Failure | null;
  /** null until the topology has ended. */
  readonly result: TopologyResult | null;
}

/** A run as far as it has come: the one shape that table, charts, summary and texts are made from. */
export interface Measured {
  readonly plan: AnyPlan;
  readonly topologies: readonly MeasuredTopology[];
  /** null until the run has ended. */
  readonly record: RunRecord | null;
}

/** Numbers of one topology at one level in one of its turns. */
export interface PhaseRepetition {
  /** From 1. */
  readonly repetition: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly rps: number;
  readonly intervals: Intervals | null;
  readonly valid: boolean;
  /** Whether the load generator set the rate, and not the server. */
  readonly generatorBound: boolean;
}

/** Numbers of one topology at one level. */
export interface PhaseRow {
  readonly topology: string;
  /** The phase's name, e.g. "c8". */
  readonly phase: string;
  readonly load: LoadName;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly rps: number;
  /** Of its seconds, over all repetitions used; null where there are too few. */
  readonly secondsRps: RateRange | null;
  /** Requests per second and GPU held; null without a GPU, and where the CPU computed. */
  readonly rpsPerGpu: number | null;
  readonly gpu: GpuUse;
  /** GPUs that the topology holds, all by the one server that runs the model; 0 without. */
  readonly gpus: number;
  readonly errors: number;
  readonly sent: number;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly samples: number;
  readonly batching: Batching | null;
  /** null in records of the time before they were computed. */
  readonly intervals: Intervals | null;
  readonly split: Split | null;
  /** One for each time that this phase was measured, in order. */
  readonly repetitions: readonly PhaseRepetition[];
  /** Repetitions that the plan asks for; of a topology under way, and of a search for a rate, those that there are. */
  readonly planned: number;
  /** Whether the load generator set the rate, and not the server, in one of the repetitions used. */
  readonly generatorBound: boolean;
  readonly validity: Validity;
}

export function measuredRecord(record: RunRecord): Measured {
  return {
    plan: record.plan,
    record,
    topologies: record.topologies.map((result) => ({
      key: topologyName(record.plan, topologyKey(result.topology)),
      topology: result.topology,
      status: result.status,
      phases: result.combined ?? result.phases,
      failure: result.failure,
      result,
    })),
  };
}

/** A run under way; once its record is there, the record's own data. */
export function measuredState(state: RunState): Measured {
  if (state.record !== null) return measuredRecord(state.record);
  return {
    plan: state.plan,
    record: null,
    topologies: state.plan.topologies.flatMap((topology) => {
      const key = topologyKey(topology);
      const known = state.topologies.find((candidate) => candidate.key === key);
      if (known === undefined) return [];
      const status = known.result?.status ?? (known.stage === 'queued' ? 'queued' : 'running');
      const failure = known.result?.failure ?? null;
      return [
        {
          key: topologyName(state.plan, key),
          topology,
          status,
          phases: latestOf(known),
          failure,
          result: known.result,
        },
      ];
    }),
  };
}

/** Of a topology under way that has been measured before, each phase as it was measured last. */
function latestOf({ phases, result }: RunState['topologies'][number]): readonly PhaseResult[] {
  const combined = result?.combined ?? null;
  if (combined !== null) return combined;
  return phases.filter((phase, at) => !phases.slice(at + 1).some((later) => later.name === phase.name));
}

/** The measured phases, in the order of the plan; warm-ups are dropped. */
export function rowsOf(measured: Measured): PhaseRow[] {
  return measured.topologies.flatMap((topology) =>
    topology.phases.filter((phase) => phase.kind === 'measured').map((phase) => rowOf(measured.plan, topology, phase)),
  );
}

/** Levels that were measured, ascending. */
export function levelsOf(rows: readonly PhaseRow[]): LoadName[] {
  const levels = new Map(rows.map(({ load }) => [load.key, load]));
  return [...levels.values()].sort((a, b) => a.order - b.order);
}

/** What there is of a level, by which the one to tell is chosen; counted in topologies. */
export interface LevelStanding {
  readonly level: LoadName;
  /** That have numbers which may be believed. */
  readonly valid: number;
  /** Of these those that have an interval to compare. */
  readonly comparable: number;
  readonly measured: number;
}

/** Ascending. */
export function levelStandings(rows: readonly PhaseRow[]): LevelStanding[] {
  return levelsOf(rows).map((level) => {
    const there = rowsAt(rows, level);
    const valid = there.filter(({ validity }) => validity.valid);
    return {
      level,
      valid: valid.length,
      comparable: valid.filter(hasComparable).length,
      measured: there.length,
    };
  });
}

/**
 * The level that shows most: where most topologies have valid numbers, of those where most of them have an interval to compare,
 * of those where most have numbers, and of those the highest; undefined without rows.
 */
export function tellingLevel(rows: readonly PhaseRow[]): LoadName | undefined {
  const [most] = levelStandings(rows).sort(
    (a, b) =>
      b.valid - a.valid || b.comparable - a.comparable || b.measured - a.measured || b.level.order - a.level.order,
  );
  return most?.level;
}

/** RPS of an open loop is the plan's. */
function hasComparable({ load, intervals }: PhaseRow): boolean {
  return isKnown(intervals?.p95Ms) || (load.closed && isKnown(intervals?.rps));
}

export function rowsAt(rows: readonly PhaseRow[], level: LoadName | undefined): PhaseRow[] {
  return rows.filter((row) => row.load.key === level?.key);
}

/** A topology's measured phase of one level. */
export function phaseAt(topology: MeasuredTopology, level: LoadName): PhaseResult | undefined {
  return topology.phases.find((phase) => phase.kind === 'measured' && nameLoad(phase).key === level.key);
}

function rowOf(plan: AnyPlan, topology: MeasuredTopology, phase: PhaseResult): PhaseRow {
  const { measurement } = phase;
  const gpu = gpuUseOf(plan, topology.result?.runtimes ?? null);
  const gpus = plan.gpu?.count ?? 0;
  const repetitions = repetitionsOf(topology, phase);
  const open = topology.result === null || plan.load.search?.kind === 'slo';
  return {
    topology: topology.key,
    phase: phase.name,
    load: nameLoad(phase),
    p50Ms: measurement.latency.p50Ms,
    p95Ms: measurement.latency.p95Ms,
    p99Ms: measurement.latency.p99Ms,
    rps: measurement.rps,
    secondsRps: rateRangeOf(measurement.timeSeries),
    rpsPerGpu: gpu === 'used' ? measurement.rps / gpus : null,
    gpu,
    gpus,
    errors: measurement.requests.errors,
    sent: measurement.requests.sent,
    errorsByKind: measurement.errorsByKind,
    samples: measurement.latency.samples,
    batching: phase.batching,
    intervals: phase.intervals === 'not yet computed' ? null : phase.intervals,
    split: phase.split,
    repetitions,
    planned: open ? repetitions.length : Math.max(plan.load.repetitions, repetitions.length),
    generatorBound: repetitionsUsed({ repetitions }).some(({ generatorBound }) => generatorBound),
    validity: phase.validity,
  };
}

/** The repetitions that a row's figures are made from: the valid ones, or all where none is. */
export function repetitionsUsed({ repetitions }: Pick<PhaseRow, 'repetitions'>): readonly PhaseRepetition[] {
  return usedRepetitions(repetitions, ({ valid }) => valid);
}

function repetitionsOf({ phases, result }: MeasuredTopology, { name }: PhaseResult): PhaseRepetition[] {
  return (result?.phases ?? phases)
    .filter((phase) => phase.kind === 'measured' && phase.name === name)
    .map(({ repetition, measurement, intervals, validity }) => ({
      repetition,
      p50Ms: measurement.latency.p50Ms,
      p95Ms: measurement.latency.p95Ms,
      rps: measurement.rps,
      intervals: intervals === 'not yet computed' ? null : intervals,
      valid: validity.valid,
      generatorBound: isGeneratorBound({ measurement }),
    }));
}
