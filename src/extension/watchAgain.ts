import { readdir } from 'node:fs/promises';
import * as vscode from 'vscode';
import { prepareContext } from './commands/planAsking.ts';
import type { CommandId } from './contributions.ts';
import { loadRecords } from './engine.ts';
import { prepareAgain, type PreparedRun } from './prepare.ts';
import type { Services } from './services.ts';
import { accompany, tellOutcome, tellUnseen } from './startRun.ts';
import { watchOtherVersion } from './watchOtherVersion.ts';

/** A run that has ended while nobody looked needs no progress shown for the moment that reading its journal takes, in a window that just opened. */
const unshownMs = 5_000;
/** What is left of runs of other workspaces is kept for their own windows as long; a record that is nowhere else for ever. */
const keptMs = 7 * 24 * 3_600_000;

/**
 * Shows again what goes on after its window has closed, or has ended since: runs of this workspace, whose processes write
 * down what they do. Where nothing is under way nothing is loaded. A run that another window of this workspace looks after is
 * shown without a word, until that window goes.
 */
export async function watchAgain(services: Services): Promise<void> {
  const { directory, workspace } = services.journals;
  if ((await readdir(directory).catch(() => [])).length === 0) return;
  const { hasUnsavedRecord, listJournals, removeJournal } = await loadRecords();
  const all = await listJournals(directory);
  const { version } = services.extension;
  for (const { path, header, changedAtMs } of all) {
    if (header.workspace !== workspace) {
      const isOld = Date.now() - changedAtMs > keptMs;
      if (isOld && !(await hasUnsavedRecord(path))) await removeJournal(path);
      continue;
    }
    if (services.runs.get(header.runId) !== undefined) continue;
    const watched =
      header.version === version
        ? resume(await prepareAgain(path, header, prepareContext(services)), services)
        : watchOtherVersion(path, header, services);
    watched.catch((error: unknown) => {
      services.failures.note(error, 'watching a run that goes on');
    });
  }
}

async function resume(prepared: PreparedRun, services: Services): Promise<void> {
  const { run, ended } = services.runs.start(prepared);
  const { hold } = prepared;
  const retry = (): void => {
    void vscode.commands.executeCommand('topologyBench.benchmarkAgain' satisfies CommandId, run.id);
  };
  const waited = new Promise<undefined>((resolve) => {
    setTimeout(resolve, unshownMs, undefined).unref();
  });
  let end = await Promise.race([ended, waited]);
  if (end === undefined) await Promise.race([ended, hold.taken]);
  if (!hold.isOurs) {
    await ended;
    services.results.changed();
    services.cluster.changed();
    return;
  }
  if (end === undefined) end = await accompany(run, ended, services, retry);
  else {
    services.results.changed();
    services.cluster.changed();
    // What it left on the cluster is offered by who looks for what was left behind.
    tellOutcome(run, end, services, retry);
  }
  // Nobody may remember that it was under way.
  tellUnseen(run, end, services, {
    completed: vscode.l10n.t('The benchmark of {0} went on after its window had closed, and is complete.', run.subject),
    ended: vscode.l10n.t('The benchmark of {0} went on after its window had closed, and has ended.', run.subject),
  });
}
