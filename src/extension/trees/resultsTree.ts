import { basename } from 'node:path';
import * as vscode from 'vscode';
import { planSubject, planSubjectKey } from '../../core/anyPlan.ts';
import type { RunRecord } from '../../core/record.ts';
import { headlineOf } from '../../core/view/headline.ts';
import { measuredRecord } from '../../core/view/measured.ts';
import type { Baselines, Standing } from '../baselines.ts';
import { setContextKey } from '../contextKeySetting.ts';
import { contextKeys, nodeContexts, type CommandId } from '../contributions.ts';
import { recordBest, rowFigures, runTime, statusWords, validLevels } from '../describe.ts';
import type { Failures } from '../failures.ts';
import { tellingRows } from '../figures.ts';
import type { Result, Results } from '../results.ts';
import { isWorse, markStanding, standingLines, standingMark } from './baselineMark.ts';
import { groupResults, type ResultGroup } from './resultGroups.ts';
import { RowAges } from './rowAges.ts';
import { Tree, type ProblemNode } from './tree.ts';

export interface ResultNode {
  readonly id: string;
  readonly result: Result;
  /** Below a row with the name of what was measured. */
  readonly isInGroup: boolean;
}

interface GroupNode {
  readonly id: string;
  readonly group: ResultGroup;
  /** Of several groups the first is open until the user closes it. */
  readonly isFirst: boolean;
  /** Whether all of its results are there. */
  readonly isWhole: boolean;
}

/** Stands below the newest results while older ones are read. */
interface ReadingNode {
  readonly id: 'results:reading';
}

type Node = ResultNode | GroupNode | ReadingNode;

/** What the list was drawn from. */
interface Listed {
  readonly results: readonly Result[];
  readonly isWhole: boolean;
  /** Of each result whether it is known what its run was started with. */
  readonly canRunAgain: readonly boolean[];
}

/** Results that are shown before the others are read: about what the view has room for, and soon read. */
const firstRows = 30;

/**
 * Run records, newest first, by what was measured; a click opens one beside the code. Records of one model alone, as most
 * workspaces have them, need no group around them.
 */
