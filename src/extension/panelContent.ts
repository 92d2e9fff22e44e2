import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { planSubject } from '../core/anyPlan.ts';
import { cancelledEarlyText } from '../core/view/cancelledRun.ts';
import { comparedSubject, comparisonView } from '../core/view/comparisonView.ts';
import { BenchError, explain, isCancelled, toBenchError } from '../core/errors.ts';
import type { EnteredGpuPrice } from '../core/gpuPrice.ts';
import type { RunRecord } from '../core/record.ts';
import type { BenchmarkAgain, PanelRequest, PanelSubject, View } from '../protocol/messages.ts';
import type { Baselines } from './baselines.ts';
import { comparedRecords } from './comparedRecords.ts';
import { showConfigs } from './configDocuments.ts';
import type { ConfigTexts } from './configTexts.ts';
import type { CommandId } from './contributions.ts';
import { runTime, subjectName } from './describe.ts';
import { timeWords } from './localTime.ts';
import type { Memory } from './memory.ts';
import type { PanelContent } from './panel.ts';
import { showPlans } from './planDocuments.ts';
import type { Results } from './results.ts';
import { choicesOfRun } from './runChoices.ts';
import type { LiveRun, Runs } from './runs.ts';
import { saveChart } from './saveChart.ts';
import { openSettings, readSettings } from './settings.ts';
import { textColumn } from './textColumn.ts';
import { standingLines } from './trees/baselineMark.ts';

/** Longest that a panel waits for what goes on without a window to be found. */
const watchedWithinMs = 2_000;

/** As long as no run is pinned. */
const noBaselines: Pick<Baselines, 'readFor' | 'standingOf'> = {
  readFor: async () => undefined,
  standingOf: () => ({ kind: 'no baseline' }),
};

/**
 * What a panel shows of a run, live or on disk, and what its page may ask for.
 * @param watched resolves when this window knows of the runs that go on without the window that began them
 */
export function createPanelContent(
  runs: Runs,
  results: Results,
  memory: Memory,
  log: vscode.LogOutputChannel,
  configTexts: ConfigTexts,
  watched: () => Promise<unknown> = async () => undefined,
  baselines: Pick<Baselines, 'readFor' | 'standingOf'> = noBaselines,
): PanelContent {
  const benchmarkAgain = (runId: string): BenchmarkAgain => {
    if (choicesOfRun(runId, memory, runs) === undefined) return 'unknown';
    return vscode.workspace.isTrusted ? 'possible' : 'needs-trust';
  };
  const rememberedSubject = (runId: string): string | undefined => {
    const choices = memory.choicesOf(runId);
    return choices === undefined ? undefined : subjectName(choices.subject);
  };
  /** undefined: there is neither a run nor a record. */
  const viewOfOne = async (runId: string): Promise<View | undefined> => {
    const { gpuPrice } = readSettings(undefined);
    const run = runs.get(runId);
    if (run !== undefined) return viewOfRun(run, benchmarkAgain(runId), gpuPrice);
    const subject = rememberedSubject(runId);
    try {
      const record = await results.read(runId);
      const kept = { notSaved: null, cleanedUp: cleanedUp(runId, memory) };
      return recordView(record, subject, benchmarkAgain(runId), kept, gpuPrice);
    } catch (error) {
      if ((await results.fileOf(runId)) === undefined) return undefined;
      const problem = toBenchError(error, 'reading the run record');
      return problemView(subject ?? runTime(runId, vscode.env.language), problem, benchmarkAgain(runId));
    }
  };
  const viewOfRecord = async (runId: string): Promise<View | undefined> => {
    const view = await viewOfOne(runId);
    return view?.kind === 'record' ? besideBaseline(view, baselines) : view;
  };
  return {
    async view({ runId, before }) {
      if (runId === null) return problemView('', refusal(vscode.l10n.t('This panel was of no run.')), 'unknown');
      if (before !== undefined) return viewOfTwo(before, runId, runs, results);
      const view = await viewOfRecord(runId);
      if (view !== undefined) return view;
      // A panel that comes back with its window asks before the window has found the run that went on without it.
      await Promise.race([watched(), sleep(watchedWithinMs, undefined, { ref: false })]);
      const found = await viewOfRecord(runId);
      if (found !== undefined) return found;
      const name = rememberedSubject(runId) ?? runTime(runId, vscode.env.language);
      return (
        stoppedView(runId, name, memory, benchmarkAgain(runId)) ?? problemView(name, noRecord(), benchmarkAgain(runId))
      );
    },
    isUnderWay: (runId) => runs.get(runId)?.end === null,
    async answer(subject, request) {
      await answer(subject, request, { runs, results, memory, log, configTexts });
    },
  };
}

