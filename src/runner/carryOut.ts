import { BenchError, explain, toBenchError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { cutOff, failureOf } from '../core/failure.ts';
import type { Runs, Target } from '../core/ports.ts';
import type * as engineModule from '../engine/index.ts';
import type { RunTask } from '../engine/runTask.ts';
import type * as kubernetesModule from '../kubernetes/index.ts';
import type { JournalEnd } from '../runs/journal.ts';

export interface Bundles {
  readonly engine: typeof engineModule;
  readonly kubernetes: () => typeof kubernetesModule;
}

export interface Listener {
  /** False when it could not be told. */
  event(event: RunEvent): boolean;
  log(line: string): void;
}

/** Carries out one run, up to its clean-up. Never rejects: how it ended says what went wrong. */
export async function carryOut(
  task: RunTask,
  bundles: Bundles,
  listener: Listener,
  signal: AbortSignal,
): Promise<JournalEnd> {
  const { engine } = bundles;
  let runs: ReturnType<typeof watchSave> | undefined;
  let target: ReturnType<typeof watchClose> | undefined;
  let failure: BenchError | null = null;
  let untold: Extract<RunEvent, { type: 'run-ended' }> | undefined;
  // The window that took the run's turn may be gone before it could pass it on.
  if (task.claim !== null)
    await engine.passClaim(task.claim, await engine.processOf(process.pid)).catch(() => undefined);
  try {
    runs = watchSave(engine.openRunStore(task.resultsDirectory));
    const assets = engine.openAssets(task.root, task.version);
    const payload = await assets.payload();
    // From here on there may be something to clean up.
    target = watchClose(openTarget(task, assets, bundles, listener));
    const { systemClock: clock, sha256 } = engine;
    const { plan, runId, version, origin } = task;
    const ports = { target, runs, payload, clock, sha256, version, origin, thisMachine: engine.thisMachine() };
    const hear = (event: RunEvent): void => {
      if (!listener.event(event) && event.type === 'run-ended') untold = event;
    };
    await engine.benchmark(plan, runId, ports, hear, signal);
  } catch (error) {
    failure = toBenchError(error, 'running the benchmark');
  }
  if (task.claim !== null) await engine.dropClaim(task.claim);
  let notSaved = runs?.notSaved() ?? null;
  // Neither folder took it, and a measurement cannot be had back.
  if (notSaved !== null && untold !== undefined) notSaved = await elsewhere(untold, notSaved, engine);
  return {
    kind: 'end',
    failure: orNull(failure),
    notSaved: orNull(notSaved),
    leftBehind: orNull(target?.leftBehind() ?? null),
    kept: target?.kept() ?? null,
  };
}

function orNull(error: BenchError | null): JournalEnd['failure'] {
  return error === null ? null : failureOf(error);
}

function openTarget(
  task: RunTask,
  assets: ReturnType<Bundles['engine']['openAssets']>,
  { engine, kubernetes }: Bundles,
  listener: Listener,
): Target {
  const { modelPaths } = task;
  const loadDriver = engine.createLoadDriver({ workerPath: assets.workerPath });
  if (task.target.kind === 'local') {
    const log = (line: string): void => {
      listener.log(line);
    };
    return engine.createLocalTarget({ assets, loadDriver, modelPaths, log });
  }
  const { context, kubeconfig, packageIndexUrl } = task.target;
  return kubernetes().createKubernetesTarget({
    assets,
    loadDriver,
    modelPaths,
    context,
    ...(kubeconfig === null ? {} : { kubeconfigPath: kubeconfig }),
    ...(packageIndexUrl === null ? {} : { packageIndexUrl }),
  });
}

/**
 * The engine turns a failed clean-up, and what stays on purpose, into warnings of the run; who started it must know them as such.
 * Nothing counts as cleaned up until it was.
 */
function watchClose(target: Target): Target & { leftBehind(): BenchError | null; kept(): string | null } {
  let problem: BenchError | null = cutOff();
  let kept: string | undefined;
  return {
    preflight: (...parts) => target.preflight(...parts),
    deploy: (...parts) => target.deploy(...parts),
    async close(signal) {
      try {
        kept = await target.close(signal);
        problem = null;
        return kept;
      } catch (error) {
        problem = toBenchError(error, 'cleaning up');
        throw error;
      }
    },
    leftBehind: () => problem,
    kept: () => kept ?? null,
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

async function elsewhere(
  { record }: Extract<RunEvent, { type: 'run-ended' }>,
  problem: BenchError,
  engine: Bundles['engine'],
): Promise<BenchError> {
  try {
    const path = await engine.saveElsewhere(record);
    return new BenchError({
      reason: 'save-failed',
      message: `${problem.message} It was written to ${path} in its place.`,
      nextStep: 'Move that file to the results folder when there is space.',
    });
  } catch (error) {
    return new BenchError({ reason: 'save-failed', message: `${problem.message} ${explain(error)}` });
  }
}
