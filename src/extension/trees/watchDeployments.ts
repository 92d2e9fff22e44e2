import * as vscode from 'vscode';
import type { TopologiesTree } from './topologiesTree.ts';

/** How often deployments are looked at again while the view is seen: sooner while one of them is not ready. */
const soonMs = 5_000;
const laterMs = 30_000;

/** Keeps the states of deployments fresh as long as somebody sees them. */
export function watchDeployments(view: vscode.TreeView<unknown>, tree: TopologiesTree): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    clearTimeout(timer);
    // With nothing deployed there is nothing to keep fresh: what is deployed from here refreshes the tree itself.
    if (!view.visible || tree.deployed() === 0) return;
    timer = setTimeout(
      () => {
        tree.reload(view.visible);
      },
      tree.allReady() ? laterMs : soonMs,
    );
  };
  const listeners = [view.onDidChangeVisibility(next), tree.onDidRead(next)];
  return vscode.Disposable.from(...listeners, {
    dispose: () => {
      clearTimeout(timer);
    },
  });
}
