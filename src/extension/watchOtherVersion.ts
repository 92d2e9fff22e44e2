import * as vscode from 'vscode';
import { BenchError, isCancelled } from '../core/errors.ts';
import { cutOff, errorOf } from '../core/failure.ts';
import type { JournalEnd, JournalHeader } from '../runs/journal.ts';
import type { CommandId } from './contributions.ts';
import { loadEngine, type Engine } from './engine.ts';
import { Hold } from './hold.ts';
import { offerCleanUp } from './offerCleanUp.ts';
import { plainText } from './plainText.ts';
import type { Services } from './services.ts';
import { signalFrom } from './signals.ts';

/** One that has ended while nobody looked needs no progress shown for the moment that reading its journal takes. */
const unshownMs = 1_000;

/** What its journal says in any version. */
interface Seen {
  /** undefined: its process ended without a word. */
  readonly end: JournalEnd | undefined;
  /** As the other version wrote it; undefined: it had none. */
  readonly record: unknown;
}

/**
 * A run that another version of this extension began, as before an update. How a journal begins and ends and how a run is stopped
 * is the same in all versions, and no more: so the run is shown in words alone, can be cancelled, and its end is told.
 */
export async function watchOtherVersion(journal: string, header: JournalHeader, services: Services): Promise<void> {
  const engine = await loadEngine();
  const hold = new Hold(engine, journal, services.journals.window, services.log);
  await hold.watch();
  try {
    const ending = follow(journal, engine);
    const waited = new Promise<void>((resolve) => {
      setTimeout(resolve, unshownMs).unref();
    });
    await Promise.race([ending, Promise.all([waited, hold.taken])]);
    if (hold.isOurs) showProgress(journal, header, ending, engine);
    const seen = await ending;
    services.results.changed();
    services.cluster.changed();
    if (await hold.take()) await settle(journal, header, seen, services, engine);
  } finally {
    hold.end();
  }
}

async function follow(journal: string, engine: Engine): Promise<Seen> {
  let end: JournalEnd | undefined;
  let record: unknown;
  await engine.watchRunner(journal).follow((line) => {
    if (line.kind === 'end') end = line;
    else if (line.kind === 'event' && line.event.type === 'run-ended') record = line.event.record;
  }, new AbortController().signal);
  return { end, record };
}

function showProgress(journal: string, header: JournalHeader, ending: Promise<Seen>, engine: Engine): void {
  void vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: vscode.l10n.t('A benchmark of Topology Bench {0} goes on', header.version),
    },
    async (progress, token) => {
      const stop = signalFrom(token);
      stop.signal.addEventListener('abort', () => {
        engine.askToStop(journal);
        progress.report({ message: vscode.l10n.t('stopping and cleaning up') });
      });
      await ending.catch(() => undefined);
      stop.dispose();
    },
  );
}

/** Sees to it that its record is kept, and says what the user must know. */
async function settle(
  journal: string,
  { runId, version }: JournalHeader,
  { end, record }: Seen,
  services: Services,
  engine: Engine,
): Promise<void> {
  const { failures, memory, results } = services;
  const note = memory.unfinished().find((unfinished) => unfinished.runId === runId);
  try {
    if (record !== undefined && end?.notSaved !== null) {
      const store = await results.storeFor(undefined);
      await store.save(engine.parseRecord(journal, JSON.stringify(record)));
      results.changed();
    }
    await engine.removeJournal(journal);
  } catch (error) {
    // The journal stays, with the only copy of it.
    failures.show(error, 'saving the record');
  }
  // What ran on this machine ends with the process that ran it.
  const left = end === undefined ? (note === undefined ? null : cutOff()) : errorIn(end.leftBehind);
  if (left === null) await memory.forgetUnfinished(runId);
  else void offerCleanUp(left, note, services);
  const failure = end === undefined ? endedEarly(version) : errorIn(end.failure);
  if (record === undefined && isCancelled(failure)) await memory.noteStoppedEarly(runId, { begun: true });
  if (failure !== null) failures.show(failure, 'running the benchmark');
  else if (record !== undefined) await tellEnd(runId, version);
}

function errorIn(failure: JournalEnd['failure']): BenchError | null {
  return failure === null ? null : errorOf(failure);
}

function endedEarly(version: string): BenchError {
  return new BenchError({
    reason: 'internal',
    message: vscode.l10n.t(
      'The process that carried out a benchmark of Topology Bench {0} ended before the benchmark did.',
      version,
    ),
    nextStep: vscode.l10n.t('Check that this machine has memory to spare, and that nothing ends processes.'),
  });
}

async function tellEnd(runId: string, version: string): Promise<void> {
  const open = vscode.l10n.t('Open Results');
  const message = vscode.l10n.t('The benchmark that Topology Bench {0} had begun has ended.', version);
  if ((await vscode.window.showInformationMessage(plainText(message), open)) !== open) return;
  await vscode.commands.executeCommand('topologyBench.openResults' satisfies CommandId, runId);
}
