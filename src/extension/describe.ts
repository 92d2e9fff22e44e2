import * as vscode from 'vscode';
import type { PodsSeen } from '../core/cluster.ts';
import type { RunState, TopologyState } from '../core/events.ts';
import type { GpuPrice } from '../core/gpuPrice.ts';
import { roughLength, usualLoadSeconds } from '../core/loadLength.ts';
import { loadNames, nameLoad } from '../core/phaseLoad.ts';
import type { Phase, Plan, TopologyName } from '../core/plan.ts';
import { profileOf, profilePurposes, type ProfileName } from '../core/profiles.ts';
import { startOfRunId } from '../core/runId.ts';
import type { RunRecord, TopologyResult } from '../core/record.ts';
import type { Age } from '../core/view/age.ts';
import { bestFigure, eachFigure, foundFigures } from '../core/view/bestRow.ts';
import { formatBytes, formatDayAndTime, formatMs, formatRps } from '../core/view/format.ts';
import { gpuTimeAhead } from '../core/view/gpuTime.ts';
import { measuredRecord, type PhaseRow } from '../core/view/measured.ts';
import { waitingWords } from '../core/view/waitingWords.ts';
import {
  builtInName,
  thisMachinePool,
  type BenchmarkChoices,
  type GpuChoice,
  type Subject,
  type TargetChoice,
} from './choices.ts';
import { tellingRows } from './figures.ts';

/** What trees, pickers and lenses say, as texts made from plain data. */

export function topologyDescription(topology: TopologyName): string {
  switch (topology) {
    case 'fastapi':
      return vscode.l10n.t('FastAPI and ONNX Runtime in one pod');
    case 'triton':
      return vscode.l10n.t('NVIDIA Triton with dynamic batching');
    case 'hybrid':
      return vscode.l10n.t('FastAPI gateway that de-identifies, in front of Triton');
  }
}

export const allTopologies: readonly TopologyName[] = ['fastapi', 'triton', 'hybrid'];

/** "sentiment" of .../sentiment/config.pbtxt, or of a folder without a config; the built-in model's own name. */
export function subjectName(subject: Subject): string {
  if (subject.kind === 'built-in') return builtInName;
  const parts = decodeURIComponent(subject.uri).split('/');
  const isFile = /\.(pbtxt|json|onnx)$/i.test(subject.uri);
  return parts.at(isFile ? -2 : -1) ?? subject.uri;
}

export function targetName(target: TargetChoice): string {
  return target.kind === 'local' ? vscode.l10n.t('this machine') : `${target.context}/${target.namespace}`;
}

/** What a run uses up (see poolsOf), as it is said. */
export function poolName(pool: string): string {
  return pool === thisMachinePool ? vscode.l10n.t('this machine') : pool;
}

export function gpuName(gpu: GpuChoice | null): string {
  if (gpu === null) return vscode.l10n.t('CPU only');
  return gpu.product === null
    ? `${String(gpu.count)} ${gpu.resource}`
    : `${String(gpu.count)} ${gpu.resource} (${gpu.product})`;
}

export function gpuCount(gpus: number): string {
  return gpus === 1 ? vscode.l10n.t('1 GPU') : vscode.l10n.t('{0} GPUs', gpus);
}

/** "1 of 4 free", or "up to 1 of 4 free" where pods that nobody saw may hold some. */
export function freeOfTotal(
  { free, total }: { readonly free: number; readonly total: number },
  seen: PodsSeen | null,
): string {
  const isCertain = seen === 'everywhere' || free === 0;
  return isCertain
    ? vscode.l10n.t('{0} of {1} free', free, total)
    : vscode.l10n.t('up to {0} of {1} free', free, total);
}

/** "a, b and c" */
function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return vscode.l10n.t('{0} and {1}', items.slice(0, -1).join(', '), items.at(-1) ?? '');
}

/** @param turns of each topology, where they are not the profile's own */
export function profileSummary(profile: ProfileName, turns?: number): string {
  const { phases, search, repetitions: ownTurns } = profileOf(profile);
  const purpose = profilePurposes[profile];
  const repetitions = turns ?? ownTurns;
  if (search !== null) return repetitions === 1 ? purpose : vscode.l10n.t('{0}, {1} times', purpose, repetitions);
  const measured = phases.filter((phase) => phase.kind === 'measured');
  const levels = loadNames(measured, listed);
  const seconds = measured[0]?.durationSeconds ?? 0;
  return repetitions === 1
    ? vscode.l10n.t('{0}; {1}, {2} s each', purpose, levels, seconds)
    : vscode.l10n.t('{0}; {1}, {2} s each, {3} times', purpose, levels, seconds, repetitions);
}

