import type { PodsSeen } from '../core/cluster.ts';
import type { RunState, TopologyState } from '../core/events.ts';
import type { GpuPrice } from '../core/gpuPrice.ts';
import { usualLoadSeconds } from '../core/loadLength.ts';
import { loadNames, nameLoad } from '../core/phaseLoad.ts';
import type { Plan, TopologyName } from '../core/plan.ts';
import { profileOf, profilePurposes, type ProfileName } from '../core/profiles.ts';
import { startOfRunId } from '../core/runId.ts';
import type { RunRecord } from '../core/record.ts';
import type { Age } from '../core/view/age.ts';
import { bestFigure, eachFigure, foundFigures } from '../core/view/bestRow.ts';
import { formatBytes, formatCount, formatList, formatMs, formatRps, significant } from '../core/view/format.ts';
import { gpuTimeAhead } from '../core/view/gpuTime.ts';
import { measuredRecord, rowsAt, rowsOf, tellingLevel, type PhaseRow } from '../core/view/measured.ts';
import { waitingWords } from '../core/view/waitingWords.ts';
import { builtInName, type BenchmarkChoices, type GpuChoice, type Subject, type TargetChoice } from './choices.ts';

/** What trees, pickers and lenses say, as texts made from plain data. */

export const topologyDescriptions: Readonly<Record<TopologyName, string>> = {
  fastapi: 'FastAPI and ONNX Runtime in one pod',
  triton: 'NVIDIA Triton with dynamic batching',
  hybrid: 'FastAPI gateway that de-identifies, in front of Triton',
};

export const allTopologies: readonly TopologyName[] = ['fastapi', 'triton', 'hybrid'];

/** "sentiment" of .../sentiment/config.pbtxt, or of a folder without a config; the built-in model's own name. */
export function subjectName(subject: Subject): string {
  if (subject.kind === 'built-in') return builtInName;
  const parts = decodeURIComponent(subject.uri).split('/');
  const isFile = /\.(pbtxt|json|onnx)$/i.test(subject.uri);
  return parts.at(isFile ? -2 : -1) ?? subject.uri;
}

export function targetName(target: TargetChoice): string {
  return target.kind === 'local' ? 'this machine' : `${target.context}/${target.namespace}`;
}

export function gpuName(gpu: GpuChoice | null): string {
  if (gpu === null) return 'CPU only';
  return gpu.product === null
    ? `${String(gpu.count)} ${gpu.resource}`
    : `${String(gpu.count)} ${gpu.resource} (${gpu.product})`;
}

/** "1 of 4 free", or "up to 1 of 4 free" where pods that nobody saw may hold some. */
export function freeOfTotal(
  { free, total }: { readonly free: number; readonly total: number },
  seen: PodsSeen | null,
): string {
  const isCertain = seen === 'everywhere' || free === 0;
  return `${isCertain ? '' : 'up to '}${String(free)} of ${String(total)} free`;
}

/** @param turns of each topology, where they are not the profile's own */
export function profileSummary(profile: ProfileName, turns?: number): string {
  const { phases, search, repetitions: ownTurns } = profileOf(profile);
  const purpose = profilePurposes[profile];
  const repetitions = turns ?? ownTurns;
  const times = repetitions === 1 ? '' : `, ${String(repetitions)} times`;
  if (search !== null) return `${purpose}${times}`;
  const measured = phases.filter((phase) => phase.kind === 'measured');
  const levels = loadNames(measured, formatList);
  return `${purpose}; ${levels}, ${String(measured[0]?.durationSeconds ?? 0)} s each${times}`;
}

