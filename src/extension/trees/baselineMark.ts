import * as vscode from 'vscode';
import { usualShare, type Regression } from '../../core/regressions.ts';
import { changeText } from '../../core/view/change.ts';
import { formatList, fullStop } from '../../core/view/format.ts';
import type { Standing } from '../baselines.ts';
import { nodeContexts } from '../contributions.ts';
import { runTime } from '../describe.ts';

/** How a result stands to its model's baseline, in a word for its row; undefined where there is nothing to say. */
export function standingMark(standing: Standing): { readonly short: string; readonly long: string } | undefined {
  if (standing.kind === 'baseline') return { short: vscode.l10n.t('baseline'), long: vscode.l10n.t('baseline') };
  if (!isWorse(standing)) return undefined;
  return { short: vscode.l10n.t('worse'), long: vscode.l10n.t('worse than baseline') };
}

/** The same in its row's icon, by shape, and in its menu. */
export function markStanding(item: vscode.TreeItem, standing: Standing): void {
  switch (standing.kind) {
    case 'no baseline':
      return;
    case 'baseline':
      item.contextValue = nodeContexts.baseline;
      item.iconPath = new vscode.ThemeIcon('pinned', colorOf(item));
      return;
    case 'other':
      item.contextValue = nodeContexts.resultBesideBaseline;
      // What failed or was cancelled says so first.
      if (isWorse(standing) && isCompleted(item))
        item.iconPath = new vscode.ThemeIcon('arrow-down', new vscode.ThemeColor('list.warningForeground'));
  }
}

export function isWorse(standing: Standing): boolean {
  return standing.kind === 'other' && standing.worse.length > 0;
}

/** The same for its tooltip, with the figures or the reasons. */
export function standingLines(standing: Standing): string[] {
  if (standing.kind === 'no baseline') return [];
  if (standing.kind === 'baseline') return [vscode.l10n.t('The baseline that other runs of it are held against.')];
  const { baselineId, worse, undecided, incomparable, doubtful } = standing;
  const time = runTime(baselineId, vscode.env.language);
  if (incomparable.length > 0)
    return [vscode.l10n.t('Not compared with the baseline of {0}: {1}', time, fullStop(incomparable.join('; ')))];
  const share = String(usualShare * 100);
  return [
    ...listed(vscode.l10n.t('Worse than the baseline of {0} by more than {1} %:', time, share), worse),
    ...listed(
      vscode.l10n.t(
        'Beyond {1} % of the baseline of {0}, but without a 95 % interval, so not shown to be worse; measure longer, or in more turns:',
        time,
        share,
      ),
      undecided,
    ),
    // Silence would read as if the baseline had not been looked at.
    ...(worse.length + undecided.length > 0
      ? []
      : [vscode.l10n.t('Not shown to be worse than the baseline of {0} by more than {1} %.', time, share)]),
    ...(doubtful.length === 0
      ? []
      : [
          vscode.l10n.t(
            'Beside the baseline nothing can be said of {0}, where a number of one of the two runs is missing or not valid.',
            formatList(doubtful.map(({ topology, level }) => `${topology} ${level}`)),
          ),
        ]),
  ];
}

function listed(heading: string, regressions: readonly Regression[]): string[] {
  return regressions.length === 0 ? [] : [heading, ...regressions.map(regressionText)];
}

/** "triton c8: p95 12.1 → 15.2 ms, 1.25x [1.18–1.33]" */
function regressionText({ topology, level, change }: Regression): string {
  return `${topology} ${level}: ${changeText(change.metric, change)}`;
}

function isCompleted({ iconPath }: vscode.TreeItem): boolean {
  return iconPath instanceof vscode.ThemeIcon && (iconPath.id === 'pass' || iconPath.id === 'warning');
}

function colorOf({ iconPath }: vscode.TreeItem): vscode.ThemeColor | undefined {
  return iconPath instanceof vscode.ThemeIcon ? iconPath.color : undefined;
}
