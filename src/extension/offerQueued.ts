import * as vscode from 'vscode';
import type { CommandId } from './contributions.ts';
import { subjectName } from './describe.ts';
import { plainText } from './plainText.ts';
import type { Services } from './services.ts';

/** Later, so that it is no part of activation; and again, when the window that has just closed may not have ended yet. */
const delaysMs: readonly number[] = [3_000, 10_000, 30_000];

/** Runs that waited for another one when their window closed were never begun: that is said once, and they can be started. */
export function offerQueued(services: Services): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const look = ([delayMs, ...later]: readonly number[]): void => {
    if (delayMs === undefined) return;
    timer = setTimeout(() => {
      if (left(services, false).length > 0) look(later);
      offer(services).catch((error: unknown) => {
        services.failures.note(error, 'offering what was not started');
      });
    }, delayMs);
  };
  look(delaysMs);
  return vscode.Disposable.from({
    dispose: () => {
      clearTimeout(timer);
    },
  });
}

/** Of other windows, by whether they have gone. */
function left({ memory, runs }: Services, gone: boolean): readonly string[] {
  return memory
    .queued()
    .filter(({ runId, pid }) => runs.get(runId) === undefined && (pid === process.pid || !isThere(pid)) === gone)
    .map(({ runId }) => runId);
}

async function offer(services: Services): Promise<void> {
  const { memory } = services;
  const ids = left(services, true);
  for (const id of ids) await memory.forgetQueued(id);
  const subjects = ids.flatMap((id) => memory.choicesOf(id) ?? []).map(({ subject }) => subjectName(subject));
  const [first] = subjects;
  if (first === undefined) return;
  const start = subjects.length === 1 ? vscode.l10n.t('Start It') : vscode.l10n.t('Start Them');
  const message =
    subjects.length === 1
      ? vscode.l10n.t('The benchmark of {0} waited for another one when its window closed, and was not started.', first)
      : vscode.l10n.t(
          '{0} benchmarks waited for another one when their window closed, and were not started: {1}.',
          subjects.length,
          subjects.join(', '),
        );
  if ((await vscode.window.showInformationMessage(plainText(message), start)) !== start) return;
  for (const id of ids) {
    // Each resolves when its run has ended, and says itself what goes wrong.
    void vscode.commands.executeCommand('topologyBench.benchmarkAgain' satisfies CommandId, id);
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process that we may not signal is there all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