/** "fastapi, triton and hybrid on kind-x/team-a, 1 nvidia.com/gpu, quick" */
export function choicesSummary(choices: BenchmarkChoices): string {
  const hardware = choices.target.kind === 'local' ? [] : [gpuName(choices.gpu)];
  const bound = choices.sloP95Ms === undefined ? '' : ` under p95 ${String(choices.sloP95Ms)} ms`;
  const turns = choices.repetitions === undefined ? [] : [formatCount(choices.repetitions, 'turn')];
  return [
    `${formatList(choices.topologies)} on ${targetName(choices.target)}`,
    ...hardware,
    `${choices.profile}${bound}`,
    ...turns,
  ].join(', ');
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
  const seconds = usualLoadSeconds(plan.load);
  const times = plan.load.repetitions === 1 ? '' : ` × ${String(plan.load.repetitions)} repetitions`;
  const hardware =
    choices.target.kind === 'local' ? '' : choices.gpu === null ? ', CPU only' : ` with ${gpuName(choices.gpu)} each`;
  const gpuTime = gpuTimeAhead({ estimateSeconds, gpus: plan.gpu?.count ?? 0, price: gpuPrice });
  const length = [aboutTime(estimateSeconds), gpuTime].filter((text) => text !== '').join(' and ');
  return `${formatCount(plan.topologies.length, 'topology', 'topologies')}${times} × ${String(Math.round(seconds))} s of load, ${length}, on ${targetName(choices.target)}${hardware}`;
}

/** What is made and what becomes of it, for the confirmation. */
export function planDetail(plan: Plan, namespaceStays = false): string {
  return [...searchDetail(plan), whatIsMade(plan, namespaceStays)].join(' ');
}

function searchDetail({ load }: Plan): string[] {
  return load.search?.kind === 'slo'
    ? [`Searches the highest rate at which p95 stays under ${String(load.search.p95Ms)} ms.`]
    : [];
}

function whatIsMade(plan: Plan, namespaceStays: boolean): string {
  const modelBytes = plan.model.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const model = `Model ${plan.model.name}, ${formatBytes(modelBytes)}.`;
  if (plan.target.kind === 'local') {
    return `${model} Servers and load are processes of this machine; they end with the run.`;
  }
  const from =
    plan.load.vantage === 'in-cluster'
      ? plan.load.generators === 1
        ? 'The load comes from a pod of its own.'
        : `The load comes from ${String(plan.load.generators)} pods of their own.`
      : 'The load comes from this machine through a port-forward: good for a first look only.';
  const { namespace, createNamespace } = plan.target;
  const goes = namespaceStays ? '' : ', and removed with the rest';
  const made = createNamespace ? `The namespace ${namespace} does not exist: it is made${goes}. ` : '';
  return `${model} ${made}${from} What the run makes${namespaceStays ? ' in it' : ''}, it removes.`;
}

export function aboutTime(seconds: number): string {
  return seconds < 90
    ? `about ${String(Math.round(seconds / 10) * 10)} s`
    : `about ${String(Math.round(seconds / 60))} min`;
}

/** What a run or a deployment does, by the engine's name for it. */
export const stageWords: Readonly<Record<TopologyState['stage'], string>> = {
  queued: 'waits its turn',
  preflight: 'checking',
  apply: 'deploying',
  upload: 'uploading the model',
  wait: 'waiting to be ready',
  answers: 'comparing answers',
  'warm-up': 'warming up',
  load: 'under load',
  collect: 'collecting',
  delete: 'removing',
  save: 'saving',
  ended: 'done',
};

/** One line of what a topology of a run does now, e.g. "at 8 connections: 512 RPS, p95 3.4 ms" or "0/1 nodes are available ...". */
export function topologyProgress(topology: TopologyState): string {
  const { snapshot, result } = topology;
  if (result !== null)
    return result.failure === null ? endFigures(topology) : `${result.status}: ${result.failure.message}`;
  const phase = topology.phase?.load;
  if (phase !== undefined && snapshot !== null) {
    return `at ${nameLoad(phase).long}: ${formatRps(snapshot.rps)}, p95 ${formatMs(snapshot.latency.p95Ms)}`;
  }
  if (phase !== undefined) return `at ${nameLoad(phase).long}`;
  if (topology.stage === 'upload' && topology.upload !== null) {
    const { sentBytes, totalBytes } = topology.upload;
    return `${stageWords.upload}: ${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`;
  }
  if (isWaiting(topology)) return waitingWords(topology.key, topology.message);
  return topology.message === '' ? stageWords[topology.stage] : `${stageWords[topology.stage]}: ${topology.message}`;
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
  if (now === undefined) return stageWords[state.stage];
  return `${now.key}, ${String(state.topologies.indexOf(now) + 1)} of ${String(state.topologies.length)}`;
}