/** "fastapi, triton and hybrid on kind-x/team-a, 1 nvidia.com/gpu, quick" */
export function choicesSummary(choices: BenchmarkChoices): string {
  const { topologies, target, gpu, profile, sloP95Ms, repetitions } = choices;
  return [
    vscode.l10n.t('{0} on {1}', listed(topologies), targetName(target)),
    ...(target.kind === 'local' ? [] : [gpuName(gpu)]),
    sloP95Ms === undefined ? profile : vscode.l10n.t('{0} under p95 {1} ms', profile, sloP95Ms),
    ...(repetitions === undefined ? [] : [turnCount(repetitions)]),
  ].join(', ');
}

function turnCount(turns: number): string {
  return turns === 1 ? vscode.l10n.t('1 turn') : vscode.l10n.t('{0} turns', turns);
}

/**
 * "3 topologies × 26 s of load, about 4 min and about 4 GPU-minutes, on kind-x/team-a with 1 nvidia.com/gpu each"
 * @param gpuPrice what the user pays; null: no price is said
 */
export function planSummary(
  plan: Plan,
  choices: Pick<BenchmarkChoices, 'target' | 'gpu'>,
  estimateSeconds: number,
  gpuPrice: GpuPrice | null = null,
): string {
  const gpuTime = gpuTimeAhead({ estimateSeconds, gpus: plan.gpu?.count ?? 0, price: gpuPrice });
  const time = aboutTime(estimateSeconds);
  const length = gpuTime === '' ? time : vscode.l10n.t('{0} and {1}', time, gpuTime);
  return [amountOfLoad(plan), length, whereItRuns(choices)].join(', ');
}

function amountOfLoad({ topologies, load }: Plan): string {
  const { repetitions } = load;
  const seconds = Math.round(usualLoadSeconds(load));
  if (topologies.length === 1) {
    return repetitions === 1
      ? vscode.l10n.t('1 topology × {0} s of load', seconds)
      : vscode.l10n.t('1 topology × {0} repetitions × {1} s of load', repetitions, seconds);
  }
  return repetitions === 1
    ? vscode.l10n.t('{0} topologies × {1} s of load', topologies.length, seconds)
    : vscode.l10n.t('{0} topologies × {1} repetitions × {2} s of load', topologies.length, repetitions, seconds);
}

function whereItRuns({ target, gpu }: Pick<BenchmarkChoices, 'target' | 'gpu'>): string {
  const name = targetName(target);
  if (target.kind === 'local') return vscode.l10n.t('on {0}', name);
  return gpu === null
    ? vscode.l10n.t('on {0}, CPU only', name)
    : vscode.l10n.t('on {0} with {1} each', name, gpuName(gpu));
}

/** What is made and what becomes of it, for the confirmation. */
export function planDetail(plan: Plan, namespaceStays = false): string {
  return [...searchDetail(plan), ...whatIsMade(plan, namespaceStays)].join(' ');
}

function searchDetail({ load }: Plan): string[] {
  return load.search?.kind === 'slo'
    ? [vscode.l10n.t('Searches the highest rate at which p95 stays under {0} ms.', load.search.p95Ms)]
    : [];
}

/** In sentences. */
function whatIsMade(plan: Plan, namespaceStays: boolean): string[] {
  const modelBytes = plan.model.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const model = vscode.l10n.t('Model {0}, {1}.', plan.model.name, formatBytes(modelBytes));
  if (plan.target.kind === 'local') {
    return [model, vscode.l10n.t('Servers and load are processes of this machine; they end with the run.')];
  }
  const { namespace, createNamespace } = plan.target;
  const removed = namespaceStays
    ? vscode.l10n.t('What the run makes in it, it removes.')
    : vscode.l10n.t('What the run makes, it removes.');
  return [model, ...(createNamespace ? [namespaceIsMade(namespace, namespaceStays)] : []), originOfLoad(plan), removed];
}

function namespaceIsMade(namespace: string, stays: boolean): string {
  return stays
    ? vscode.l10n.t('The namespace {0} does not exist: it is made.', namespace)
    : vscode.l10n.t('The namespace {0} does not exist: it is made, and removed with the rest.', namespace);
}