/** A restored panel can be of a run that waited when its window closed, that another version carries out, or whose record was deleted. */
function noRecord(): BenchError {
  return new BenchError({
    reason: 'record-unreadable',
    message: vscode.l10n.t(
      'There is no record of this run. It may still be under way, begun by another version of Topology Bench; or it was stopped before it had a result, its window closed while it waited, or the record was deleted.',
    ),
    nextStep: vscode.l10n.t('A record that comes is shown here; else benchmark again to have one.'),
  });
}

function viewOfRun(run: LiveRun, benchmarkAgain: BenchmarkAgain, gpuPrice: EnteredGpuPrice): View {
  const { subject, cancelling, end, state } = run;
  // A run in which every topology failed has a record too: it says of each what went wrong.
  if (end?.record) {
    const notSaved = end.notSaved === null ? null : explain(end.notSaved);
    const kept = { notSaved, cleanedUp: end.leftBehind === null };
    return recordView(end.record, subject, benchmarkAgain, kept, gpuPrice);
  }
  if (isCancelled(end?.failure)) {
    const how = { begun: state !== null, target: run.plan.target.kind, cleanedUp: end?.leftBehind === null };
    return { kind: 'cancelled', subject, message: cancelledEarlyText(how), benchmarkAgain };
  }
  if (end?.failure) return problemView(subject, end.failure, benchmarkAgain);
  if (state === null) return { kind: 'queued', subject, message: run.waitsFor, cancelling };
  return { kind: 'live', state, elapsedMs: performance.now() - run.beganAtMs, subject, cancelling, gpuPrice };
}

/** Of a run that an earlier window saw stopped before it had a figure, which has no record; undefined of any other. */
function stoppedView(runId: string, subject: string, memory: Memory, benchmarkAgain: BenchmarkAgain): View | undefined {
  const stopped = memory.stoppedEarly(runId);
  const choices = memory.choicesOf(runId);
  if (stopped === undefined || choices === undefined) return undefined;
  const how = { begun: stopped.begun, target: choices.target.kind, cleanedUp: cleanedUp(runId, memory) };
  return { kind: 'cancelled', subject, message: cancelledEarlyText(how), benchmarkAgain };
}

/** Of a run that has ended; null: it was not begun in this workspace, or so long ago that nobody remembers. */
function cleanedUp(runId: string, memory: Memory): boolean | null {
  if (memory.unfinished().some((run) => run.runId === runId)) return false;
  return memory.choicesOf(runId) === undefined ? null : true;
}

async function viewOfTwo(before: string, after: string, runs: Runs, results: Results): Promise<View> {
  try {
    const [first, second] = await comparedRecords(before, after, runs, results);
    const comparison = comparisonView(first, second);
    return { kind: 'comparison', comparison, subject: comparedSubject(first, second), times: timeWords() };
  } catch (error) {
    const times = [before, after].map((id) => runTime(id, vscode.env.language));
    return problemView(times.join(' ↔ '), toBenchError(error, 'comparing the runs'), 'unknown');
  }
}

function recordView(
  record: RunRecord,
  subject: string | undefined,
  benchmarkAgain: BenchmarkAgain,
  kept: { readonly notSaved: string | null; readonly cleanedUp: boolean | null },
  gpuPrice: EnteredGpuPrice,
): View {
  return {
    kind: 'record',
    record,
    subject: subject ?? planSubject(record.plan),
    benchmarkAgain,
    ...kept,
    gpuPrice,
    times: timeWords(),
  };
}