/** One line of what a run does now. */
export function runProgress(state: RunState): string {
  const now = topologyAtWork(state);
  if (now !== undefined) return `${now.key}${isWaiting(now) ? ':' : ''} ${topologyProgress(now)}`;
  return state.message === '' ? stageWords[state.stage] : `${stageWords[state.stage]}: ${state.message}`;
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

/** The rows that a record is known by: each topology at the level where most have numbers. */
export function tellingRows(record: RunRecord): readonly PhaseRow[] {
  const rows = rowsOf(measuredRecord(record));
  const level = tellingLevel(rows);
  return rowsAt(rows, level);
}

/**
 * The rows of a run for the lens, as short as three beside each other above a line of code must be: the first says what
 * the three figures are, and their unit. "p50/p95/RPS triton 2.10/3.40 ms/780", "hybrid 4.10/6.10/410"
 */
export function lensTitles(rows: readonly PhaseRow[]): string[] {
  const number = (value: number | null): string => (value === null ? '–' : significant(value));
  return rows.map((row, index) => {
    const [names, unit] = index === 0 ? ['p50/p95/RPS ', ' ms'] : ['', ''];
    return `${names}${row.topology} ${number(row.p50Ms)}/${number(row.p95Ms)}${unit}/${significant(row.rps)}`;
  });
}

/** "triton: p50 2.10 ms, p95 3.40 ms, 780 RPS at 8 connections" */
export function rowFigures(row: PhaseRow): string {
  const invalid = row.validity.valid ? '' : ' (not valid)';
  return `${row.topology}: p50 ${formatMs(row.p50Ms)}, p95 ${formatMs(row.p95Ms)}, ${formatRps(row.rps)} at ${row.load.long}${invalid}`;
}

/**
 * "triton 780 RPS at p95 41.0 ms, 32 connections", the rates that were searched for, each topology's figure where none is shown
 * to be ahead or answers differed, or how a run without numbers ended.
 * @param load "short": "32 conn.", where there is little room
 */
export function recordBest(record: RunRecord, load: 'short' | 'long'): string {
  const rows = tellingRows(record);
  const best = record.sameAnswers.verdict === 'differed' ? undefined : bestFigure(rows, load);
  return foundFigures(measuredRecord(record)) ?? best ?? eachFigure(rows) ?? record.status;
}

/**
 * "fastapi 512 RPS · triton 780 RPS", or the rates that were searched for.
 * @param none what is said where there are no numbers
 */
export function recordFigures(record: RunRecord, none = record.failure?.message ?? record.status): string {
  return foundFigures(measuredRecord(record)) ?? eachFigure(tellingRows(record)) ?? none;
}

export function recordIsValid(record: RunRecord): boolean {
  return record.topologies.every((topology) =>
    topology.phases.every((phase) => phase.kind !== 'measured' || phase.validity.valid),
  );
}

/** By locale: to make one takes many times as long as to use it, and a list may be long. */
const timeFormats = new Map<string | undefined, Intl.DateTimeFormat>();

/** When a run began, for people: day and time of this machine's zone. */
export function runTime(id: string, locale: string | undefined): string {
  const start = new Date(startOfRunId(id));
  if (Number.isNaN(start.getTime())) return id;
  const format =
    timeFormats.get(locale) ?? new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  timeFormats.set(locale, format);
  return format.format(start);
}

/** "now", "3h ago", "2d ago", as short as the language has it. */
export function ageText({ count, unit }: Age, locale: string | undefined): string {
  const format = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: count === 0 ? 'auto' : 'always' });
  return format.format(-count, unit);
}

function endFigures(topology: TopologyState): string {
  const last = topology.phases.findLast((phase) => phase.kind === 'measured');
  if (last === undefined) return stageWords.ended;
  const { latency, rps } = last.measurement;
  return `${formatRps(rps)}, p95 ${formatMs(latency.p95Ms)} at ${nameLoad(last).long}`;
}
