import * as vscode from 'vscode';
import type { CommandId } from './contributions.ts';
import { runFraction, runProgress } from './describe.ts';
import { plainText } from './plainText.ts';
import type { LiveRun } from './runs.ts';
import type { Services } from './services.ts';

/** Longer than a tab is passed by, or than a panel that comes back with its window takes to come. */
const unseenMs = 1_000;

/** A run's progress as a notification, with Cancel, while no panel in sight shows it: over the panel it would hide what it says. */
export class RunNotice implements vscode.Disposable {
  readonly #run: LiveRun;
  readonly #runs: Services['runs'];
  readonly #panels: Services['panels'];
  readonly #looking: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  /** Takes the notification away; undefined where there is none. */
  #close: (() => void) | undefined;

  constructor(run: LiveRun, { runs, panels }: Pick<Services, 'runs' | 'panels'>) {
    this.#run = run;
    this.#runs = runs;
    this.#panels = panels;
    this.#looking = panels.onDidChangeSight(() => {
      this.#look();
    });
    this.#look();
  }

  dispose(): void {
    this.#looking.dispose();
    this.#hide();
  }

  #look(): void {
    if (this.#panels.shows(this.#run.id)) this.#hide();
    else if (this.#close === undefined)
      this.#timer ??= setTimeout(() => {
        this.#show();
      }, unseenMs).unref();
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#close?.();
    this.#close = undefined;
  }

  #show(): void {
    const { id, subject } = this.#run;
    // VS Code calls back later, when the panel may be in sight again.
    const closed = new Promise<void>((resolve) => {
      this.#close = resolve;
    });
    void vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        cancellable: true,
        title: `${plainText(vscode.l10n.t('Benchmark of {0}', subject))} (${links(id)})`,
      },
      async (progress, token) => {
        const asking = token.onCancellationRequested(() => {
          this.#runs.cancel(id);
        });
        const following = this.#follow(progress);
        await closed;
        following.dispose();
        asking.dispose();
      },
    );
  }

  /** Reports the run's progress in words and as a fraction. */
  #follow(progress: vscode.Progress<{ message?: string; increment?: number }>): vscode.Disposable {
    let reported = 0;
    const report = (run: LiveRun): void => {
      const percent = run.state === null ? 0 : Math.floor(runFraction(run.state) * 100);
      progress.report({ message: plainText(words(run)), increment: Math.max(0, percent - reported) });
      reported = Math.max(reported, percent);
    };
    report(this.#runs.get(this.#run.id) ?? this.#run);
    return this.#runs.onDidChange((run) => {
      if (run.id === this.#run.id) report(run);
    });
  }
}

function links(runId: string): string {
  const argument = encodeURIComponent(JSON.stringify([runId]));
  return [
    `[${vscode.l10n.t('results')}](command:${'topologyBench.openResults' satisfies CommandId}?${argument})`,
    `[${vscode.l10n.t('log')}](command:${'topologyBench.showOutput' satisfies CommandId})`,
  ].join(', ');
}

function words(run: LiveRun): string {
  if (run.cancelling) return vscode.l10n.t('stopping and cleaning up');
  return run.state === null ? run.waitsFor : runProgress(run.state);
}
