import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { JournalHeader } from '../runs/journal.ts';
import { prepareContext } from './commands/planAsking.ts';
import type { CommandId } from './contributions.ts';
import { loadEngine, loadRecords } from './engine.ts';
import { Hold } from './hold.ts';
import { prepareAgain, type PreparedRun } from './prepare.ts';
import type { Services } from './services.ts';
import { accompany, tellOutcome, tellUnseen } from './startRun.ts';
import { watchOtherVersion } from './watchOtherVersion.ts';

/** A run that has ended while nobody looked needs no progress shown for the moment that reading its journal takes, in a window that just opened. */
const unshownMs = 5_000;
/** What is left of runs of other workspaces is kept for their own windows as long; a record that is nowhere else for ever. */
const keptMs = 7 * 24 * 3_600_000;

/** How often, and how long, a window that starts asks whether the one that it was before has gone. */
const askEveryMs = 1_000;
const goneWithinMs = 15_000;

interface Journal {
  readonly path: string;
  readonly header: JournalHeader;
}

/**
 * Shows again what goes on after its window has closed, or has ended since: runs of this workspace, and of the one that it was
 * before (see isOfThisWindow), whose processes write down what they do. Where nothing is under way nothing is loaded. A run that
 * another window of this workspace looks after is shown without a word, until that window goes.
 */
export async function watchAgain(services: Services): Promise<void> {
  const { directory, workspace } = services.journals;
  if ((await readdir(directory).catch(() => [])).length === 0) return;
  const { hasUnsavedRecord, listJournals, removeJournal } = await loadRecords();
  for (const { changedAtMs, ...journal } of await listJournals(directory)) {
    const { path, header } = journal;
    if (header.workspace === workspace) await watch(journal, services);
    else if (isOfThisWindow(header)) await takeOver(journal, services);
    else if (Date.now() - changedAtMs > keptMs && !(await hasUnsavedRecord(path))) await removeJournal(path);
  }
}

/**
 * Whether a run of another workspace may be of what this window was before: a window that gets its first folder, or a second one,
 * or that is saved as a workspace, is another workspace from then on.
 */
function isOfThisWindow({ workspace, folder }: JournalHeader): boolean {
  if (workspace === null) return true;
  return vscode.workspace.workspaceFolders?.some(({ uri }) => uri.toString() === folder) === true;
}

/** Shows it once nobody looks after it: at once, or when the window before, which needs a moment for that, has gone. A window that stays keeps it. */
async function takeOver(journal: Journal, services: Services): Promise<void> {
  const hold = new Hold(await loadEngine(), journal.path, services.journals.window, services.log);
  if (await hold.take()) {
    await watch(journal, services);
    return;
  }
  const takeLater = async (): Promise<void> => {
    for (let waitedMs = 0; waitedMs < goneWithinMs; waitedMs += askEveryMs) {
      await sleep(askEveryMs, undefined, { ref: false });
      if (await hold.take()) {
        await watch(journal, services);
        return;
      }
    }
  };
  takeLater().catch(noted(services));
}

/** Resolves when this window knows of the run. */
async function watch({ path, header }: Journal, services: Services): Promise<void> {
  if (services.runs.get(header.runId) !== undefined) return;
  const watched =
    header.version === services.extension.version
      ? resume(await prepareAgain(path, header, prepareContext(services)), services)
      : watchOtherVersion(path, header, services);
  watched.catch(noted(services));
}

function noted({ failures }: Services): (error: unknown) => void {
  return (error) => {
    failures.note(error, 'watching a run that goes on');
  };
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
    cancelled: vscode.l10n.t(
      'The benchmark of {0} went on after its window had closed, and was cancelled.',
      run.subject,
    ),
    failed: vscode.l10n.t('The benchmark of {0} went on after its window had closed, and has failed.', run.subject),
  });
}
