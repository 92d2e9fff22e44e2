import * as vscode from 'vscode';
import { BenchError, explain } from '../core/errors.ts';
import type { RunRecord } from '../core/record.ts';
import type { RunStore, StoredRun } from '../runs/store.ts';
import { loadRecords } from './engine.ts';
import { resultsDirectory } from './settings.ts';
import { throttle } from './throttle.ts';

/** A record on disk, or why it cannot be read; `directory` tells equal ids of two folders apart. */
export type Result = StoredRun & { readonly directory: string };

/** Many files that come at once, as with a checkout, are one piece of news. */
const watchIntervalMs = 250;

/** Records of all folders of this workspace. */
export class Results implements vscode.Disposable {
  readonly #storage: vscode.Uri;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #settingsListener: vscode.Disposable;
  #watchers: { readonly directory: string; readonly watcher: vscode.Disposable }[] = [];
  readonly #watched = throttle(watchIntervalMs, () => {
    this.changed();
  });
  /** By folder; each is kept open, because it knows what it has read. */
  readonly #stores = new Map<string, RunStore>();
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
    return this.#store(resultsDirectory(folderFor(modelConfig), this.#storage));
  }

  /**
   * Newest first, of every folder. Only what was not read before is read.
   * @param most only so many, the newest; all by default
   * @throws BenchError record-unreadable when a folder itself cannot be read
   */
  async list(most?: number): Promise<Result[]> {
    const directories = this.#directories();
    this.#watch(directories);
    const { newestFirst } = await loadRecords();
    const lists = await Promise.all(
      directories.map(async (directory) => {
        const store = await this.#store(directory);
        return (await store.list(most)).map((run) => ({ ...run, directory }));
      }),
    );
    return lists.flat().sort(newestFirst).slice(0, most);
  }

  /**
   * By what the record says, whatever its file is called.
   * @throws BenchError record-unreadable
   */
  async read(id: string): Promise<RunRecord> {
    let problem: unknown;
    const directories = this.#directories();
    this.#watch(directories);
    for (const directory of directories) {
      const store = await this.#store(directory);
      try {
        if ((await store.find(id)) !== undefined) return await store.read(id);
      } catch (error) {
        // A folder that has it, but damaged, says more than one without it.
        problem ??= error;
      }
    }
    throw new BenchError({
      reason: 'record-unreadable',
      message:
        problem === undefined
          ? vscode.l10n.t('There is no run record {0}: it was moved or deleted.', id)
          : explain(problem),
      cause: problem,
    });
  }

  /** Only what is in memory: for who must not wait. */
  known(id: string): RunRecord | undefined {
    for (const store of this.#stores.values()) {
      const record = store.known(id);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** The file of a record; undefined when no folder has it. */
  async fileOf(id: string): Promise<vscode.Uri | undefined> {
    for (const directory of this.#directories()) {
      const found = await (await this.#store(directory)).find(id);
      if (found !== undefined) return vscode.Uri.file(found.path);
    }
    return undefined;
  }

  /**
   * One that is gone already is no failure.
   * @param how "to trash" rejects where the machine has none, and leaves the record then
   */
  async delete({ path, directory }: Pick<Result, 'path' | 'directory'>, how: 'to-trash' | 'for-good'): Promise<void> {
    const store = await this.#store(directory);
    try {
      if (how === 'to-trash') await moveToTrash(vscode.Uri.file(path));
      await store.delete(path);
    } finally {
      this.changed();
    }
  }

  /** Something was written, deleted or moved. */
  changed(): void {
    this.#changed.fire();
  }

  dispose(): void {
    this.#settingsListener.dispose();
    this.#unwatch();
    this.#watched.dispose();
    this.#changed.dispose();
  }

  async #store(directory: string): Promise<RunStore> {
    const { openRunStore } = await loadRecords();
    const known = this.#stores.get(directory);
    if (known !== undefined) return known;
    const store = openRunStore(directory);
    this.#stores.set(directory, store);
    return store;
  }

  #directories(): string[] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const directories = folders.map((folder) => resultsDirectory(folder, this.#storage));
    if (directories.length === 0) directories.push(resultsDirectory(undefined, this.#storage));
    return [...new Set(directories)];
  }

  /** Watches from the first listing or reading on, since the command line writes into the same folders; what was read of other folders goes. */
  #watch(directories: readonly string[]): void {
    if (this.#watchers.map((entry) => entry.directory).join('\n') === directories.join('\n')) return;
    this.#unwatch();
    for (const known of this.#stores.keys()) if (!directories.includes(known)) this.#stores.delete(known);
    this.#watchers = directories.map((directory) => {
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(vscode.Uri.file(directory), '*.json'),
      );
      const changed = (uri: vscode.Uri): void => {
        this.#log.trace(`Results changed: ${uri.fsPath}`);
        this.#watched.request();
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

/** The workspace folder that the record of a model goes to; undefined in a window without any. */
export function folderFor(modelConfig: vscode.Uri | undefined): vscode.WorkspaceFolder | undefined {
  const own = modelConfig === undefined ? undefined : vscode.workspace.getWorkspaceFolder(modelConfig);
  return own ?? vscode.workspace.workspaceFolders?.[0];
}

async function moveToTrash(file: vscode.Uri): Promise<void> {
  try {
    await vscode.workspace.fs.delete(file, { useTrash: true });
  } catch (error) {
    if (!(error instanceof vscode.FileSystemError && error.code === 'FileNotFound')) throw error;
  }
}
