import type { RunState, Stage, TopologyState } from '../events.ts';
import type { GpuPrice } from '../gpuPrice.ts';
import { estimateSeconds, usualLoadSeconds } from '../loadLength.ts';
import { nameLoad } from '../phaseLoad.ts';
import type { Phase } from '../plan.ts';
import { failureGist } from './failureText.ts';
import { formatBytes, formatClock, formatMs, formatRps } from './format.ts';
import { gpuTimeSoFar } from './gpuTime.ts';
import { waitingWords } from './waitingWords.ts';

/** A run under way, as it is shown each second. */
export interface LiveView {
  /** What happens now, e.g. "Measuring triton at 8 connections". */
  readonly title: string;
  /** "Topology 2 of 3, phase 4 of 7"; empty before and after the topologies. */
  readonly position: string;
  /** What is waited for, in the cluster's own words; empty when nothing is. */
  readonly waiting: string;
  readonly elapsed: string;
  /** e.g. "about 1:10 left", with what that leaves out. */
  readonly remaining: string;
  /** What GPUs are held for, and its price where one is known; empty without GPUs. */
  readonly gpuTime: string;
  /** Changes with stage and phase alone: what a screen reader is told. */
  readonly announcement: string;
  readonly topologies: readonly LiveTopology[];
  readonly warnings: readonly string[];
}

export interface LiveTopology {
  readonly key: string;
  readonly state: 'queued' | 'active' | 'done' | 'failed' | 'cancelled' | 'skipped';
  readonly text: string;
  readonly upload: { readonly share: number; readonly text: string } | null;
  /** Numbers of the phase under way, e.g. "p50 3.21 ms, p95 8.80 ms, 640 RPS, 0 errors"; empty outside load. */
  readonly running: string;
}

/**
 * @param elapsedMs milliseconds since the run began
 * @param gpuPrice what the reader pays; null: no price is shown
 */
export function liveView(
  state: RunState,
  elapsedMs: number,
  cancelling: boolean,
  gpuPrice: GpuPrice | null = null,
): LiveView {
  const title = cancelling ? 'Cancelling: stopping the load and cleaning up' : titleOf(state);
  const position = positionOf(state);
  return {
    title,
    position,
    waiting: waitingOf(state),
    elapsed: formatClock(elapsedMs),
    remaining: cancelling ? '' : remainingOf(state),
    gpuTime: gpuTimeSoFar(elapsedMs, {
      estimateSeconds: estimateSeconds(state.plan),
      gpus: state.plan.gpu?.count ?? 0,
      price: gpuPrice,
    }),
    announcement: position === '' ? title : `${title}. ${position}.`,
    topologies: state.topologies.map((topology) => liveTopology(state, topology)),
    warnings: state.warnings,
  };
}

/** Whose words they are stands in the title. */
function waitingOf(state: RunState): string {
  const active = activeOf(state);
  return active === undefined ? state.message : waitingWords(active.key, state.message);
}

/** The topology that something happens to; undefined before the first and after the last. */
function activeOf(state: RunState): TopologyState | undefined {
  return state.topologies.find((topology) => topology.stage !== 'queued' && topology.stage !== 'ended');
}

function titleOf(state: RunState): string {
  if (state.stage === 'ended') return 'The run has ended';
  if (state.record !== null) return state.stage === 'save' ? 'Saving the record' : 'Measured; cleaning up';
  const active = activeOf(state);
  if (active === undefined) return runStageTexts[state.stage];
  return `${topologyStageText(active)} ${active.key}${levelText(active)}`;
}

function levelText(topology: TopologyState): string {
  const phase = topology.phase?.load;
  if (phase === undefined || (topology.stage !== 'load' && topology.stage !== 'warm-up')) return '';
  return ` at ${nameLoad(phase).long}`;
}

function topologyStageText(topology: TopologyState): string {
  if (topology.stage === 'queued') return 'Next:';
  // A phase that warms up reads so whatever stage was announced last.
  if (topology.stage === 'load' && topology.phase?.load.kind === 'warm-up') return topologyStageTexts['warm-up'];
  return topologyStageTexts[isUploadToCome(topology) ? 'wait' : topology.stage];
}

/** A model is uploaded to a pod that runs: until then the pod is waited for, whose image may never come. */
function isUploadToCome({ stage, upload }: TopologyState): boolean {
  return stage === 'upload' && upload === null;
}

const runStageTexts: Readonly<Record<Stage, string>> = {
  preflight: 'Checking the target before anything is made',
  apply: 'Creating what the run needs',
  upload: 'Uploading the model',
  wait: 'Waiting for the target',
  answers: 'Comparing answers',
  'warm-up': 'Warming up',
  load: 'Measuring',
  collect: 'Collecting the numbers',
  delete: 'Removing what the run made',
  save: 'Saving the record',
  ended: 'The run has ended',
};

const topologyStageTexts: Readonly<Record<Stage, string>> = {
  preflight: 'Checking',
  apply: 'Deploying',
  upload: 'Uploading the model to',
  wait: 'Waiting for',
  answers: 'Comparing the answers of',
  'warm-up': 'Warming up',
  load: 'Measuring',
  collect: 'Collecting the numbers of',
  delete: 'Removing',
  save: 'Saving',
  ended: 'Finished',
};

