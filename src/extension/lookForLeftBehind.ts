import * as vscode from 'vscode';
import { offerLeftBehind } from './commands/cleanUp.ts';
import type { Services } from './services.ts';

/** Later, so that it is no part of activation; and again, when a window that has just closed may still hold its lease. */
const delaysMs: readonly number[] = [3_000, 70_000, 70_000];

/**
 * Looks for runs that a closed window left behind: once VS Code is up, and once the workspace is trusted. Where no run is
 * noted nothing is loaded and nobody is asked.
 */
export function lookForLeftBehind(services: Services): vscode.Disposable {
  const offered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let disposed = false;
  const look = (remaining: readonly number[]): void => {
    const [delayMs, ...later] = remaining;
    clearTimeout(timer);
    if (delayMs === undefined || disposed) return;
    timer = setTimeout(() => {
      // What goes on, or went on, without a window is noted a moment after the start.
      if (services.memory.unfinished().length === 0) {
        look(later);
        return;
      }
      offerLeftBehind(services, offered).then(
        (lookAgain) => {
          if (lookAgain) look(later);
        },
        (error: unknown) => {
          services.failures.note(error, 'looking for runs left behind');
        },
      );
    }, delayMs);
  };
  look(delaysMs);
  return vscode.Disposable.from(
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      look(delaysMs);
    }),
    {
      dispose: () => {
        disposed = true;
        clearTimeout(timer);
      },
    },
  );
}
