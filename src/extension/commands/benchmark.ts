import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { BenchError, isCancelled } from '../../core/errors.ts';
import { nothingRunsHere, topologiesWithoutCluster } from '../../core/localSupport.ts';
import type { TopologyName } from '../../core/plan.ts';
import { withoutCreation, type BenchmarkChoices, type TargetChoice } from '../choices.ts';
import { gpuName, subjectName, targetName } from '../describe.ts';
import { configUri, type PreparedRun, type RunEnd } from '../prepare.ts';
import { askBenchmark } from '../questions/benchmark.ts';
import { confirmAnswers, confirmNamespace, confirmRun } from '../questions/confirm.ts';
import type { Answer } from '../questions/pick.ts';
import { askAbout, saveSubject } from '../questions/subject.ts';
import { choicesOfRun } from '../runChoices.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { startRun } from '../startRun.ts';
import { trustedOrTold } from '../trust.ts';
import { meantRun } from './meantRun.ts';
import { choicesOfPlan, planFileIn } from './planFile.ts';
import { askMissingTokenizer, prepareAsking, prepareRun } from './planAsking.ts';

/**
 * Benchmark Topology: on a model config or a plan file (lens, explorer), on a topology of the tree, or on nothing (palette).
 * Asks what is missing, says what will run, and starts it.
 */
export async function benchmarkCommand(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const planFile = planFileIn(argument);
  if (planFile !== undefined) {
    await benchmarkPlan(planFile, services);
    return;
  }
  const target = targetIn(argument);
  // Before four questions that lead nowhere.
  if (target?.kind === 'local' && topologiesWithoutCluster(process).length === 0) throw nothingRunsHere();
  const title = vscode.l10n.t('Benchmark Topology');
  const prepared = await askAbout<PreparedRun>(
    argument,
    title,
    services.memory.lastAnswers()?.subject,
    async (subject, canGoBack) => {
      await saveSubject(subject);
      if (!(await askMissingTokenizer(subject, services))) return { kind: canGoBack ? 'back' : 'left' };
      const known = {
        subject,
        last: services.memory.lastChoices(),
        answers: services.memory.lastAnswers(),
        settings: readSettings(configUri(subject)),
        cluster: services.cluster,
        title: vscode.l10n.t('Benchmark Topology: {0}', subjectName(subject)),
        topologies: topologiesIn(argument),
        target,
        canGoBack,
      };
      return askBenchmark(known, (answered) => confirmAnswered(answered, services));
    },
  );
  if (prepared === undefined) return;
  const again = (): Promise<void> => startAnswered(prepared.choices, services);
  await orOffer(again, services, () => begin(prepared, services, { again }));
}

/** Keeps the answers, with which the questions begin the next time, whatever becomes of this start. */
async function confirmAnswered(choices: BenchmarkChoices, services: Services): Promise<Answer<PreparedRun>> {
  let answer: Answer<PreparedRun> = { kind: 'left' };
  const again = (): Promise<void> => startAnswered(choices, services);
  await orOffer(again, services, async () => {
    await services.memory.rememberAnswers(choices);
    await saveSubject(choices.subject);
    answer = await confirmAnswers(choices, services, (changed) => prepareAsking(changed, services));
  });
  return answer;
}

async function startAnswered(choices: BenchmarkChoices, services: Services): Promise<void> {
  const again = (): Promise<void> => startAnswered(choices, services);
  await orOffer(again, services, async () => {
    await saveSubject(choices.subject);
    await start(choices, services, { confirm: confirmRun, again });
  });
}

/** What goes wrong before the start must not cost the answers: the button of its failure goes on with them. */
async function orOffer(again: () => Promise<void>, services: Services, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    services.failures.show(error, 'starting the benchmark', button(again, services));
  }
}

/** What a button of a failure does: whatever becomes of it is said, too. */
function button(again: () => Promise<void>, { failures }: Services): () => void {
  return () => {
    again().catch((error: unknown) => {
      failures.show(error, 'starting the benchmark');
    });
  };
}

/** Runs that are being started again: to read a large model takes a while, in which a second click means the same start. */
const startingAgain = new Set<string>();

/**
 * The same model and answers as the run that is meant (see meantRun), without questions but those of safety: a namespace is
 * made only when the user says so, and a protected context asks for its name.
 */
export async function benchmarkAgain(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const title = vscode.l10n.t('Benchmark Again');
  const isKnown = (id: string): boolean => choicesOfRun(id, services.memory, services.runs) !== undefined;
  const runId = await meantRun(argument, title, services, isKnown);
  if (runId === undefined || startingAgain.has(runId)) return;
  startingAgain.add(runId);
  const begun = (): void => {
    startingAgain.delete(runId);
  };
  try {
    await startAgain(runId, services, begun);
  } finally {
    begun();
  }
}

