import * as vscode from 'vscode';
import { BenchError } from '../../core/errors.ts';
import type { TopologyName } from '../../core/plan.ts';
import type { BenchmarkChoices, TargetChoice } from '../choices.ts';
import { gpuName, subjectName, targetName } from '../describe.ts';
import { configUri, type PreparedRun } from '../prepare.ts';
import { askBenchmark } from '../questions/benchmark.ts';
import { confirmNamespace, confirmRun } from '../questions/confirm.ts';
import { subjectFrom, saveSubject } from '../questions/subject.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { startRun } from '../startRun.ts';
import { trustedOrTold } from '../trust.ts';
import { prepareAsking } from './planAsking.ts';

/**
 * Benchmark Topology: on a model config (lens, explorer), on a topology of the tree, or on nothing (palette). Asks what is
 * missing, says what will run, and starts it.
 */
export async function benchmarkCommand(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const subject = await subjectFrom(argument, vscode.l10n.t('Benchmark Topology'));
  if (subject === undefined) return;
  await saveSubject(subject);
  const choices = await askBenchmark({
    subject,
    last: services.memory.lastChoices(),
    settings: readSettings(configUri(subject)),
    cluster: services.cluster,
    title: vscode.l10n.t('Benchmark Topology: {0}', subjectName(subject)),
    topologies: topologiesIn(argument),
    target: targetIn(argument),
  });
  if (choices !== undefined) await start(choices, services, confirmRun);
}

/**
 * The same model and answers as an earlier run, without questions but those of safety: a namespace is made only when the
 * user says so, and a protected context asks for its name.
 */
export async function benchmarkAgain(runId: string, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const choices = services.memory.choicesOf(runId);
  if (choices === undefined) {
    throw new BenchError({
      reason: 'model-not-found',
      message: 'It is not known any more which model config this run was of.',
      nextStep: 'Start the benchmark from the model config.',
    });
  }
  await saveSubject(choices.subject);
  await start(choices, services, confirmNamespace);
}

/** @param confirm what the user is asked before the run starts */
async function start(choices: BenchmarkChoices, services: Services, confirm: typeof confirmRun): Promise<void> {
  const confirmed = await confirm(choices, services, (changed) => prepareAsking(changed, services));
  if (confirmed === undefined) return;
  const { target } = confirmed.choices;
  if (target.kind === 'kubernetes' && !(await services.protection.permits(target.context, whatRuns(confirmed)))) return;
  await services.memory.rememberChoices({ ...confirmed.choices, target: withoutCreation(target) });
  await startRun(confirmed, services, () => {
    void start(choices, services, confirmRun).catch((error: unknown) => {
      services.failures.show(error, 'starting the benchmark');
    });
  });
}

function whatRuns({ choices }: PreparedRun): string {
  const { subject, topologies, target, gpu } = choices;
  return vscode.l10n.t(
    'Benchmark {0}: {1} on {2}, {3}.',
    subjectName(subject),
    topologies.join(', '),
    targetName(target),
    gpuName(gpu),
  );
}

/** A namespace is created because the user said so then, not because they said so once. */
function withoutCreation(target: TargetChoice): TargetChoice {
  return target.kind === 'local' ? target : { ...target, createNamespace: false };
}

/** The topology of the tree's node that the command was called on. */
function topologiesIn(argument: unknown): readonly TopologyName[] | undefined {
  if (typeof argument !== 'object' || argument === null || !('topology' in argument)) return undefined;
  const { topology } = argument;
  return topology === 'fastapi' || topology === 'triton' || topology === 'hybrid' ? [topology] : undefined;
}

/** The welcome text's link begins a run on this machine. */
function targetIn(argument: unknown): TargetChoice | undefined {
  const local =
    typeof argument === 'object' && argument !== null && 'target' in argument && argument.target === 'local';
  return local ? { kind: 'local' } : undefined;
}