function originOfLoad({ load }: Plan): string {
  if (load.vantage !== 'in-cluster') {
    return vscode.l10n.t('The load comes from this machine through a port-forward: good for a first look only.');
  }
  return load.generators === 1
    ? vscode.l10n.t('The load comes from a pod of its own.')
    : vscode.l10n.t('The load comes from {0} pods of their own.', load.generators);
}

export function aboutTime(seconds: number): string {
  const { count, unit } = roughLength(seconds);
  return unit === 's' ? vscode.l10n.t('about {0} s', count) : vscode.l10n.t('about {0} min', count);
}

/** What a run or a deployment does, by the engine's name for it. */
export function stageWords(stage: TopologyState['stage']): string {
  switch (stage) {
    case 'queued':
      return vscode.l10n.t('waits its turn');
    case 'preflight':
      return vscode.l10n.t('checking');
    case 'apply':
      return vscode.l10n.t('deploying');
    case 'upload':
      return vscode.l10n.t('uploading the model');
    case 'wait':
      return vscode.l10n.t('waiting to be ready');
    case 'answers':
      return vscode.l10n.t('comparing answers');
    case 'warm-up':
      return vscode.l10n.t('warming up');
    case 'load':
      return vscode.l10n.t('under load');
    case 'collect':
      return vscode.l10n.t('collecting');
    case 'delete':
      return vscode.l10n.t('removing');
    case 'save':
      return vscode.l10n.t('saving');
    case 'ended':
      return vscode.l10n.t('done');
  }
}

/** How a run, or a topology of one, ended. */
export function statusWords(status: TopologyResult['status']): string {
  switch (status) {
    case 'completed':
      return vscode.l10n.t('completed');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'cancelled':
      return vscode.l10n.t('cancelled');
    case 'skipped':
      return vscode.l10n.t('skipped');
  }
}

/** One line of what a topology of a run does now, e.g. "warming up at 8 connections", "at 8 connections: 512 RPS, p95 3.4 ms" or "0/1 nodes are available ...". */
export function topologyProgress(topology: TopologyState): string {
  const { snapshot, result } = topology;
  if (result !== null) {
    return result.failure === null
      ? endFigures(topology)
      : vscode.l10n.t('{0}: {1}', statusWords(result.status), result.failure.message);
  }
  const phase = topology.phase?.load;
  if (phase !== undefined) return phaseProgress(phase, snapshot);
  if (topology.stage === 'upload' && topology.upload !== null) {
    const { sentBytes, totalBytes } = topology.upload;
    return uploadProgress(sentBytes, totalBytes);
  }
  if (isWaiting(topology)) return waitingWords(topology.key, topology.message);
  return stageProgress(topology);
}

/** Figures of a warm-up count for nothing, which is said before them. */
function phaseProgress(phase: Phase, snapshot: TopologyState['snapshot']): string {
  const load = nameLoad(phase).long;
  const isWarmUp = phase.kind === 'warm-up';
  if (snapshot === null) return isWarmUp ? vscode.l10n.t('warming up at {0}', load) : vscode.l10n.t('at {0}', load);
  const figures = [load, formatRps(snapshot.rps), formatMs(snapshot.latency.p95Ms)];
  return isWarmUp
    ? vscode.l10n.t('warming up at {0}: {1}, p95 {2}', ...figures)
    : vscode.l10n.t('at {0}: {1}, p95 {2}', ...figures);
}

export function uploadProgress(sentBytes: number, totalBytes: number): string {
  return vscode.l10n.t('uploading the model: {0} of {1}', formatBytes(sentBytes), formatBytes(totalBytes));
}

function stageProgress({ stage, message }: Pick<TopologyState, 'stage' | 'message'>): string {
  return message === '' ? stageWords(stage) : vscode.l10n.t('{0}: {1}', stageWords(stage), message);
}

/** What is said of it says what it waits for, and needs no other word for waiting before it. */
function isWaiting({ stage, message, upload }: TopologyState): boolean {
  return message !== '' && (stage === 'apply' || stage === 'wait' || (stage === 'upload' && upload === null));
}

/** The topology that a run is at; undefined before the first, between them and after the last. */
export function topologyAtWork(state: RunState | null): TopologyState | undefined {
  return state?.topologies.find((topology) => topology.stage !== 'queued' && topology.stage !== 'ended');
}

