import * as vscode from 'vscode';
import type { ClusterTree } from './clusterTree.ts';

/** For how long GPUs that were free may be taken for free. */
const freshMs = 60_000;

/** Keeps what a cluster has free fresh as long as somebody sees it, and when somebody sees it again. */
export function watchCluster(
  view: Pick<vscode.TreeView<unknown>, 'visible' | 'onDidChangeVisibility'>,
  tree: Pick<ClusterTree, 'ageMs' | 'lookAgain' | 'onDidRead'>,
): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    clearTimeout(timer);
    const ageMs = tree.ageMs();
    if (!view.visible || ageMs === undefined) return;
    // A clock that was set back makes nobody wait longer.
    const pauseMs = Math.min(freshMs, Math.max(0, freshMs - ageMs));
    timer = setTimeout(() => {
      tree.lookAgain();
    }, pauseMs);
  };
  const listeners = [view.onDidChangeVisibility(next), tree.onDidRead(next)];
  return vscode.Disposable.from(...listeners, {
    dispose: () => {
      clearTimeout(timer);
    },
  });
}