/** As the tooltip of its row in the Results view has it. */
async function besideBaseline(
  view: Extract<View, { kind: 'record' }>,
  baselines: Pick<Baselines, 'readFor' | 'standingOf'>,
): Promise<View> {
  await baselines.readFor(view.record);
  const standing = baselines.standingOf(view.record);
  return standing.kind === 'other' ? { ...view, besideBaseline: standingLines(standing) } : view;
}

function problemView(subject: string, error: BenchError, benchmarkAgain: BenchmarkAgain): View {
  return { kind: 'problem', subject, message: error.message, nextStep: error.nextStep ?? null, benchmarkAgain };
}

interface Asked {
  readonly runs: Runs;
  readonly results: Results;
  readonly memory: Memory;
  readonly log: vscode.LogOutputChannel;
  readonly configTexts: ConfigTexts;
}

async function answer(
  { runId, before }: PanelSubject,
  request: Exclude<PanelRequest, { kind: 'swap' }>,
  { runs, results, memory, log, configTexts }: Asked,
): Promise<void> {
  switch (request.kind) {
    case 'cancel':
      if (runId === null || !runs.cancel(runId)) throw refusal(vscode.l10n.t('The run has ended already.'));
      return;
    case 'open-log':
      log.show();
      return;
    case 'benchmark-again':
      if (runId === null) throw refusal(vscode.l10n.t('This panel shows no run.'));
      // The questions belong to the user's window; the page need not wait for them.
      void vscode.commands.executeCommand('topologyBench.benchmarkAgain' satisfies CommandId, runId);
      return;
    case 'open-record': {
      const document = runId === null ? undefined : await recordDocument(runId, runs, results);
      if (document === undefined) throw refusal(vscode.l10n.t('This run has no record.'));
      await vscode.window.showTextDocument(document, { viewColumn: textColumn() });
      return;
    }
    case 'set-gpu-price':
      // As above: the page need not wait for what the user types.
      void vscode.commands.executeCommand('topologyBench.setGpuPrice' satisfies CommandId);
      return;
    case 'open-image-settings':
      await openSettings('images');
      return;
    case 'export':
      if (runId === null) throw refusal(vscode.l10n.t('This panel shows no run.'));
      void vscode.commands.executeCommand('topologyBench.exportResult' satisfies CommandId, runId);
      return;
    case 'save-chart':
      if (runId === null) throw refusal(vscode.l10n.t('This panel shows no run.'));
      await saveChart({ id: runId, plan: (runs.get(runId) ?? (await results.read(runId))).plan }, request, memory);
      return;
    case 'compare':
      // As above.
      void vscode.commands.executeCommand('topologyBench.compareWith' satisfies CommandId, runId);
      return;
    case 'show-plans':
      if (runId === null || before === undefined) throw refusal(vscode.l10n.t('This panel compares no runs.'));
      await showPlans(...(await comparedRecords(before, runId, runs, results)));
      return;
    case 'show-configs':
      if (runId === null || before === undefined) throw refusal(vscode.l10n.t('This panel compares no runs.'));
      await showConfigs(...(await comparedRecords(before, runId, runs, results)), configTexts);
      return;
    case 'show-run':
      void vscode.commands.executeCommand(
        'topologyBench.openResults' satisfies CommandId,
        request.which === 'before' ? before : runId,
      );
      return;
    case 'copy':
      await vscode.env.clipboard.writeText(request.text);
      return;
  }
}

/** The record's file; a record that is not on the disk opens as a document that can be saved anywhere. */
async function recordDocument(runId: string, runs: Runs, results: Results): Promise<vscode.TextDocument | undefined> {
  const file = await results.fileOf(runId);
  if (file !== undefined) return vscode.workspace.openTextDocument(file);
  const record = runs.get(runId)?.end?.record ?? runs.get(runId)?.state?.record;
  if (!record) return undefined;
  return vscode.workspace.openTextDocument({ language: 'json', content: `${JSON.stringify(record, null, 2)}\n` });
}

function refusal(message: string): BenchError {
  return new BenchError({ reason: 'internal', message });
}
