import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, explain } from '../core/errors.ts';
import { identityOf, isAlive } from '../local/processIdentity.ts';
import { hasProcess } from '../processes/hasProcess.ts';
import { passClaim } from '../runs/claims.ts';
import {
  beginJournal,
  followJournal,
  lastWordsPath,
  removeJournal,
  type JournalHeader,
  type JournalLine,
  type JournalProcess,
} from '../runs/journal.ts';
import type { RunTask } from './runTask.ts';

/** Longest that a process may take to say its first word: it loads a few MB of program, on a machine that may be busy. */
const firstWordMs = 60_000;
const aliveCheckMs = 2_000;
const keptLastWords = 1_000;

/** A run in a process of its own, as seen from a window. */
export interface Watching {
  /**
   * Hands over what the run has said, from its beginning, and then as it comes.
   * @returns "ended" with the run's last line, "gone" when its process ended without one, "left" when `signal` was aborted
   * @throws what the file system says, when the journal is gone
   */
  follow(hear: (line: JournalLine) => void, signal: AbortSignal): Promise<'ended' | 'gone' | 'left'>;
}

/**
 * Begins a run in a process of its own, which goes on when this one ends, and which is followed and stopped by its journal.
 * @param task.root has dist/runner.cjs, the program of that process
 * @throws BenchError internal when it cannot be started; then nothing is left
 */
export async function startRunner(task: RunTask, journal: string, header: JournalHeader): Promise<Watching> {
  let isBegun = false;
  try {
    await beginJournal(journal, header);
    isBegun = true;
    return watchProcess(journal, await spawnRunner(task, journal));
  } catch (error) {
    if (isBegun) await removeJournal(journal).catch(() => undefined);
    throw new BenchError({
      reason: 'internal',
      message: `The process that carries out the run could not be started: ${explain(error)}.`,
      nextStep: 'Check that the disk has space and that this user may start more processes.',
      cause: error,
    });
  }
}

/** A run that another window began. */
export function watchRunner(journal: string): Watching {
  return watchProcess(journal, () => false);
}

/** What the run's process wrote beside its journal, cut to its end; "" when nothing. */
export async function lastWords(journal: string): Promise<string> {
  return (await readFile(lastWordsPath(journal), 'utf8').catch(() => '')).trim().slice(-keptLastWords);
}

/** @returns whether the process has ended */
async function spawnRunner(task: RunTask, journal: string): Promise<() => boolean> {
  const errors = openSync(lastWordsPath(journal), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [join(task.root, 'dist', 'runner.cjs'), journal], {
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'ignore', errors],
      // In VS Code, process.execPath is Electron, which is Node only when told so.
      // What a debugger put in NODE_OPTIONS is for the window's own process.
      env: { ...process.env, NODE_OPTIONS: undefined, ELECTRON_RUN_AS_NODE: '1' },
    });
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // How a process that takes no input ended shows in its journal and its last words.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(JSON.stringify(task));
    child.unref();
    if (task.claim !== null) await passOn(task.claim, child.pid);
    return () => ended;
  } finally {
    closeSync(errors);
  }
}

/** At once, because the window may go at any time. Where that fails, others wait no longer than the window is there. */
async function passOn(claim: string, pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  await passClaim(claim, await processOf(pid)).catch(() => undefined);
}

function watchProcess(journal: string, hasEnded: () => boolean): Watching {
  return {
    follow(hear, signal) {
      const began = performance.now();
      let checkedAt = Number.NEGATIVE_INFINITY;
      const hasGone = async (writer: JournalProcess | undefined): Promise<boolean> => {
        if (hasEnded()) return true;
        const now = performance.now();
        if (writer === undefined) return now - began > firstWordMs;
        if (now - checkedAt < aliveCheckMs) return false;
        checkedAt = now;
        return !(await isRunning(writer));
      };
      return followJournal(journal, hear, hasGone, signal);
    },
  };
}

/** As it is written down, for `isRunning`; null where its start cannot be had. */
export async function processOf(pid: number): Promise<Pick<JournalProcess, 'pid' | 'startedAt'>> {
  return { pid, startedAt: (await identityOf(pid))?.startedAt ?? null };
}

/** Whether a process that was written down is there still. */
export async function isRunning({ pid, startedAt }: Pick<JournalProcess, 'pid' | 'startedAt'>): Promise<boolean> {
  return startedAt === null ? hasProcess(pid) : isAlive({ pid, startedAt });
}
