import { Document, isCollection, isSeq } from 'yaml';
import { isEndpointPlan, planSubject } from './anyPlan.ts';
import { builtInModel } from './builtInModel.ts';
import { sameJson } from './canonicalJson.ts';
import { usualName, type CustomPhase } from './customPhases.ts';
import type { AnyPlan, EndpointPlan } from './endpointPlan.ts';
import { defaultMaxInFlight } from './phaseLoad.ts';
import type { GpuPlan, Phase, Plan } from './plan.ts';
import { configuredTriton, remade } from './planFileAgain.ts';
import type { PlanFile } from './planFileSchema.ts';
import { defaultGpu, defaultImages, planDefaults } from './planning.ts';
import { profileNames, profileOf } from './profiles.ts';
import type { RunRecord } from './record.ts';
import { formatList, formatTime } from './view/format.ts';

/** Where the model of a run lies, as its plan file is to name it: relative to that file. A record does not say. */
export type SavedModel =
  | {
      readonly path: string;
      readonly tokenizer: string | null;
      /** One was chosen, at a place that the file is not to name. */
      readonly tokenizerElsewhere?: boolean;
    }
  | 'built-in'
  | 'unknown';

/**
 * The text of a plan file that gives a run's plan once more: what was chosen, without what follows from it. Comments say which
 * run it comes from and what of it a plan file cannot say. No kube context, no path that was not given here.
 */
export function planFileText({ id, startedAt, plan, software }: SavedRun, model: SavedModel): string {
  const { file, notes } = isEndpointPlan(plan) ? endpointFile(plan) : deployedFile(plan, model);
  const document = new Document(file);
  for (const name of ['topologies', 'phases'] as const) {
    const list: unknown = document.get(name);
    if (!isSeq(list)) continue;
    list.flow = name === 'topologies';
    for (const item of list.items) if (isCollection(item)) item.flow = true;
  }
  const origin = `From the run of ${planSubject(plan)}, ${formatTime(startedAt)} (${id}), as Topology Bench ${software.topologyBench} recorded it.`;
  document.commentBefore = [origin, ...notes].map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}

export type SavedRun = Pick<RunRecord, 'id' | 'startedAt' | 'plan' | 'software'>;

interface SavedFile {
  readonly file: PlanFile;
  /** Whole sentences. */
  readonly notes: readonly string[];
}

/** What is measured is not said: the endpoint has an address, and a record holds none. */
function endpointFile(plan: EndpointPlan): SavedFile {
  const { fields, notes } = loadFields(plan);
  const about = 'It is for an endpoint that exists already: topology-bench run FILE --endpoint URL.';
  return { file: { version: 1, target: 'endpoint', ...fields, ...oftenUsual(plan.load) }, notes: [about, ...notes] };
}

function deployedFile(plan: Plan, model: SavedModel): SavedFile {
  const { fields, notes } = loadFields(plan);
  const { load, target, topologies, gpu } = plan;
  const usualVantage = target.kind === 'kubernetes' ? 'in-cluster' : 'this-machine';
  const usualImages = { ...defaultImages, ...(gpu === null ? {} : { requirements: 'cuda' as const }) };
  const decides = fields.profile !== undefined && profileOf(fields.profile).topologies !== null;
  const usualReady = planDefaults.readyTimeoutSeconds[target.kind];
  const images = different(plan.images, usualImages);
  const file: PlanFile = {
    version: 1,
    ...(model === 'unknown' ? {} : { model: model === 'built-in' ? builtInModel : model.path }),
    ...(typeof model === 'string' || model.tokenizer === null ? {} : { tokenizer: model.tokenizer }),
    ...(decides ? {} : { topologies: [...new Set(topologies.map(({ name }) => name))] }),
    target: target.kind,
    ...(target.kind === 'kubernetes' ? { namespace: target.namespace } : {}),
    ...fields,
    ...(load.generators === planDefaults.generators ? {} : { generators: load.generators }),
    ...(load.vantage === usualVantage ? {} : { vantage: load.vantage }),
    cores: topologies[0]?.cores ?? planDefaults.cores,
    ...(gpu === null ? {} : { gpu: gpuFields(gpu) }),
    ...(plan.allowCpuProvider ? { allowCpuProvider: true } : {}),
    ...(Object.keys(images).length === 0 ? {} : { images }),
    ...(plan.readyTimeoutSeconds === usualReady ? {} : { readyTimeoutSeconds: plan.readyTimeoutSeconds }),
    ...oftenUsual(load),
  };
  return withMemory(file, plan, [...modelNotes(model), ...notes]);
}

