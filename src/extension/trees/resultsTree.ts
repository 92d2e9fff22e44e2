import * as vscode from 'vscode';
import { planSubject, planSubjectKey } from '../../core/anyPlan.ts';
import type { RunRecord } from '../../core/record.ts';
import { formatCount } from '../../core/view/format.ts';
import { headlineOf } from '../../core/view/headline.ts';
import { measuredRecord } from '../../core/view/measured.ts';
import type { Baselines, Standing } from '../baselines.ts';
import { contextKeys, nodeContexts, type CommandId } from '../contributions.ts';
import { recordFigures, recordIsValid, rowFigures, runTime, tellingRows } from '../describe.ts';
import type { Failures } from '../failures.ts';
import type { Result, Results } from '../results.ts';
import { isWorse, markStanding } from './baselineMark.ts';
import { groupResults, type ResultGroup } from './resultGroups.ts';
import { Tree } from './tree.ts';

export interface ResultNode {
  readonly id: string;
  readonly result: Result;
}

interface GroupNode {
  readonly id: string;
  readonly group: ResultGroup;
  /** Of several groups the first is open until the user closes it. */
  readonly isFirst: boolean;
}

/**
 * Run records, newest first, by what was measured; a click opens one beside the code. Records of one model alone, as most
 * workspaces have them, need no group around them.
 */
export class ResultsTree extends Tree<ResultNode | GroupNode> {
  protected readonly reading = 'reading the results';
  readonly #results: Results;
  readonly #baselines: Baselines;

  constructor(results: Results, baselines: Baselines, failures: Failures) {
    super(failures);
    this.#results = results;
    this.#baselines = baselines;
  }

  /** Redraws the results of a model or endpoint whose baseline is another one now, and their group. */
  showBaseline(key: string): void {
    this.redraw((node) => {
      const record = 'group' in node ? node.group.newest : node.result.record;
      return record !== undefined && planSubjectKey(record.plan) === key;
    });
  }

  protected async read(parent: ResultNode | GroupNode | undefined): Promise<readonly (ResultNode | GroupNode)[]> {
    if (parent !== undefined) return 'group' in parent ? parent.group.results.map(nodeOf) : [];
    await vscode.commands.executeCommand('setContext', contextKeys.noResults, false);
    const results = await this.#results.list();
    await vscode.commands.executeCommand('setContext', contextKeys.noResults, results.length === 0);
    const { groups, unreadable } = groupResults(results);
    if (groups.length <= 1) return results.map(nodeOf);
    const nodes = groups.map((group, index): GroupNode => ({
      id: `results:${group.of}:${group.subject}`,
      group,
      isFirst: index === 0,
    }));
    return [...nodes, ...unreadable.map(nodeOf)];
  }

  protected render(node: ResultNode | GroupNode): vscode.TreeItem {
    if ('group' in node) return renderGroup(node, this.#baselines.standingOf(node.group.newest));
    const { result } = node;
    if (result.record === undefined) return renderUnreadable(result);
    const item = renderRecord(result.record);
    markStanding(item, this.#baselines.standingOf(result.record));
    return item;
  }
}

function nodeOf(result: Result): ResultNode {
  return { id: `result:${result.directory}:${result.id}`, result };
}

/** @param standing how its newest run stands to the baseline: a group that is closed hides the mark of the run */
function renderGroup({ group, isFirst }: GroupNode, standing: Standing): vscode.TreeItem {
  const { subject, of, newest, results } = group;
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(subject, isFirst ? Expanded : Collapsed);
  const worse = isWorse(standing) ? [vscode.l10n.t('newest worse than baseline')] : [];
  item.description = [formatCount(results.length, 'run'), ...worse, recordFigures(newest)].join(' · ');
  item.iconPath = new vscode.ThemeIcon(of === 'endpoint' ? 'globe' : 'package');
  item.contextValue = nodeContexts.resultGroup;
  item.tooltip = vscode.l10n.t(
    'Newest, {0}: {1}',
    runTime(newest.id, vscode.env.language),
    headlineOf(measuredRecord(newest)).text,
  );
  return item;
}

function renderRecord(record: RunRecord): vscode.TreeItem {
  const item = new vscode.TreeItem(`${planSubject(record.plan)} · ${runTime(record.id, vscode.env.language)}`);
  item.description = recordFigures(record);
  item.iconPath = iconOf(record);
  item.contextValue = nodeContexts.result;
  item.tooltip = [
    headlineOf(measuredRecord(record)).text,
    ...tellingRows(record).map(rowFigures),
    vscode.l10n.t('{0}, {1}, {2}', record.plan.load.profile, record.environment.target, record.status),
  ].join('\n');
  const command: CommandId = 'topologyBench.openResults';
  item.command = { command, title: vscode.l10n.t('Open Results'), arguments: [record.id] };
  return item;
}

function iconOf(record: RunRecord): vscode.ThemeIcon {
  if (record.status === 'failed') return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
  if (record.status === 'cancelled') return new vscode.ThemeIcon('circle-slash');
  if (!recordIsValid(record) || record.sameAnswers.verdict === 'differed') return new vscode.ThemeIcon('warning');
  return new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'));
}

function renderUnreadable({ id, path, problem, nextStep }: Result & { problem: string }): vscode.TreeItem {
  const item = new vscode.TreeItem(id);
  item.description = problem;
  item.tooltip = `${path}\n${problem}. ${nextStep}`;
  item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.contextValue = nodeContexts.unreadableResult;
  return item;
}
