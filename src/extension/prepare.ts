import * as vscode from 'vscode';
import { BenchError, throwIfCancelled, toBenchError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import type { GpuPlan, Plan } from '../core/plan.ts';
import type { Assets } from '../assets/assets.ts';
import type { Choices } from '../core/planning.ts';
import type { Origin, Payload, Runs, Target } from '../core/ports.ts';
import type { RunRecord } from '../core/record.ts';
import type { ModelRequest } from '../models/resolve.ts';
import { poolsOf, type BenchmarkChoices, type GpuChoice, type Subject } from './choices.ts';
import { loadEngine, loadKubernetes } from './engine.ts';
import type { Memory } from './memory.ts';
import type { Results } from './results.ts';
import { namedFiles } from './planFiles.ts';
import { readSettings, type Settings } from './settings.ts';

/** A run that could start now: its plan is made and its files were found; nothing was made anywhere yet. */
export interface PreparedRun {
  readonly runId: string;
  readonly choices: BenchmarkChoices;
  readonly plan: Plan;
  readonly estimateSeconds: number;
  readonly warnings: readonly string[];
  /** What must not be shared with another run. */
  readonly pools: readonly string[];
  /** Never rejects: how it ended says what went wrong. */
  carryOut(emit: (event: RunEvent) => void, signal: AbortSignal): Promise<RunEnd>;
  /** Writes a record of this run to where the settings say at this moment. @throws BenchError save-failed */
  save(record: RunRecord): Promise<void>;
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
}

export interface PrepareContext {
  readonly extensionPath: string;
  readonly version: string;
  readonly memory: Memory;
  readonly results: Results;
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
  return { plan, payload, origin, assets, modelPaths, settings, warnings };
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

/** Makes the plan, and what carries it out. @throws BenchError as makePlanned */
export async function prepare(
  choices: BenchmarkChoices,
  context: PrepareContext,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const planned = await makePlanned(choices, context, signal);
  const { plan, payload, origin } = planned;
  const engine = await loadEngine();
  const runId = engine.newRunId();
  return {
    runId,
    choices,
    plan,
    estimateSeconds: engine.estimateSeconds(plan),
    warnings: planned.warnings,
    pools: poolsOf(choices, plan.load.vantage === 'this-machine'),
    async carryOut(emit, runSignal) {
      let record: RunRecord | null = null;
      let runs: ReturnType<typeof watchSave> | undefined;
      let target: ReturnType<typeof watchClose> | undefined;
      let failure: BenchError | null = null;
      try {
        runs = watchSave(await storeOf(choices, context));
        // From here on there may be something to clean up.
        target = watchClose(await openTarget(choices, planned, context));
        const { systemClock: clock, sha256 } = engine;
        const thisMachine = engine.thisMachine();
        const ports = { target, runs, payload, clock, sha256, version: context.version, origin, thisMachine };
        const hear = (event: RunEvent): void => {
          // A run in which no topology got numbers has its record too, though the engine then ends with the failure.
          if (event.type === 'run-ended') record = event.record;
          emit(event);
        };
        record = await engine.benchmark(plan, runId, ports, hear, runSignal);
      } catch (error) {
        failure = toBenchError(error, 'running the benchmark');
      }
      return {
        record,
        failure,
        notSaved: runs?.notSaved() ?? null,
        leftBehind: target?.leftBehind() ?? null,
      };
    },
    async save(record) {
      const store = await storeOf(choices, context);
      await store.save(record);
    },
  };
}

function storeOf(choices: BenchmarkChoices, context: PrepareContext): Promise<Runs> {
  return context.results.storeFor(scopeOf(choices));
}

async function openTarget(choices: BenchmarkChoices, planned: Planned, context: PrepareContext): Promise<Target> {
  const { assets, modelPaths, settings } = planned;
  const { createLoadDriver, createLocalTarget } = await loadEngine();
  const loadDriver = createLoadDriver({ workerPath: assets.workerPath });
  if (choices.target.kind === 'local') {
    const log = (line: string): void => {
      context.log.info(line);
    };
    return createLocalTarget({ assets, loadDriver, modelPaths, log });
  }
  const { createKubernetesTarget } = await loadKubernetes();
  return createKubernetesTarget({
    assets,
    loadDriver,
    modelPaths,
    context: choices.target.context,
    ...(settings.kubeconfig === null ? {} : { kubeconfigPath: settings.kubeconfig }),
    ...(settings.packageIndexUrl === null ? {} : { packageIndexUrl: settings.packageIndexUrl }),
  });
}

/** The file of a subject; undefined for the built-in model. */
export function configUri(subject: Subject): vscode.Uri | undefined {
  if (subject.kind === 'built-in') return undefined;
  const uri = vscode.Uri.parse(subject.uri, true);
  if (uri.scheme === 'file') return uri;
  throw new BenchError({
    reason: 'model-unsupported',
    message: `${uri.toString(true)} is not a file on a disk, so the model beside it cannot be read.`,
    nextStep: 'Open the model from a folder on this machine.',
  });
}

function gpuPlan(choice: GpuChoice | null, settings: Settings): GpuPlan | null {
  if (choice === null) return null;
  const product = choice.product === null ? {} : { 'nvidia.com/gpu.product': choice.product };
  return {
    ...settings.gpu,
    resource: choice.resource,
    count: choice.count,
    nodeSelector: { ...settings.gpu.nodeSelector, ...product },
  };
}

/**
 * The engine turns a failed clean-up into a warning of the run; who started it must know it as such. Nothing counts as
 * cleaned up until it was.
 */
function watchClose(target: Target): Target & { leftBehind(): BenchError | null } {
  let problem: BenchError | null = new BenchError({
    reason: 'clean-up-incomplete',
    message: 'The run ended before it had cleaned up, so something of it may be left.',
    nextStep: 'Run Clean Up to find and remove it.',
  });
  return {
    preflight: (...parts) => target.preflight(...parts),
    deploy: (...parts) => target.deploy(...parts),
    async close(signal) {
      try {
        await target.close(signal);
        problem = null;
      } catch (error) {
        problem = toBenchError(error, 'cleaning up');
        throw error;
      }
    },
    leftBehind: () => problem,
  };
}

/** The same for a record that could not be saved. */
function watchSave(runs: Runs): Runs & { notSaved(): BenchError | null } {
  let problem: BenchError | null = null;
  return {
    async save(record) {
      try {
        await runs.save(record);
        problem = null;
      } catch (error) {
        problem = toBenchError(error, 'saving the record');
        throw error;
      }
    },
    notSaved: () => problem,
  };
}