/** Memory only where it is not what the model needs anyway; and, at the end, what of the plan the file does not give again. */
function withMemory(file: PlanFile, plan: Plan, notes: readonly string[]): SavedFile {
  const memoryMiB = plan.topologies[0]?.memoryMiB;
  const fromConfig = configuredTriton(file, plan);
  const usual = remade(file, plan, fromConfig);
  const whole = usual.topologies[0]?.memoryMiB === memoryMiB ? file : { ...file, memoryMiB };
  const unsaid = differing(plan, remade(whole, plan, fromConfig));
  return {
    file: whole,
    notes: [
      ...notes,
      ...(fromConfig === null
        ? []
        : ["Batching and instances are not said here: they stand in the model's own config."]),
      ...(unsaid.length === 0 ? [] : [`Not as in the run, because a plan file cannot say it: ${formatList(unsaid)}.`]),
    ],
  };
}

function modelNotes(model: SavedModel): string[] {
  if (model === 'built-in') return [];
  if (model === 'unknown') {
    return ['The record does not say where the model lies: name its folder or config with "model: PATH".'];
  }
  return model.tokenizerElsewhere === true
    ? [
        'The run had a tokenizer from outside this folder, whose path is not written here: name it with "tokenizer: PATH".',
      ]
    : [];
}

/** A profile where it still means what it meant then; otherwise its levels. */
function loadFields({ load }: Pick<AnyPlan, 'load'>): { readonly fields: Partial<PlanFile>; readonly notes: string[] } {
  const profile = profileNames.find((name) => name === load.profile);
  const bound = load.search?.kind === 'slo' ? load.search.p95Ms : undefined;
  const ofProfile = profile === undefined ? undefined : profileOf(profile, bound);
  const repetitions = (usual: number): Partial<PlanFile> =>
    load.repetitions === usual ? {} : { repetitions: load.repetitions };
  const asNamed = {
    ...(profile === undefined ? {} : { profile }),
    ...repetitions(ofProfile?.repetitions ?? 1),
    ...(bound === undefined || profile !== 'server' ? {} : { sloP95Ms: bound }),
  };
  if (ofProfile !== undefined && sameJson(ofProfile.phases, load.phases) && sameJson(ofProfile.search, load.search)) {
    return { fields: asNamed, notes: [] };
  }
  const measured = load.phases.filter(({ kind }) => kind === 'measured');
  if (load.search !== null || measured.length === 0) {
    return {
      fields: asNamed,
      notes: [`The profile "${load.profile}" searched in another way than a plan file can say.`],
    };
  }
  return {
    fields: { phases: measured.map(levelOf), ...repetitions(1) },
    notes:
      profile === undefined ? [] : [`The profile "${profile}" has other levels by now, so the run's own stand here.`],
  };
}

function levelOf(phase: Phase): CustomPhase {
  const name = phase.name === usualName(phase) ? {} : { name: phase.name };
  const seconds = phase.durationSeconds;
  if (phase.loop === 'closed') return { ...name, connections: phase.connections, seconds };
  const { ratePerSecond: rate, arrivals, maxInFlight } = phase;
  return { ...name, rate, arrivals, ...(maxInFlight === defaultMaxInFlight ? {} : { maxInFlight }), seconds };
}

/** What few people change, of every kind of plan. */
function oftenUsual({ timeoutMs, seed }: Pick<AnyPlan['load'], 'timeoutMs' | 'seed'>): Partial<PlanFile> {
  return {
    ...(timeoutMs === planDefaults.timeoutMs ? {} : { timeoutMs }),
    ...(seed === planDefaults.seed ? {} : { seed }),
  };
}

function gpuFields(gpu: GpuPlan): NonNullable<PlanFile['gpu']> {
  return { resource: gpu.resource, count: gpu.count, ...different(gpu, defaultGpu) };
}

function different<Group extends object>(group: Group, usual: Group): Partial<Group> {
  const keys = Object.keys(group) as (keyof Group)[];
  const entries = keys.filter((key) => !sameJson(group[key], usual[key])).map((key) => [key, group[key]] as const);
  return Object.fromEntries(entries) as Partial<Group>;
}

/** By name, in the order of the plan. */
function differing(plan: Plan, again: Plan): string[] {
  const { load, topologies, ...rest } = plan;
  const parts: readonly (readonly [string, unknown, unknown])[] = [
    ['how the topologies are set up', topologies, again.topologies],
    ['the warm-ups between the levels', load.phases, again.load.phases],
    ['the search', load.search, again.load.search],
    ...Object.entries(rest).map(([name, value]) => [name, value, again[name as keyof Plan]] as const),
  ];
  return parts.filter(([, then, now]) => !sameJson(then, now)).map(([name]) => name);
}
