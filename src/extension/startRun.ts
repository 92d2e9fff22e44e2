import * as vscode from 'vscode';
import { BenchError, toBenchError } from '../core/errors.ts';
import { errorOf } from '../core/failure.ts';
import type { RunRecord, TopologyResult } from '../core/record.ts';
import type { CommandId } from './contributions.ts';
import { runTime } from './describe.ts';
import { mendingOf } from './failures.ts';
import { tellingRows } from './figures.ts';
import { offerCleanUp } from './offerCleanUp.ts';
import { plainText } from './plainText.ts';
import type { PreparedRun, RunEnd } from './prepare.ts';
import { RunNotice } from './runNotice.ts';
import type { LiveRun } from './runs.ts';
import type { Services } from './services.ts';

/**
 * Starts a run, or queues it: opens its panel, shows its progress, and says at the end what the user must know. The one way
 * to start a run, for the questions, "benchmark again" and tests. Resolves when everything is over, clean-up included.
 * @throws BenchError forbidden in a workspace that is not trusted
 * @param retry starts the same anew, for the button of a failure
 */
export async function startRun(prepared: PreparedRun, services: Services, retry?: () => void): Promise<RunEnd> {
  if (!vscode.workspace.isTrusted) {
    throw new BenchError({
      reason: 'forbidden',
      message: vscode.l10n.t('Topology Bench runs nothing from a workspace that you do not trust.'),
      nextStep: vscode.l10n.t('Trust the workspace first.'),
    });
  }
  const { runs, panels, log } = services;
  for (const warning of prepared.warnings) log.warn(`${prepared.runId}: ${warning}`);
  const { run, ended } = runs.start(prepared);
  panels.show({ runId: run.id }, panelTitle(run));
  const end = await accompany(run, ended, services, retry);
  tellUnseen(run, end, services, {
    completed: vscode.l10n.t('The benchmark of {0} is complete.', run.subject),
    cancelled: vscode.l10n.t('The benchmark of {0} was cancelled.', run.subject),
    failed: vscode.l10n.t('The benchmark of {0} has failed.', run.subject),
  });
  return end;
}

/** Shows a run's progress until it has ended, clean-up included, and says then what the user must know. */
export async function accompany(
  run: LiveRun,
  ended: Promise<RunEnd>,
  services: Services,
  retry?: () => void,
): Promise<RunEnd> {
  void vscode.window.withProgress({ location: { viewId: 'topologyBench.topologies' } }, () => ended);
  const notice = new RunNotice(run, services);
  const end = await ended;
  notice.dispose();
  services.results.changed();
  services.cluster.changed();
  tell(run, end, services, retry);
  return end;
}

export function panelTitle(run: Pick<LiveRun, 'id' | 'subject'>): string {
  return `${run.subject} · ${runTime(run.id, vscode.env.language)}`;
}

/**
 * Where no panel in sight shows the figures of a run that has ended, and nothing was said of it yet: says how it did, and offers
 * to open them.
 */
export function tellUnseen(
  run: LiveRun,
  { record }: RunEnd,
  { panels, failures }: Services,
  texts: Readonly<Record<RunRecord['status'], string>>,
): void {
  if (record === null || tellingRows(record).length === 0 || failedIn(record).length > 0 || panels.shows(run.id))
    return;
  const open = vscode.l10n.t('Open Results');
  vscode.window.showInformationMessage(plainText(texts[record.status]), open).then(
    (chosen) => {
      if (chosen === open) openResults(run.id);
    },
    (error: unknown) => {
      failures.note(error, 'saying that the benchmark has ended');
    },
  );
}

/** What went well shows in the panel; what did not is said, with what can be done. */
function tell(run: LiveRun, end: RunEnd, services: Services, retry: (() => void) | undefined): void {
  tellOutcome(run, end, services, retry);
  if (end.leftBehind === null) return;
  const { target } = run.choices;
  void offerCleanUp(end.leftBehind, target.kind === 'kubernetes' ? target : undefined, services);
}

/** All but what should be gone and is left on the cluster. */
export function tellOutcome(run: LiveRun, end: RunEnd, services: Services, retry: (() => void) | undefined): void {
  const { failures } = services;
  if (end.notSaved !== null) offerToSave(run.id, end.notSaved, services);
  if (end.kept !== null) tellKept(end.kept, services);
  const failed = end.record === null ? [] : failedIn(end.record);
  if (failed.length === 0) {
    if (end.failure !== null) failures.show(end.failure, 'running the benchmark', retry);
    return;
  }
  // The record tells of each topology what went wrong, which is more than the first failure does.
  if (end.failure !== null) failures.note(end.failure, 'running the benchmark');
  const reasons = failed.map((topology) =>
    `${topology.topology.name}: ${topology.failure?.message ?? ''} ${topology.failure?.nextStep ?? ''}`.trim(),
  );
  const [mending] = failed.flatMap(({ failure }) => (failure && mendingOf(errorOf(failure).reason)) ?? []);
  sayFailed(run, reasons, services, retry, mending).catch((error: unknown) => {
    failures.note(error, 'saying what failed');
  });
}

function failedIn({ topologies }: RunRecord): readonly TopologyResult[] {
  return topologies.filter(({ failure, status }) => failure !== null && status !== 'cancelled');
}

async function sayFailed(
  run: LiveRun,
  reasons: readonly string[],
  services: Services,
  retry: (() => void) | undefined,
  mending: ReturnType<typeof mendingOf>,
): Promise<void> {
  const open = vscode.l10n.t('Open Results');
  const again = vscode.l10n.t('Retry');
  const showLog = vscode.l10n.t('Show Log');
  const isSeen = services.panels.shows(run.id);
  const buttons = [
    ...(isSeen ? [] : [open]),
    ...(retry === undefined ? [] : [again]),
    ...(mending === undefined ? [] : [mending.label]),
    showLog,
  ];
  const message = plainText(vscode.l10n.t('Benchmark of {0}: {1}', run.subject, reasons.join(' ')));
  const chosen = await vscode.window.showWarningMessage(message, ...buttons);
  if (chosen === open) openResults(run.id);
  else if (chosen === again) retry?.();
  else if (chosen === showLog) services.log.show();
  else if (mending !== undefined && chosen === mending.label) await mending.run();
}

function openResults(runId: string): void {
  void vscode.commands.executeCommand('topologyBench.openResults' satisfies CommandId, runId);
}

/** Whoever agreed to a namespace for this run thinks it gone. */
function tellKept(kept: string, { log, failures }: Services): void {
  const showLog = vscode.l10n.t('Show Log');
  vscode.window.showWarningMessage(plainText(kept), showLog).then(
    (chosen) => {
      if (chosen === showLog) log.show();
    },
    (error: unknown) => {
      failures.note(error, 'saying which namespace stays');
    },
  );
}

/** Offers to save the record again, as often as it takes: it cannot be measured a second time. */
function offerToSave(runId: string, problem: BenchError, services: Services): void {
  const { failures, runs, results } = services;
  failures.show(problem, 'saving the record', () => {
    runs.saveAgain(runId).then(
      () => {
        results.changed();
        void vscode.window.showInformationMessage(vscode.l10n.t('The record of the benchmark is saved.'));
      },
      (error: unknown) => {
        offerToSave(runId, toBenchError(error, 'saving the record'), services);
      },
    );
  });
}
