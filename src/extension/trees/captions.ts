import * as vscode from 'vscode';
import type { Cluster, ClusterPlace } from '../cluster.ts';
import { isProtected } from '../protection.ts';
import type { Runs } from '../runs.ts';
import type { TopologiesTree } from './topologiesTree.ts';

type View = Pick<vscode.TreeView<unknown>, 'description' | 'message'>;

/** Context and namespace beside the titles of the views that are about them, also while a view is closed; and a hint where nothing is deployed. */
export function captionViews(
  views: { readonly cluster: View; readonly topologies: View },
  cluster: Pick<Cluster, 'onDidLook'>,
  topologies: Pick<TopologiesTree, 'onDidRead' | 'hint'>,
  runs: Pick<Runs, 'onDidChange'>,
): vscode.Disposable {
  const showHint = (): void => {
    const hint = topologies.hint();
    // Runs tell of themselves each second.
    if (views.topologies.message !== hint) views.topologies.message = hint;
  };
  return vscode.Disposable.from(
    cluster.onDidLook((place) => {
      const caption = place === undefined ? '' : captionOf(place);
      views.cluster.description = caption;
      views.topologies.description = caption;
      // What was true of the place before is not known of this one; the tree, which is older, has heard of it already.
      showHint();
    }),
    topologies.onDidRead(showHint),
    runs.onDidChange(showHint),
  );
}

function captionOf({ context, namespace }: ClusterPlace): string {
  const place = `${context}/${namespace}`;
  return isProtected(context) ? vscode.l10n.t('{0}, protected', place) : place;
}
