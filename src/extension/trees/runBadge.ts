import * as vscode from 'vscode';
import { formatCount } from '../../core/view/format.ts';
import type { LiveRun, Runs } from '../runs.ts';

/** How many benchmarks are under way, on the view's icon; nothing when none is. */
export function showRunBadge(
  view: Pick<vscode.TreeView<unknown>, 'badge'>,
  runs: Pick<Runs, 'active' | 'onDidChange'>,
): vscode.Disposable {
  return runs.onDidChange(() => {
    const badge = badgeOf(runs.active());
    // Runs tell of themselves each second; the badge changes when one begins or ends.
    if (badge?.tooltip !== view.badge?.tooltip) view.badge = badge;
  });
}

function badgeOf(active: readonly LiveRun[]): vscode.ViewBadge | undefined {
  if (active.length === 0) return undefined;
  const waiting = active.filter((run) => run.state === null).length;
  const underWay = vscode.l10n.t('{0} under way', formatCount(active.length - waiting, 'benchmark'));
  const tooltip = waiting === 0 ? underWay : vscode.l10n.t('{0}, {1} waiting', underWay, waiting);
  return { value: active.length, tooltip };
}
