import type { AnyPlan } from './endpointPlan.ts';
import type { PhaseSnapshot } from './load.ts';
import type { Phase } from './plan.ts';
import type { Failure, PhaseResult, RunRecord, TopologyResult } from './record.ts';
import { topologyKey } from './topologyKey.ts';

/** Where a run, or one topology of it, is. */
export type Stage =
  'preflight' | 'apply' | 'upload' | 'wait' | 'answers' | 'warm-up' | 'load' | 'collect' | 'delete' | 'save' | 'ended';

/** Everything that happens in a run. `topology` is a topology's key (see topologyKey). */
export type RunEvent =
  | { readonly type: 'run-started'; readonly id: string; readonly at: string; readonly plan: AnyPlan }
  | { readonly type: 'stage'; readonly topology: string | null; readonly stage: Stage }
  /** What is waited for, in the cluster's own words; replaces the one before. */
  | { readonly type: 'status'; readonly topology: string | null; readonly message: string }
  | { readonly type: 'upload'; readonly topology: string; readonly sentBytes: number; readonly totalBytes: number }
  /** `phase` counts from 0 over the load of this deployment. */
  | {
      readonly type: 'phase-started';
      readonly topology: string;
      readonly phase: number;
      readonly repetition: number;
      readonly load: Phase;
    }
  | {
      readonly type: 'phase-snapshot';
      readonly topology: string;
      readonly phase: number;
      readonly snapshot: PhaseSnapshot;
    }
  | { readonly type: 'phase-ended'; readonly topology: string; readonly phase: number; readonly result: PhaseResult }
  /** This topology was measured and removed, and its turn comes again. */
  | { readonly type: 'repetition-ended'; readonly topology: string }
  | { readonly type: 'topology-ended'; readonly topology: string; readonly result: TopologyResult }
  | { readonly type: 'warning'; readonly message: string }
  /** The measurement is complete; it is saved and cleaned up after. */
  | { readonly type: 'run-ended'; readonly record: RunRecord }
  /** Nothing more comes. `failure` is set when there is no record, or when it could not be saved. */
  | { readonly type: 'run-closed'; readonly failure: Failure | null };

export interface PhaseUnderWay {
  /** From 0, over the load of one deployment. */
  readonly index: number;
  /** From 1. */
  readonly repetition: number;
  readonly load: Phase;
}

export interface TopologyState {
  readonly key: string;
  readonly stage: Stage | 'queued';
  readonly message: string;
  readonly upload: { readonly sentBytes: number; readonly totalBytes: number } | null;
  /** The phase under way; null outside load. */
  readonly phase: PhaseUnderWay | null;
  readonly snapshot: PhaseSnapshot | null;
  readonly phases: readonly PhaseResult[];
  readonly result: TopologyResult | null;
}

/** What the tree, the lens, the panel and the command line show of a run. Plain JSON. */
export interface RunState {
  readonly id: string;
  readonly startedAt: string;
  readonly plan: AnyPlan;
  readonly stage: Stage;
  readonly message: string;
  readonly topologies: readonly TopologyState[];
  readonly warnings: readonly string[];
  readonly record: RunRecord | null;
  readonly failure: Failure | null;
}

/** The state of a run that has just begun. */
export function startState(event: Extract<RunEvent, { type: 'run-started' }>): RunState {
  return {
    id: event.id,
    startedAt: event.at,
    plan: event.plan,
    stage: 'preflight',
    message: '',
    topologies: event.plan.topologies.map((topology) => ({
      key: topologyKey(topology),
      stage: 'queued',
      message: '',
      upload: null,
      phase: null,
      snapshot: null,
      phases: [],
      result: null,
    })),
    warnings: [],
    record: null,
    failure: null,
  };
}

/** The state after one more event: the one source of what tree, lens, panel and command line show. */
export function reduce(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'run-started':
      return startState(event);
    case 'stage':
      return event.topology === null
        ? { ...state, stage: event.stage, message: '' }
        : {
            ...withTopology(state, event.topology, { stage: event.stage, message: '' }),
            stage: event.stage,
            message: '',
          };
    case 'status':
      return event.topology === null
        ? { ...state, message: event.message }
        : { ...withTopology(state, event.topology, { message: event.message }), message: event.message };
    case 'upload':
      return withTopology(state, event.topology, {
        upload: { sentBytes: event.sentBytes, totalBytes: event.totalBytes },
      });
    case 'phase-started':
      return withTopology(state, event.topology, {
        phase: { index: event.phase, repetition: event.repetition, load: event.load },
        snapshot: null,
      });
    case 'phase-snapshot':
      return withTopology(state, event.topology, { snapshot: event.snapshot });
    case 'phase-ended': {
      const before = state.topologies.find((topology) => topology.key === event.topology)?.phases ?? [];
      return withTopology(state, event.topology, { snapshot: null, phases: [...before, event.result] });
    }
    case 'repetition-ended':
      return withTopology(state, event.topology, {
        stage: 'queued',
        message: '',
        upload: null,
        phase: null,
        snapshot: null,
      });
    case 'topology-ended':
      return withTopology(state, event.topology, {
        stage: 'ended',
        message: event.result.failure?.message ?? '',
        phase: null,
        snapshot: null,
        phases: event.result.phases,
        result: event.result,
      });
    case 'warning':
      return { ...state, warnings: [...state.warnings, event.message] };
    case 'run-ended':
      return { ...state, stage: 'save', message: '', record: event.record };
    case 'run-closed':
      return { ...state, stage: 'ended', message: event.failure?.message ?? '', failure: event.failure };
  }
}

function withTopology(state: RunState, key: string, change: Partial<TopologyState>): RunState {
  return {
    ...state,
    topologies: state.topologies.map((topology) => (topology.key === key ? { ...topology, ...change } : topology)),
  };
}