function positionOf(state: RunState): string {
  const index = state.topologies.findIndex((topology) => topology === activeOf(state));
  const active = state.topologies[index];
  if (active === undefined) return '';
  const { phases, search, repetitions } = state.plan.load;
  const parts = [`Topology ${String(index + 1)} of ${String(state.topologies.length)}`];
  if (repetitions > 1) parts.push(`repetition ${String(turnOf(active))} of ${String(repetitions)}`);
  if (active.phase !== null) {
    // How many phases a search takes is known when it has ended.
    const of = search === null ? ` of ${String(phases.length)}` : '';
    parts.push(`phase ${String(active.phase.index + 1)}${of}`);
  }
  return parts.join(', ');
}

/** Load that is still to come is known; how long a deployment takes is known only once one has been made. */
function remainingOf(state: RunState): string {
  if (state.record !== null || state.stage === 'ended') return '';
  let loadMs = 0;
  let toDeploy = 0;
  for (const topology of state.topologies) {
    if (topology.stage === 'ended') continue;
    loadMs += loadLeftMs(state, topology);
    toDeploy += state.plan.load.repetitions - (topology.phase?.repetition ?? turnsEnded(topology));
  }
  if (loadMs === 0) return '';
  const readyMs = state.topologies.flatMap((topology) => topology.result?.readyMs ?? []);
  if (toDeploy > 0 && readyMs.length > 0) {
    const mean = readyMs.reduce((sum, value) => sum + value, 0) / readyMs.length;
    return `about ${formatClock(loadMs + toDeploy * mean)} left`;
  }
  return `about ${formatClock(loadMs)} left${toDeploy > 0 ? ', and the deployments' : ''}`;
}

function loadLeftMs(state: RunState, topology: TopologyState): number {
  const { load } = state.plan;
  const endedMs = secondsOf(topology.phases) * 1000;
  const runningMs = topology.snapshot?.elapsedMs ?? 0;
  return Math.max(0, load.repetitions * usualLoadSeconds(load) * 1000 - endedMs - runningMs);
}

/** Deployments of this topology that were measured to their end or are being measured; a deployment under way has no phase yet. */
function turnsEnded(topology: TopologyState): number {
  return topology.phases.at(-1)?.repetition ?? 0;
}

/** Which of its turns a topology is at, from 1. */
function turnOf(topology: TopologyState): number {
  return topology.phase?.repetition ?? turnsEnded(topology) + 1;
}

function liveTopology(state: RunState, topology: TopologyState): LiveTopology {
  const status = topology.result?.status;
  const measured = topology.phases.filter((phase) => phase.kind === 'measured').length;
  const base = { key: topology.key, upload: null, running: '' };
  if (status === 'completed')
    return { ...base, state: 'done', text: `measured at ${levelCount(distinctLevels(topology))}` };
  if (status !== undefined) return { ...base, state: status, text: failedText(topology) ?? status };
  if (topology.stage === 'queued') return { ...base, state: 'queued', text: 'queued' };
  const stage = topologyStageText(topology)
    .replace(/ (to|for|the answers of|of)$/, '')
    .toLowerCase();
  const text = `${stage}${levelText(topology)}${measured > 0 ? `; ${measuredSoFar(state, measured)}` : ''}`;
  return {
    key: topology.key,
    state: 'active',
    text,
    upload: topology.stage === 'upload' ? uploadOf(topology) : null,
    running: runningOf(topology),
  };
}

function failedText({ result }: TopologyState): string | undefined {
  const failure = result?.failure ?? null;
  return failure === null ? undefined : failureGist(failure);
}

function measuredSoFar({ plan: { load } }: RunState, measured: number): string {
  if (load.search !== null) return `${levelCount(measured)} measured`;
  const levels = load.phases.filter((phase) => phase.kind === 'measured').length * load.repetitions;
  return `${String(measured)} of ${levelCount(levels)} measured`;
}

function distinctLevels(topology: TopologyState): number {
  const measured = topology.phases.filter((phase) => phase.kind === 'measured');
  return new Set(measured.map((phase) => phase.name)).size;
}

function levelCount(levels: number): string {
  return levels === 1 ? '1 level' : `${String(levels)} levels`;
}

function uploadOf(topology: TopologyState): LiveTopology['upload'] {
  if (topology.upload === null) return null;
  const { sentBytes, totalBytes } = topology.upload;
  return {
    share: totalBytes === 0 ? 1 : Math.min(1, sentBytes / totalBytes),
    text: `${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`,
  };
}

function runningOf(topology: TopologyState): string {
  if (topology.snapshot === null) return '';
  const { latency, rps, requests } = topology.snapshot;
  const errors = requests.errors === 1 ? '1 error' : `${String(requests.errors)} errors`;
  return `p50 ${formatMs(latency.p50Ms)}, p95 ${formatMs(latency.p95Ms)}, ${formatRps(rps)}, ${errors}`;
}

function secondsOf(phases: readonly Pick<Phase, 'durationSeconds'>[]): number {
  return phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
}
