import * as vscode from 'vscode';
import type { Cluster } from './cluster.ts';
import { setContextKey } from './contextKeySetting.ts';
import { contextKeys, type ClusterState } from './contributions.ts';
import type { Results } from './results.ts';

/**
 * The keys that hide what cannot work are set by views, and only while they are in sight. What changes behind a view that is
 * hidden is unknown until it is shown again, and the palette offers what may work.
 */
export function forgetChangedKeys(
  results: Pick<Results, 'onDidChange'>,
  cluster: Pick<Cluster, 'onDidChange' | 'onDidLook'>,
): vscode.Disposable {
  return vscode.Disposable.from(
    results.onDidChange(() => {
      void setContextKey(contextKeys.noResults, false);
    }),
    cluster.onDidChange(() => {
      void setContextKey(contextKeys.clusterState, undefined);
    }),
    // Whoever reads the kubeconfig may find what a view has missed.
    cluster.onDidLook((place) => {
      if (place !== undefined) void setContextKey(contextKeys.clusterState, 'shown' satisfies ClusterState);
    }),
  );
}
