import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';

interface Watch {
  readonly config: string;
  readonly watcher: vscode.Disposable;
}

/**
 * Watches the model configs that open plan files name: one that is in no editor changes on the disk alone, by another program or
 * another commit, and no document tells of that.
 */
export class ConfigWatches implements vscode.Disposable {
  readonly #changed: () => void;
  /** By the plan file's address. */
  readonly #watches = new Map<string, Watch>();
  #isDisposed = false;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** @param config path of the plan's config, in place of the one before; it need not be there at the moment */
  follow(plan: string, config: string): void {
    if (this.#isDisposed || this.#watches.get(plan)?.config === config) return;
    this.leave(plan);
    this.#watches.set(plan, { config, watcher: this.#watch(config) });
  }

  /** For a plan file that was closed. */
  leave(plan: string): void {
    this.#watches.get(plan)?.watcher.dispose();
    this.#watches.delete(plan);
  }

  isWatched(config: string): boolean {
    return [...this.#watches.values()].some((watch) => watch.config === config);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const plan of [...this.#watches.keys()]) this.leave(plan);
  }

  #watch(config: string): vscode.Disposable {
    // Of its folder alone, so that it may lie outside of the workspace.
    const pattern = new vscode.RelativePattern(vscode.Uri.file(dirname(config)), basename(config));
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    return vscode.Disposable.from(
      watcher,
      watcher.onDidCreate(this.#changed),
      watcher.onDidChange(this.#changed),
      watcher.onDidDelete(this.#changed),
    );
  }
}
