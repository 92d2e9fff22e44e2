import * as vscode from 'vscode';
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
  return { value: active.length, tooltip: tooltipOf(active.length - waiting, waiting) };
}

function tooltipOf(underWay: number, waiting: number): string {
  if (underWay === 1) {
    return waiting === 0
      ? vscode.l10n.t('1 benchmark under way')
      : vscode.l10n.t('1 benchmark under way, {0} waiting', waiting);
  }
  return waiting === 0
    ? vscode.l10n.t('{0} benchmarks under way', underWay)
    : vscode.l10n.t('{0} benchmarks under way, {1} waiting', underWay, waiting);
}
