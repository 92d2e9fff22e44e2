import * as vscode from 'vscode';
import { BenchError, explain } from '../core/errors.ts';
import type { RunRecord } from '../core/record.ts';
import type { RunStore, StoredRun } from '../runs/store.ts';
import { loadEngine } from './engine.ts';
import { resultsDirectory } from './settings.ts';

/** A record on disk, or why it cannot be read; `directory` tells equal ids of two folders apart. */
export type Result = StoredRun & { readonly directory: string };

/** Records of all folders of this workspace. */
export class Results implements vscode.Disposable {
  readonly #storage: vscode.Uri;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #settingsListener: vscode.Disposable;
  #watchers: { readonly directory: string; readonly watcher: vscode.Disposable }[] = [];
  /** Records are never edited, so one that was read stays true until it is deleted. */
  readonly #read = new Map<string, RunRecord>();
  readonly onDidChange = this.#changed.event;

  constructor(storage: vscode.Uri, log: vscode.LogOutputChannel) {
    this.#storage = storage;
    this.#log = log;
    this.#settingsListener = vscode.Disposable.from(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.changed();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('topologyBench.resultsFolder')) this.changed();
      }),
    );
  }

  /** Where the record of a model goes. */
  async storeFor(modelConfig: vscode.Uri | undefined): Promise<RunStore> {
    const folder =
      (modelConfig === undefined ? undefined : vscode.workspace.getWorkspaceFolder(modelConfig)) ??
      vscode.workspace.workspaceFolders?.[0];
    const { openRunStore } = await loadEngine();
    return openRunStore(resultsDirectory(folder, this.#storage));
  }

  /**
   * Newest first, of every folder.
   * @throws BenchError record-unreadable when a folder itself cannot be read
   */
  async list(): Promise<Result[]> {
    const { openRunStore } = await loadEngine();
    const directories = this.#directories();
    this.#watch(directories);
    const lists = await Promise.all(
      directories.map(async (directory) =>
        (await openRunStore(directory).list()).map((run) => ({ ...run, directory })),
      ),
    );
    const all = lists.flat().sort((a, b) => (a.id < b.id ? 1 : -1));
    for (const result of all) if (result.record !== undefined) this.#read.set(result.id, result.record);
    return all;
  }

  /** @throws BenchError record-unreadable */
  async read(id: string): Promise<RunRecord> {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const { openRunStore } = await loadEngine();
    let problem: unknown;
    for (const directory of this.#directories()) {
      try {
        const record = await openRunStore(directory).read(id);
        this.#read.set(id, record);
        return record;
      } catch (error) {
        problem = error;
      }
    }
    throw new BenchError({
      reason: 'record-unreadable',
      message: problem === undefined ? `There is no run record ${id}.` : explain(problem),
      cause: problem,
    });
  }

  /** Only what is in memory: for who must not wait. */
  known(id: string): RunRecord | undefined {
    return this.#read.get(id);
  }

  /** The file of a record; undefined when no folder has it. */
  async fileOf(id: string): Promise<vscode.Uri | undefined> {
    const { openRunStore } = await loadEngine();
    for (const directory of this.#directories()) {
      const file = vscode.Uri.file(openRunStore(directory).pathOf(id));
      try {
        await vscode.workspace.fs.stat(file);
        return file;
      } catch {
        // Not in this folder; the next may have it.
      }
    }
    return undefined;
  }

  async delete(result: Pick<Result, 'id' | 'directory'>): Promise<void> {
    const { openRunStore } = await loadEngine();
    const file = vscode.Uri.file(openRunStore(result.directory).pathOf(result.id));
    try {
      await vscode.workspace.fs.delete(file, { useTrash: false });
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof vscode.FileSystemError && error.code === 'FileNotFound')) throw error;
    } finally {
      this.changed();
    }
  }

  /** Something was written, deleted or moved. */
  changed(): void {
    this.#read.clear();
    this.#changed.fire();
  }

  dispose(): void {
    this.#settingsListener.dispose();
    this.#unwatch();
    this.#changed.dispose();
  }

  #directories(): string[] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const directories = folders.map((folder) => resultsDirectory(folder, this.#storage));
    if (directories.length === 0) directories.push(resultsDirectory(undefined, this.#storage));
    return [...new Set(directories)];
  }

  /** Watches from the first listing on; the command line writes into the same folders. */
  #watch(directories: readonly string[]): void {
    if (this.#watchers.map((entry) => entry.directory).join('\n') === directories.join('\n')) return;
    this.#unwatch();
    this.#watchers = directories.map((directory) => {
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(vscode.Uri.file(directory), '*.json'),
      );
      const changed = (uri: vscode.Uri): void => {
        this.#log.trace(`Results changed: ${uri.fsPath}`);
        this.changed();
      };
      watcher.onDidCreate(changed);
      watcher.onDidChange(changed);
      watcher.onDidDelete(changed);
      return { directory, watcher };
    });
  }

  #unwatch(): void {
    for (const { watcher } of this.#watchers) watcher.dispose();
    this.#watchers = [];
  }
}
