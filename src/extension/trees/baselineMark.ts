import * as vscode from 'vscode';
import { usualShare, type Regression } from '../../core/regressions.ts';
import { changeText } from '../../core/view/change.ts';
import { fullStop } from '../../core/view/format.ts';
import type { Standing } from '../baselines.ts';
import { nodeContexts } from '../contributions.ts';
import { runTime } from '../describe.ts';

/** Says in a result's row how it stands to its model's baseline: in its description, its icon and its menu. */
export function markStanding(item: vscode.TreeItem, standing: Standing): void {
  switch (standing.kind) {
    case 'no baseline':
      return;
    case 'baseline':
      item.contextValue = nodeContexts.baseline;
      item.description = described(item, vscode.l10n.t('baseline'));
      return;
    case 'other':
      item.contextValue = nodeContexts.resultBesideBaseline;
      if (isWorse(standing)) {
        item.description = described(item, vscode.l10n.t('worse than baseline'));
        // What failed or was cancelled says so first.
        if (isPassed(item))
          item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
      }
  }
}

export function isWorse(standing: Standing): boolean {
  return standing.kind === 'other' && standing.worse.length > 0;
}

/** The same for its tooltip, with the figures or the reasons. */
export function standingLines(standing: Standing): string[] {
  if (standing.kind === 'no baseline') return [];
  if (standing.kind === 'baseline') return [vscode.l10n.t('The baseline that other runs of it are held against.')];
  const { baselineId, worse, incomparable } = standing;
  const time = runTime(baselineId, vscode.env.language);
  if (incomparable.length > 0)
    return [vscode.l10n.t('Not compared with the baseline of {0}: {1}', time, fullStop(incomparable.join('; ')))];
  if (worse.length === 0) return [];
  const share = String(usualShare * 100);
  return [
    vscode.l10n.t('Worse than the baseline of {0} by more than {1} %:', time, share),
    ...worse.map(regressionText),
  ];
}

/** "triton c8: p95 12.1 → 15.2 ms, 1.25x [1.18–1.33]" */
function regressionText({ topology, level, change }: Regression): string {
  const doubt = change.interval === null ? ` ${vscode.l10n.t('(no interval)')}` : '';
  return `${topology} ${level}: ${changeText(change.metric, change)}${doubt}`;
}

function described(item: vscode.TreeItem, mark: string): string {
  return typeof item.description === 'string' && item.description !== '' ? `${mark} · ${item.description}` : mark;
}

function isPassed({ iconPath }: vscode.TreeItem): boolean {
  return iconPath instanceof vscode.ThemeIcon && iconPath.id === 'pass';
}
