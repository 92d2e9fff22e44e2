import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import type { Cluster } from './cluster.ts';
import { onChangeInKubernetesExtension } from './kubernetesExtension.ts';

/** Pause after which a kubeconfig counts as written: programs write it in several steps. */
const pauseMs = 300;

/**
 * Follows what others do to the kubeconfig: `kubectl config use-context`, a login, the Kubernetes extension. It begins when the
 * kubeconfig is first read, since nothing can be out of date before.
 */
export class KubeconfigWatch implements vscode.Disposable {
  readonly #cluster: Pick<Cluster, 'kubeconfigFiles' | 'changed'>;
  readonly #listener: vscode.Disposable;
  #watched: readonly string[] = [];
  #watchers: readonly vscode.FileSystemWatcher[] = [];
  #kubernetesExtension: vscode.Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(cluster: Pick<Cluster, 'kubeconfigFiles' | 'changed' | 'onDidLook'>) {
    this.#cluster = cluster;
    this.#listener = cluster.onDidLook(() => {
      this.#follow().catch(() => {
        // Whoever looked is told what cannot be read, and the next look tries again.
      });
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#listener.dispose();
    this.#kubernetesExtension?.dispose();
    for (const watcher of this.#watchers) watcher.dispose();
  }

  /** The files may be others each time, by the settings, and the Kubernetes extension may have begun to run. */
  async #follow(): Promise<void> {
    const named = await this.#cluster.kubeconfigFiles();
    const files = [...new Set((await Promise.all(named.map(withTarget))).flat())];
    if (this.#isDisposed) return;
    this.#kubernetesExtension ??= onChangeInKubernetesExtension(this.#changed);
    if (files.join('\n') === this.#watched.join('\n')) return;
    for (const watcher of this.#watchers) watcher.dispose();
    this.#watched = files;
    this.#watchers = files.map((file) => this.#watch(file));
  }

  #watch(file: string): vscode.FileSystemWatcher {
    // In a pattern these stand for something else than themselves.
    const name = basename(file).replaceAll(/[[\]{}*]/gu, '?');
    const pattern = new vscode.RelativePattern(vscode.Uri.file(dirname(file)), name);
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    watcher.onDidChange(this.#changed);
    watcher.onDidCreate(this.#changed);
    watcher.onDidDelete(this.#changed);
    return watcher;
  }

  readonly #changed = (): void => {
    clearTimeout(this.#timer);
    if (this.#isDisposed) return;
    this.#timer = setTimeout(() => {
      this.#cluster.changed();
    }, pauseMs);
  };
}

/** A link, which is not watched for what it points to, and what that is. */
async function withTarget(file: string): Promise<readonly string[]> {
  const path = resolve(file);
  try {
    return [path, await realpath(path)];
  } catch {
    // It may come yet.
    return [path];
  }
}
