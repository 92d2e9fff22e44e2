import type * as vscode from 'vscode';
import type { TopologiesTree } from './topologiesTree.ts';
import { whileSeen } from './whileSeen.ts';

/** After how long deployments are looked at again while the view is seen. */
const pausesMs = { soon: 5_000, later: 30_000 } as const;

/** Keeps the states of deployments fresh as long as somebody sees them, and asks again a cluster that was away. */
export function watchDeployments(
  view: Pick<vscode.TreeView<unknown>, 'visible' | 'onDidChangeVisibility'>,
  tree: Pick<TopologiesTree, 'nextLook' | 'reload' | 'onDidRead'>,
): vscode.Disposable {
  return whileSeen(view, {
    onDidRead: tree.onDidRead,
    nextMs: () => {
      const look = tree.nextLook();
      // With nothing deployed there is nothing to keep fresh: what is deployed from here refreshes the tree itself.
      return look === 'never' ? undefined : pausesMs[look];
    },
    look: () => {
      tree.reload(view.visible);
    },
  });
}
