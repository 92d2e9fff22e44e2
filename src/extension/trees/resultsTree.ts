import * as vscode from 'vscode';
import { planSubject } from '../../core/anyPlan.ts';
import type { RunRecord } from '../../core/record.ts';
import { headlineOf } from '../../core/view/headline.ts';
import { measuredRecord } from '../../core/view/measured.ts';
import { contextKeys, nodeContexts, type CommandId } from '../contributions.ts';
import { recordFigures, recordIsValid, rowFigures, runTime, tellingRows } from '../describe.ts';
import type { Failures } from '../failures.ts';
import type { Result, Results } from '../results.ts';
import { Tree } from './tree.ts';

export interface ResultNode {
  readonly id: string;
  readonly result: Result;
}

/** Run records, newest first; a click opens one beside the code. */
export class ResultsTree extends Tree<ResultNode> {
  protected readonly reading = 'reading the results';
  readonly #results: Results;

  constructor(results: Results, failures: Failures) {
    super(failures);
    this.#results = results;
  }

  protected async read(parent: ResultNode | undefined): Promise<readonly ResultNode[]> {
    if (parent !== undefined) return [];
    await vscode.commands.executeCommand('setContext', contextKeys.noResults, false);
    const results = await this.#results.list();
    await vscode.commands.executeCommand('setContext', contextKeys.noResults, results.length === 0);
    return results.map((result) => ({ id: `result:${result.directory}:${result.id}`, result }));
  }

  protected render({ result }: ResultNode): vscode.TreeItem {
    return result.record === undefined ? renderUnreadable(result) : renderRecord(result.record);
  }
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
