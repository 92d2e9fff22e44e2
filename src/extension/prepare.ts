import * as vscode from 'vscode';
import { BenchError, explain, throwIfCancelled, toBenchError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { gpuProductLabels } from '../core/gpuPools.ts';
import type { GpuPlan, Plan } from '../core/plan.ts';
import type { Assets } from '../assets/assets.ts';
import type { Choices } from '../core/planning.ts';
import type { Origin, Payload } from '../core/ports.ts';
import type { RunRecord } from '../core/record.ts';
import { fewRepetitions } from '../core/twoRepetitions.ts';
import type { ModelRequest } from '../models/resolve.ts';
import type { Watching } from '../engine/runner.ts';
import type { RunTask } from '../engine/runTask.ts';
import type { LookedAt } from '../local/prepare.ts';
import type { JournalHeader } from '../runs/journal.ts';
import type { RunStore } from '../runs/store.ts';
import { poolsOf, type BenchmarkChoices, type GpuChoice, type Subject, type TargetChoice } from './choices.ts';
import type { ConfigTexts } from './configTexts.ts';
import { loadEngine } from './engine.ts';
import { Hold, ownHold, type HoldState } from './hold.ts';
import type { Memory } from './memory.ts';
import { folderFor, type Results } from './results.ts';
import { namedFiles } from './planFiles.ts';
import { readSettings, type Settings } from './settings.ts';
import { goneBy, OwnTurn, type Turn } from './turn.ts';
import { watchToEnd } from './watchToEnd.ts';

/** What a window must know of a run to show it. Plain JSON, since a later window may have to. */
export interface KnownRun {
  readonly choices: BenchmarkChoices;
  readonly plan: Plan;
  readonly estimateSeconds: number;
  /** What must not be shared with another run. */
  readonly pools: readonly string[];
}

/** A run that could start now: its plan is made and its files were found; nothing was made anywhere yet. Or one that goes on. */
export interface PreparedRun extends KnownRun {
  readonly runId: string;
  readonly warnings: readonly string[];
  /** What it fetches first, once, to run on this machine, and where that is kept; none of a run elsewhere. */
  readonly firstFetch: Pick<LookedAt, 'toFetch' | 'cacheDirectory'> | null;
  /** It was begun by another window. */
  readonly isUnderWay: boolean;
  readonly hold: HoldState;
  /** Among the benchmarks of other windows and of the command line; taken before the run is carried out. */
  readonly turn: Turn;
  /**
   * Never rejects: how it ended says what went wrong.
   * @param signal asks the run to stop
   * @param left the window goes, and the run goes on; then nothing is resolved
   */
  carryOut(emit: (event: RunEvent) => void, signal: AbortSignal, left: AbortSignal): Promise<RunEnd>;
  /** Writes a record of this run to where the settings say at this moment. @throws BenchError save-failed */
  readonly save: (record: RunRecord) => Promise<void>;
}

export interface RunEnd {
  /** null when the run ended before there was anything to tell; there is one, without numbers, when every topology failed. */
  readonly record: RunRecord | null;
  /** Why nothing was measured. */
  readonly failure: BenchError | null;
  /** Why the record is not on the disk. */
  readonly notSaved: BenchError | null;
  /** What clean-up could not remove, or that it never came to its end. */
  readonly leftBehind: BenchError | null;
  /** Why a namespace that the run made stays on purpose, and how it is removed. */
  readonly kept: string | null;
}

/** Where runs under way are written down, and whose they are. */
export interface Journals {
  readonly directory: string;
  /** Of this window, until it gets another folder or is saved as a workspace; null: it has no workspace. */
  readonly workspace: string | null;
  /** Tells this window apart from others, also of the same workspace. */
  readonly window: string;
}

export interface PrepareContext {
  readonly extensionPath: string;
  readonly version: string;
  readonly memory: Memory;
  readonly results: Results;
  readonly journals: Journals;
  readonly configTexts: ConfigTexts;
  readonly log: vscode.LogOutputChannel;
}

/** A plan, and what only this machine needs to know to carry it out. */
export interface Planned {
  readonly plan: Plan;
  readonly payload: Payload;
  readonly origin: Origin;
  readonly assets: Assets;
  /** The pods' file names to paths on this machine. */
  readonly modelPaths: Readonly<Record<string, string>>;
  readonly settings: Settings;
  /** Of the model config that the plan's settings are from; null without one. */
  readonly configText: string | null;
  readonly warnings: readonly string[];
}

/**
 * From the answers to a plan.
 * @throws BenchError plan-invalid, model-not-found, model-incomplete, tokenizer-missing, model-unsupported, cancelled
 */
export async function makePlanned(
  choices: BenchmarkChoices,
  context: PrepareContext,
  signal: AbortSignal,
): Promise<Planned> {
  const engine = await loadEngine();
  const settings = readSettings(scopeOf(choices));
  const assets = engine.openAssets(context.extensionPath, context.version);
  const { target } = choices;
  const {
    model,
    triton,
    config: modelConfig,
    configText,
    modelPaths,
    warnings,
  } = await engine.resolveModel(modelRequest(choices, assets, context.memory), signal);
  const payload = await assets.payload();
  throwIfCancelled(signal, 'planning the run');
  const planTarget: Plan['target'] =
    target.kind === 'local'
      ? { kind: 'local' }
      : { kind: 'kubernetes', namespace: target.namespace, createNamespace: target.createNamespace };
  const decided =
    choices.plan === undefined
      ? chosenBySettings(choices, planTarget, settings)
      : engine.planFileChoices(choices.plan.file, planTarget);
  const plan = engine.makePlan({ ...decided, model, triton, payload });
  const servingSha256 = await assets.servingSha256(plan.images.requirements);
  const origin = { modelConfig, repeats: null, servingSha256 };
  return { plan, payload, origin, assets, modelPaths, settings, configText, warnings };
}

/** Answers, and the settings for what was not asked. A plan file has defaults of its own instead, the same wherever it is run. */
function chosenBySettings(
  choices: BenchmarkChoices,
  target: Plan['target'],
  settings: Settings,
): Omit<Choices, 'model' | 'triton' | 'payload'> {
  const vantage = target.kind === 'local' ? 'this-machine' : settings.vantage;
  return {
    topologies: choices.topologies,
    target,
    profile: choices.profile,
    sloP95Ms: choices.sloP95Ms,
    repetitions: choices.repetitions,
    generators: vantage === 'in-cluster' ? settings.generators : 1,
    cores: settings.cores,
    gpu: gpuPlan(choices.gpu, settings),
    allowCpuProvider: settings.allowCpuProvider,
    images: settings.images,
    vantage,
    timeoutMs: settings.requestTimeoutMs,
    readyTimeoutSeconds: settings.readyTimeoutSeconds,
  };
}

/** As the plan file names them; what it does not name is the subject's. */
function modelRequest({ subject, plan }: BenchmarkChoices, assets: Assets, memory: Memory): ModelRequest {
  const named = plan === undefined ? undefined : namedFiles(plan);
  return {
    path: named?.model ?? configUri(subject)?.fsPath ?? assets.tinyModelDirectory,
    tokenizerPath: named?.tokenizer ?? memory.tokenizerOf(subject),
  };
}

/** The file whose folder's settings hold, and whose folder keeps the record; undefined for the built-in model. */
function scopeOf({ subject, plan }: BenchmarkChoices): vscode.Uri | undefined {
  return plan === undefined ? configUri(subject) : vscode.Uri.parse(plan.uri, true);
}

/**
 * Makes the plan, and what carries it out.
 * @throws BenchError as makePlanned; tool-missing where nothing of it can run on this machine
 */
export async function prepare(
  choices: BenchmarkChoices,
  context: PrepareContext,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const planned = await makePlanned(choices, context, signal);
  const { plan } = planned;
  const engine = await loadEngine();
  const here = plan.target.kind === 'local' ? await lookHere(planned, signal) : null;
  const runId = engine.newRunId();
  const known: KnownRun = {
    choices,
    plan,
    estimateSeconds: engine.estimateSeconds(plan),
    pools: poolsOf(choices, plan.load.vantage === 'this-machine'),
  };
  const { kubeconfig } = planned.settings;
  const turn = new OwnTurn({ id: runId, plan, target: choices.target, kubeconfig }, context.log);
  return {
    ...known,
    runId,
    warnings: [...planned.warnings, ...fewRepetitions(plan), ...notHere(plan, here)],
    firstFetch: here,
    isUnderWay: false,
    hold: ownHold,
    turn,
    async carryOut(emit, runSignal, left) {
      const { directory, window } = context.journals;
      const journal = engine.journalPath(directory, runId);
      const hold = new Hold(engine, journal, window, context.log);
      let watching: Watching;
      try {
        const { directory: resultsDirectory } = await storeOf(choices, context);
        const about = { runId, claim: turn.claim, resultsDirectory };
        const task = taskOf(about, planned, choices.target, context);
        if (planned.configText !== null) await context.configTexts.keep(planned.configText);
        await hold.begin();
        watching = await engine.startRunner(task, journal, headerOf(runId, known, context));
      } catch (error) {
        hold.release();
        await turn.giveUp();
        const failure = toBenchError(error, 'starting the benchmark');
        return { record: null, failure, notSaved: null, leftBehind: null, kept: null };
      }
      return watchToEnd({ ...watchedAs(choices, context), journal, watching, hold, emit, signal: runSignal, left });
    },
    save: watchedAs(choices, context).save,
  };
}

/**
 * Whoever agrees to a run must know before what of it this machine cannot do, and what it has to fetch.
 * @throws BenchError tool-missing
 */
async function lookHere({ plan, assets }: Planned, signal: AbortSignal): Promise<LookedAt> {
  const engine = await loadEngine();
  const others = topologiesOnTriton(plan);
  const here = await engine.lookAtMachine({ assets, triton: others.length > 0 }, signal);
  if (here.noTriton !== null && others.length === plan.topologies.length) throw here.noTriton;
  return here;
}

function notHere(plan: Plan, here: LookedAt | null): string[] {
  if (!here?.noTriton) return [];
  const names = [...new Set(topologiesOnTriton(plan).map(({ name }) => name))].join(', ');
  return [vscode.l10n.t('{0} will be skipped. {1}', names, explain(here.noTriton))];
}

function topologiesOnTriton({ topologies }: Plan): Plan['topologies'] {
  return topologies.filter(({ name }) => name !== 'fastapi');
}

function watchedAs(
  choices: BenchmarkChoices,
  context: PrepareContext,
): { readonly target: TargetChoice; readonly log: vscode.LogOutputChannel; readonly save: PreparedRun['save'] } {
  return {
    target: choices.target,
    log: context.log,
    async save(record) {
      const store = await storeOf(choices, context);
      await store.save(record);
      const engine = await loadEngine();
      await engine.removeJournal(engine.journalPath(context.journals.directory, record.id));
    },
  };
}

/** A run that another window began, and that may have ended since. */
export async function prepareAgain(
  journal: string,
  header: JournalHeader,
  context: PrepareContext,
): Promise<PreparedRun> {
  const engine = await loadEngine();
  // Only a program of our own version wrote it, into a folder of the extension's own.
  const known = header.about as KnownRun;
  const watched = watchedAs(known.choices, context);
  const hold = new Hold(engine, journal, context.journals.window, context.log);
  return {
    ...known,
    runId: header.runId,
    warnings: [],
    firstFetch: null,
    isUnderWay: true,
    hold,
    turn: goneBy,
    carryOut: (emit, signal, left) =>
      watchToEnd({ ...watched, journal, watching: engine.watchRunner(journal), hold, emit, signal, left }),
    save: watched.save,
  };
}

function taskOf(
  about: Pick<RunTask, 'runId' | 'claim' | 'resultsDirectory'>,
  { plan, origin, modelPaths, settings }: Planned,
  target: TargetChoice,
  { extensionPath, version }: PrepareContext,
): RunTask {
  const { kubeconfig, packageIndexUrl } = settings;
  return {
    ...about,
    plan,
    origin,
    root: extensionPath,
    version,
    modelPaths,
    target:
      target.kind === 'local'
        ? { kind: 'local' }
        : { kind: 'kubernetes', context: target.context, kubeconfig, packageIndexUrl },
  };
}

function headerOf(runId: string, about: KnownRun, { version, journals }: PrepareContext): JournalHeader {
  const folder = folderFor(scopeOf(about.choices))?.uri.toString() ?? null;
  return { kind: 'run', version, runId, workspace: journals.workspace, folder, about };
}

function storeOf(choices: BenchmarkChoices, context: PrepareContext): Promise<RunStore> {
  return context.results.storeFor(scopeOf(choices));
}

/** The file of a subject; undefined for the built-in model. */
export function configUri(subject: Subject): vscode.Uri | undefined {
  if (subject.kind === 'built-in') return undefined;
  const uri = vscode.Uri.parse(subject.uri, true);
  if (uri.scheme === 'file') return uri;
  throw new BenchError({
    reason: 'model-unsupported',
    message: vscode.l10n.t('{0} is not a file on a disk, so the model beside it cannot be read.', uri.toString(true)),
    nextStep: vscode.l10n.t('Open the model from a folder on this machine.'),
  });
}

function gpuPlan(choice: GpuChoice | null, settings: Settings): GpuPlan | null {
  if (choice === null) return null;
  const product = choice.product === null ? {} : { [choice.productLabel ?? gpuProductLabels[0]]: choice.product };
  return {
    ...settings.gpu,
    resource: choice.resource,
    count: choice.count,
    nodeSelector: { ...settings.gpu.nodeSelector, ...product },
  };
}
