import type * as vscode from 'vscode';
import type { ClusterTree } from './clusterTree.ts';
import { whileSeen } from './whileSeen.ts';

/** For how long GPUs that were free may be taken for free. */
const freshMs = 60_000;

/** Keeps what a cluster has free fresh as long as somebody sees it, and when somebody sees it again. */
export function watchCluster(
  view: Pick<vscode.TreeView<unknown>, 'visible' | 'onDidChangeVisibility'>,
  tree: Pick<ClusterTree, 'ageMs' | 'lookAgain' | 'onDidRead'>,
): vscode.Disposable {
  return whileSeen(view, {
    onDidRead: tree.onDidRead,
    nextMs: () => {
      const ageMs = tree.ageMs();
      // A clock that was set back makes nobody wait longer.
      return ageMs === undefined ? undefined : Math.min(freshMs, Math.max(0, freshMs - ageMs));
    },
    look: () => {
      tree.lookAgain();
    },
  });
}