/** Where a run is, without what changes each second: "triton, 2 of 3". */
export function runPlace(state: RunState): string {
  const now = topologyAtWork(state);
  if (now === undefined) return stageWords(state.stage);
  return vscode.l10n.t('{0}, {1} of {2}', now.key, state.topologies.indexOf(now) + 1, state.topologies.length);
}

/** One line of what a run does now. */
export function runProgress(state: RunState): string {
  const now = topologyAtWork(state);
  if (now === undefined) return stageProgress(state);
  return isWaiting(now)
    ? vscode.l10n.t('{0}: {1}', now.key, topologyProgress(now))
    : vscode.l10n.t('{0} {1}', now.key, topologyProgress(now));
}

/** How far a run has come, from 0 to 1, by topologies and their phases. */
export function runFraction(state: RunState): number {
  const seconds = usualLoadSeconds(state.plan.load) * state.plan.load.repetitions;
  const done = state.topologies.map((topology) =>
    topology.result === null
      ? 0.8 * Math.min(1, secondsMeasured(topology) / seconds) + (topology.stage === 'queued' ? 0 : 0.1)
      : 1,
  );
  return done.reduce((sum, fraction) => sum + fraction, 0) / state.topologies.length;
}

function secondsMeasured({ phases }: TopologyState): number {
  return phases.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
}

/** "triton: p50 2.10 ms, p95 3.40 ms, 780 RPS at 8 connections" */
export function rowFigures(row: PhaseRow): string {
  const figures = [row.topology, formatMs(row.p50Ms), formatMs(row.p95Ms), formatRps(row.rps), row.load.long];
  return row.validity.valid
    ? vscode.l10n.t('{0}: p50 {1}, p95 {2}, {3} at {4}', ...figures)
    : vscode.l10n.t('{0}: p50 {1}, p95 {2}, {3} at {4} (not valid)', ...figures);
}

/**
 * "32 connections: triton 780 RPS at p95 41.0 ms", the rates that were searched for, each topology's figure where none is shown
 * to be ahead or answers differed, or how a run without numbers ended.
 * @param load "short": "32 conn.", where there is little room
 */
export function recordBest(record: RunRecord, load: 'short' | 'long'): string {
  const rows = tellingRows(record);
  const best = record.sameAnswers.verdict === 'differed' ? undefined : bestFigure(rows, load);
  return foundFigures(measuredRecord(record)) ?? best ?? eachFigure(rows, load) ?? statusWords(record.status);
}

/**
 * "32 conn.: fastapi 512 RPS · triton 780 RPS", or the rates that were searched for.
 * @param none what is said where there are no numbers
 */
export function recordFigures(record: RunRecord, none = record.failure?.message ?? statusWords(record.status)): string {
  return foundFigures(measuredRecord(record)) ?? eachFigure(tellingRows(record), 'short') ?? none;
}

/** How many of the levels of a run are valid. */
export function validLevels({ topologies }: RunRecord): 'all' | 'some' | 'none' {
  const measured = topologies.flatMap(({ phases }) => phases).filter(({ kind }) => kind === 'measured');
  const valid = measured.filter(({ validity }) => validity.valid).length;
  if (valid === measured.length) return 'all';
  return valid === 0 ? 'none' : 'some';
}

/** By locale: to make one takes many times as long as to use it, and a list may be long. */
/** When a run began, for people: day and time of this machine's zone. */
export function runTime(id: string, locale: string | undefined): string {
  const start = new Date(startOfRunId(id));
  if (Number.isNaN(start.getTime())) return id;
  return formatDayAndTime(start, { locale });
}

/** "now", "3h ago", "2d ago", as short as the language has it. */
export function ageText({ count, unit }: Age, locale: string | undefined): string {
  const format = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: count === 0 ? 'auto' : 'always' });
  return format.format(-count, unit);
}

function endFigures(topology: TopologyState): string {
  const last = topology.phases.findLast((phase) => phase.kind === 'measured');
  if (last === undefined) return stageWords('ended');
  const { latency, rps } = last.measurement;
  const figures = [formatRps(rps), formatMs(latency.p95Ms), nameLoad(last).long];
  return last.validity.valid
    ? vscode.l10n.t('{0}, p95 {1} at {2}', ...figures)
    : vscode.l10n.t('{0}, p95 {1} at {2} (not valid)', ...figures);
}