export class ResultsTree extends Tree<Node> {
  protected readonly reading = 'reading the results';
  readonly #results: Results;
  readonly #baselines: Baselines;
  readonly #canRunAgain: (runId: string) => boolean;
  readonly #ages = new RowAges((runIds) => {
    this.redraw((node) => 'result' in node && node.result.record !== undefined && runIds.has(node.result.record.id));
  });
  /** The first reading of all results; undefined before it was needed. */
  #readingAll: Promise<void> | undefined;
  #hasReadAll = false;
  /** What is shown; undefined before anything was read, and where it could not be. */
  #shown: Listed | undefined;

  /** @param canRunAgain whether it is known what a run was started with */
  constructor(results: Results, baselines: Baselines, failures: Failures, canRunAgain: (runId: string) => boolean) {
    super(failures);
    this.#results = results;
    this.#baselines = baselines;
    this.#canRunAgain = canRunAgain;
  }

  /** Redraws the results of a model or endpoint whose baseline is another one now, and their group. */
  showBaseline(key: string): void {
    this.redraw((node) => {
      const record = 'group' in node ? node.group.newest : 'result' in node ? node.result.record : undefined;
      return record !== undefined && planSubjectKey(record.plan) === key;
    });
  }

  /**
   * Reads the list again, and draws it where it is another one by now: while it is drawn, VS Code knows of no row, and what is
   * pressed in the menu of one then comes without its result.
   */
  async lookAgain(): Promise<void> {
    const shown = this.#shown;
    try {
      if (shown !== undefined) {
        const found = await this.#listed();
        await setContextKey(contextKeys.noResults, found.results.length === 0);
        if (this.#shown === shown && isSameList(shown, found)) return;
      }
    } catch {
      // The row that is drawn for it says why.
    }
    this.refresh();
  }

  protected async read(parent: Node | undefined): Promise<readonly Node[]> {
    if (parent !== undefined)
      return 'group' in parent ? parent.group.results.map((result) => nodeOf(result, true)) : [];
    await setContextKey(contextKeys.noResults, false);
    this.#shown = undefined;
    const [listed] = await Promise.all([this.#listed(), this.#baselines.read()]);
    this.#shown = listed;
    const { results, isWhole } = listed;
    await setContextKey(contextKeys.noResults, results.length === 0);
    const { groups, unreadable } = groupResults(results);
    const rest: ReadingNode[] = isWhole ? [] : [{ id: 'results:reading' }];
    if (groups.length <= 1) return [...results.map((result) => nodeOf(result, false)), ...rest];
    const nodes = groups.map((group, index): GroupNode => ({
      id: `results:${group.of}:${group.subject}`,
      group,
      isFirst: index === 0,
      isWhole,
    }));
    return [...nodes, ...unreadable.map((result) => nodeOf(result, false)), ...rest];
  }

  protected render(node: Node): vscode.TreeItem {
    if ('group' in node) return renderGroup(node, this.#baselines.standingOf(node.group.newest));
    if (!('result' in node)) return renderReading();
    const { result, isInGroup } = node;
    if (result.record === undefined) return renderUnreadable(result);
    const { record, path } = result;
    const standing = this.#baselines.standingOf(record);
    const words = wordsOf(record, path, this.#ages.textOf(record), standingMark(standing));
    const item = renderRecord(record, words, isInGroup);
    markStanding(item, standing);
    if (this.#canRunAgain(result.id)) item.contextValue = `${item.contextValue ?? ''}.${nodeContexts.canRunAgain}`;
    item.accessibilityInformation = { label: spoken(record, words) };
    return item;
  }

  /** A result's tooltip takes longer than its row, so it is made when it is looked at. */
  resolveTreeItem(item: vscode.TreeItem, node: Node | ProblemNode): vscode.TreeItem {
    const record = 'result' in node ? node.result.record : undefined;
    if (record !== undefined) item.tooltip = tooltipOf(record, this.#baselines.standingOf(record));
    return item;
  }

  override dispose(): void {
    this.#ages.dispose();
    super.dispose();
  }

  /** Of very many results the newest first: the others follow as soon as they are read, which takes its time once. */
  async #listed(): Promise<Listed> {
    if (this.#hasReadAll) return this.#listOf(await this.#results.list(), true);
    const newest = await this.#results.list(firstRows + 1);
    if (newest.length <= firstRows) return this.#listOf(newest, true);
    this.#readingAll ??= this.#readAll();
    return this.#listOf(newest.slice(0, firstRows), false);
  }

  #listOf(results: readonly Result[], isWhole: boolean): Listed {
    return { results, isWhole, canRunAgain: results.map(({ id }) => this.#canRunAgain(id)) };
  }

  async #readAll(): Promise<void> {
    try {
      await this.#results.list();
    } catch {
      // The list that the refresh asks for says why.
    }
    this.#hasReadAll = true;
    this.refresh();
  }
}

/** Records are read once, and so are the same objects as long as their files are. */
function isSameList(one: Listed, other: Listed): boolean {
  return (
    one.isWhole === other.isWhole &&
    one.results.length === other.results.length &&
    one.results.every(({ path, record, problem }, at) => {
      const beside = other.results[at];
      return (
        beside?.path === path &&
        beside.record === record &&
        beside.problem === problem &&
        one.canRunAgain[at] === other.canRunAgain[at]
      );
    })
  );
}

function nodeOf(result: Result, isInGroup: boolean): ResultNode {
  // By its file: a record may have a copy of another name, or in another folder.
  return { id: `result:${result.path}`, result, isInGroup };
}

/** @param standing how its newest run stands to the baseline: a group that is closed hides the mark of the run */
function renderGroup({ group, isFirst, isWhole }: GroupNode, standing: Standing): vscode.TreeItem {
  const { subject, of, newest, results } = group;
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(subject, isFirst ? Expanded : Collapsed);
  const worse = isWorse(standing) ? [vscode.l10n.t('newest worse than baseline')] : [];
  const count = isWhole ? [runCount(results.length)] : [];
  item.description = [...worse, ...count, recordBest(newest, 'short')].join(' · ');
  item.iconPath = new vscode.ThemeIcon(of === 'endpoint' ? 'globe' : 'package');
  item.contextValue = nodeContexts.resultGroup;
  item.tooltip = [vscode.l10n.t('Newest, {0}:', runTime(newest.id, vscode.env.language)), ...answerLines(newest)].join(
    '\n',
  );
  return item;
}

function runCount(runs: number): string {
  return runs === 1 ? vscode.l10n.t('1 run') : vscode.l10n.t('{0} runs', runs);
}

/** What a row says beside its figures. */
interface RowWords {
  readonly mark: { readonly short: string; readonly long: string } | undefined;
  /** "cancelled"; undefined where its figures say so, or it has come to its end. */
  readonly ended: string | undefined;
  readonly age: string;
  /** A name that somebody gave it, as "main.json", which says what it is to them. */
  readonly name: string | undefined;
}

/** @param age how long ago it was, in words */
function wordsOf(record: RunRecord, path: string, age: string, mark: RowWords['mark']): RowWords {
  const name = basename(path);
  // A figure may be all that a run has that was stopped; its icon is not read out.
  const status = statusWords(record.status);
  const isSaid = record.status === 'completed' || recordBest(record, 'short') === status;
  return {
    mark,
    ended: isSaid ? undefined : status,
    age,
    name: name === `${record.id}.json` ? undefined : name,
  };
}

/** A side bar shows some forty letters: what tells runs of one model apart comes first, and the name that all of them bear last. */
function renderRecord(record: RunRecord, { mark, ended, age, name }: RowWords, isInGroup: boolean): vscode.TreeItem {
  // The icon of a mark takes the place of the one that warns.
  const warnings = mark === undefined ? [] : warningsOf(record);
  const item = new vscode.TreeItem(
    [mark?.short ?? [], ended ?? [], age, warnings, recordBest(record, 'short')].flat().join(' · '),
  );
  item.description = [name ?? [], isInGroup ? [] : planSubject(record.plan)].flat().join(' · ');
  item.iconPath = iconOf(record);
  item.contextValue = nodeContexts.result;
  const command: CommandId = 'topologyBench.openResults';
  item.command = { command, title: vscode.l10n.t('Open Results'), arguments: [record.id] };
  return item;
}

/** Who hears a row does not hear the one of its group, sees no icon, and has room for whole words. */
function spoken(record: RunRecord, { mark, ended, age, name }: RowWords): string {
  const figures = `${planSubject(record.plan)} · ${recordBest(record, 'long')}`;
  return [figures, mark?.long ?? [], warningsOf(record), ended ?? [], age, name ?? []].flat().join(', ');
}

/** In lines, each of one thing: what it is of, its figures, how they compare, how it stands to the baseline. */
function tooltipOf(record: RunRecord, standing: Standing): string {
  return [
    [planSubject(record.plan), runTime(record.id, vscode.env.language)].join(' · '),
    [record.plan.load.profile, record.environment.target, statusWords(record.status), ...warningsOf(record)].join(', '),
    ...tellingRows(record).map(rowFigures),
    ...answerLines(record),
    ...standingLines(standing),
  ].join('\n');
}

function answerLines(record: RunRecord): string[] {
  const { lead, pairs } = headlineOf(measuredRecord(record));
  return [lead, ...pairs];
}

function iconOf(record: RunRecord): vscode.ThemeIcon {
  if (record.status === 'failed') return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
  if (record.status === 'cancelled') return new vscode.ThemeIcon('circle-slash');
  if (warningsOf(record).length > 0) return new vscode.ThemeIcon('warning');
  return new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'));
}

/** Why the icon of a completed run warns, in words. */
function warningsOf(record: RunRecord): string[] {
  if (record.status !== 'completed') return [];
  return [
    ...validityWarning(record),
    ...(record.sameAnswers.verdict === 'differed' ? [vscode.l10n.t('answers differed')] : []),
  ];
}

function validityWarning(record: RunRecord): string[] {
  switch (validLevels(record)) {
    case 'all':
      return [];
    case 'some':
      return [vscode.l10n.t('some levels not valid')];
    case 'none':
      return [vscode.l10n.t('no level valid')];
  }
}

function renderReading(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Older results are being read…'));
  item.iconPath = new vscode.ThemeIcon('loading~spin');
  return item;
}

function renderUnreadable({ id, path, problem, nextStep }: Result & { problem: string }): vscode.TreeItem {
  const item = new vscode.TreeItem(id);
  item.description = problem;
  item.tooltip = `${path}\n${problem}. ${nextStep}`;
  item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.contextValue = nodeContexts.unreadableResult;
  return item;
}