/** @param begun is called once the new run is there, which may be long before this resolves */
async function startAgain(runId: string, services: Services, begun: () => void): Promise<void> {
  const choices = choicesOfRun(runId, services.memory, services.runs);
  if (choices === undefined) {
    throw new BenchError({
      reason: 'nothing-there',
      message: vscode.l10n.t('It is not known in this workspace which model config this run was of.'),
      nextStep: vscode.l10n.t('Start the benchmark from the model config.'),
    });
  }
  if (choices.plan !== undefined) {
    await benchmarkPlan(vscode.Uri.parse(choices.plan.uri, true), services, { before: choices, begun });
    return;
  }
  await saveSubject(choices.subject);
  await start(choices, services, { confirm: confirmNamespace, begun });
}

interface PlanStart {
  /** The answers to an earlier start of it. */
  readonly before?: BenchmarkChoices;
  /** Whether that one ran: then nobody is asked once more while file, model and target are the same. */
  readonly isAgreed?: boolean;
  readonly begun?: () => void;
}

/** Exactly what a plan file says, with no question but whether to start. */
async function benchmarkPlan(
  uri: vscode.Uri,
  services: Services,
  { before, isAgreed = true, begun }: PlanStart = {},
): Promise<void> {
  const choices = await choicesOfPlan(uri, services, before);
  if (choices === undefined) return;
  const isSame = isAgreed && before !== undefined && whatAndWhere(before) === whatAndWhere(choices);
  const anew = (): Promise<void> => benchmarkPlan(uri, services, { before: choices, isAgreed: false });
  await orOffer(anew, services, async () => {
    await saveSubject(choices.subject);
    await start(choices, services, {
      confirm: isSame ? confirmNamespace : confirmRun,
      again: () => benchmarkPlan(uri, services, { before: choices }),
      begun,
    });
  });
}

/** The context of an earlier run may be gone, and its model may lie elsewhere. */
function whatAndWhere({ plan, subject, target }: BenchmarkChoices): string {
  return JSON.stringify([plan, subject, targetName(target)]);
}

interface Start extends Begin {
  /** What the user is asked before the run starts. */
  readonly confirm: typeof confirmRun;
}

interface Begin {
  /** Starts the same anew, for the button of a failure. */
  readonly again?: () => Promise<void>;
  /** The run is there, queued or under way. */
  readonly begun?: (() => void) | undefined;
}

async function start(choices: BenchmarkChoices, services: Services, how: Start): Promise<void> {
  const { confirm, again = () => start(choices, services, { confirm: confirmRun }), begun } = how;
  const confirmed = await confirm(choices, services, (changed) => prepareAsking(changed, services));
  if (confirmed !== undefined) await begin(confirmed, services, { again, begun });
}

async function begin(
  confirmed: PreparedRun,
  services: Services,
  { again, begun }: Begin & { readonly again: () => Promise<void> },
): Promise<void> {
  if (!(await mayStart(confirmed, services))) return;
  const settle = await rememberStart(confirmed, services);
  const ended = startRun(confirmed, services, button(again, services));
  begun?.();
  await settle(await ended);
}

/**
 * Starts a run without questions, but that of a protected context; resolves when it is over, clean-up included.
 * @throws BenchError forbidden when the context's name was not typed; what is wrong with the model, the settings or the plan
 */
export async function benchmarkUnasked(
  choices: BenchmarkChoices,
  services: Services,
): Promise<{ readonly runId: string; readonly end: RunEnd }> {
  const prepared = await prepareRun(choices, services, new AbortController().signal);
  if (!(await mayStart(prepared, services))) {
    throw new BenchError({
      reason: 'forbidden',
      message: vscode.l10n.t(
        'Nothing was started on {0}: its context is protected, and its name was not typed.',
        targetName(choices.target),
      ),
      nextStep: vscode.l10n.t('Start it again and type the name, or choose another context.'),
    });
  }
  const settle = await rememberStart(prepared, services);
  const end = await startRun(prepared, services);
  await settle(end);
  return { runId: prepared.runId, end };
}

async function mayStart(prepared: PreparedRun, { protection }: Services): Promise<boolean> {
  const { target } = prepared.choices;
  return target.kind !== 'kubernetes' || protection.permits(target.context, whatRuns(prepared));
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

/**
 * What a plan file decided was no answer of the user's, to be offered for another model.
 * @returns what is to be called with the end of the run: one that was refused did not run
 */
async function rememberStart({ choices }: PreparedRun, { memory }: Services): Promise<(end: RunEnd) => Promise<void>> {
  if (choices.plan !== undefined) return async () => undefined;
  const before = memory.lastChoices();
  const last = { ...choices, target: withoutCreation(choices.target) };
  await memory.rememberAnswers(choices);
  await memory.rememberChoices(last);
  return async (end) => {
    // Another run may have begun meanwhile.
    if (wasRefused(end) && isDeepStrictEqual(memory.lastChoices(), last)) await memory.rememberChoices(before);
  };
}

/** Before anything was made, as where rights are missing. */
function wasRefused({ record, failure }: RunEnd): boolean {
  return record === null && failure !== null && !isCancelled(failure);
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
