import * as vscode from 'vscode';
import { BenchError, toBenchError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { cutOff, errorOf } from '../core/failure.ts';
import type { Failure, RunRecord } from '../core/record.ts';
import type { Watching } from '../engine/runner.ts';
import type { JournalEnd } from '../runs/journal.ts';
import type { TargetChoice } from './choices.ts';
import { loadEngine, type Engine } from './engine.ts';
import type { Hold } from './hold.ts';
import type { RunEnd } from './prepare.ts';

export interface Watched {
  readonly journal: string;
  readonly watching: Watching;
  readonly hold: Hold;
  readonly target: TargetChoice;
  readonly log: vscode.LogOutputChannel;
  /** Where its record belongs. @throws BenchError save-failed */
  readonly save: (record: RunRecord) => Promise<void>;
  readonly emit: (event: RunEvent) => void;
  /** Asks the run to stop. */
  readonly signal: AbortSignal;
  /** The window goes, and the run goes on. */
  readonly left: AbortSignal;
}

/** A run from what its process has said so far to its end. Never rejects; of a run that the window leaves it never resolves. */
export async function watchToEnd(watched: Watched): Promise<RunEnd> {
  const { journal, watching, hold, log, emit, signal, left } = watched;
  const engine = await loadEngine();
  let record: RunRecord | null = null;
  let end: JournalEnd | undefined;
  const stop = (): void => {
    try {
      engine.askToStop(journal);
    } catch (error) {
      log.error(`The run could not be asked to stop: ${toBenchError(error, 'stopping the run').message}`);
    }
  };
  const letGo = (): void => {
    hold.release();
  };
  if (left.aborted) letGo();
  left.addEventListener('abort', letGo);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    await hold.watch();
    const how = await watching.follow((line) => {
      if (line.kind === 'log') log.info(line.line);
      else if (line.kind === 'end') end = line;
      else if (line.kind === 'event') {
        // A run in which no topology got numbers has its record too, though the engine then ends with the failure.
        if (line.event.type === 'run-ended') record = line.event.record;
        emit(line.event);
      }
    }, left);
    if (how === 'left') await new Promise<never>(() => undefined);
    // What this window then takes away it must hold: another one may have to read it, or to save its record.
    await hold.take();
    return end === undefined ? await endOfDead(watched, record, engine) : await endOf(end, record, watched, engine);
  } catch (error) {
    // Another window has looked after the run to its end, and has taken the journal away before this one had opened it.
    if (isGone(error) && !hold.isOurs)
      return { record: null, failure: null, notSaved: null, leftBehind: cutOff(), kept: null };
    const failure = toBenchError(error, 'watching the run');
    return { record, failure, notSaved: null, leftBehind: cutOff(), kept: null };
  } finally {
    signal.removeEventListener('abort', stop);
    hold.end();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function endOf(
  { failure, notSaved, leftBehind, kept }: JournalEnd,
  record: RunRecord | null,
  { journal, hold }: Watched,
  engine: Engine,
): Promise<RunEnd> {
  // A record that is nowhere else is kept, for this window or the next to save.
  if (hold.isOurs && (notSaved === null || record === null)) await engine.removeJournal(journal);
  const error = (of: Failure | null): BenchError | null => (of === null ? null : errorOf(of));
  return { record, failure: error(failure), notSaved: error(notSaved), leftBehind: error(leftBehind), kept };
}

/** Its process was killed, or the machine went down. */
async function endOfDead(
  { journal, hold, target, save }: Watched,
  record: RunRecord | null,
  engine: Engine,
): Promise<RunEnd> {
  const words = await engine.lastWords(journal);
  let notSaved: BenchError | null = null;
  if (record !== null && hold.isOurs) {
    try {
      await save(record);
    } catch (error) {
      notSaved = toBenchError(error, 'saving the record');
    }
  }
  if (hold.isOurs && notSaved === null) await engine.removeJournal(journal);
  const failure = new BenchError({
    reason: 'internal',
    message:
      words === ''
        ? vscode.l10n.t('The process that carried out the run ended before the run did.')
        : vscode.l10n.t('The process that carried out the run ended before the run did. Its last words: {0}', words),
    nextStep: vscode.l10n.t('Check that this machine has memory to spare, and that nothing ends processes.'),
  });
  // What ran on this machine ends with the process that ran it.
  return { record, failure, notSaved, leftBehind: target.kind === 'local' ? null : cutOff(), kept: null };
}
