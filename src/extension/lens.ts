import * as vscode from 'vscode';
import type { RunRecord } from '../core/record.ts';
import { configSince } from '../core/modelConfig.ts';
import { ageOf } from '../core/view/age.ts';
import { contextKeys, type CommandId } from './contributions.ts';
import { ageText, lensTitles, rowFigures, runProgress, runTime, tellingRows } from './describe.ts';
import type { Subject } from './choices.ts';
import { LensAges, passedSince } from './lensAges.ts';
import type { Memory } from './memory.ts';
import { readDocument } from './modelDocument.ts';
import type { Results } from './results.ts';
import type { LiveRun, Runs } from './runs.ts';
import { readSettings } from './settings.ts';

/** The files that may be model configs; which of them are is decided by their text. */
export const modelConfigSelector: vscode.DocumentSelector = [
  { scheme: 'file', pattern: '**/config.pbtxt' },
  { scheme: 'file', pattern: '**/config.json' },
];

class ModelLens extends vscode.CodeLens {
  readonly subject: Subject;
  /** undefined: the lens that starts a run; otherwise the n-th topology of the last one. */
  readonly figure: number | undefined;
  /** Whether the config has been changed since that run. */
  readonly isStale: boolean;

  constructor(range: vscode.Range, subject: Subject, figure?: number, isStale = false) {
    super(range);
    this.subject = subject;
    this.figure = figure;
    this.isStale = isStale;
  }
}

/**
 * "Benchmark Topology" above a model config, and what the last run of it showed: how long ago, and whether the config,
 * saved or not, says something else by now. A config of something that is no text classifier gets nothing. Ranges come at
 * once; titles are made when they scroll into view. No network.
 */
export class ModelLenses implements vscode.CodeLensProvider<ModelLens>, vscode.Disposable {
  readonly #memory: Memory;
  readonly #results: Results;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #listeners: vscode.Disposable;
  readonly #modelConfigs = new Set<string>();
  readonly #ages: LensAges;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(memory: Memory, results: Results, runs: Runs) {
    this.#memory = memory;
    this.#results = results;
    this.#runs = runs;
    const changed = (): void => {
      this.#changed.fire();
    };
    this.#ages = new LensAges(changed);
    this.#listeners = vscode.Disposable.from(
      runs.onDidChange(changed),
      results.onDidChange(changed),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('topologyBench.codeLens.enabled')) changed();
      }),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<ModelLens[]> {
    if (!readSettings(document.uri).codeLens) return [];
    const { model } = readDocument(document);
    if (model?.task !== 'text-classification') return [];
    this.#noteModelConfig(document.uri);
    const { line } = document.positionAt(model.lensOffset);
    const range = new vscode.Range(line, 0, line, 0);
    const subject: Subject = { kind: 'config', uri: document.uri.toString() };
    const start = new ModelLens(range, subject);
    if (this.#liveRun(subject) !== undefined) return [start];
    const record = await this.#lastRecord(subject);
    const figures = record === undefined ? [] : tellingRows(record);
    this.#ages.follow(document, figures.length === 0 ? undefined : record);
    const isStale = record !== undefined && isChangedSince(record, document);
    return [start, ...figures.map((_row, index) => new ModelLens(range, subject, index, isStale))];
  }

  async resolveCodeLens(lens: ModelLens): Promise<ModelLens> {
    const live = this.#liveRun(lens.subject);
    if (live !== undefined) {
      lens.command = command('topologyBench.openResults', `$(sync~spin) ${liveTitle(live)}`, live.id);
      return lens;
    }
    if (lens.figure === undefined) {
      lens.command = command(
        'topologyBench.benchmark',
        `$(beaker) ${vscode.l10n.t('Benchmark Topology')}`,
        lens.subject,
      );
      return lens;
    }
    const record = await this.#lastRecord(lens.subject);
    const changed = lens.isStale ? vscode.l10n.t('The config has changed since.') : null;
    const shown = record === undefined ? undefined : figureCommand(record, lens.figure, changed);
    if (shown !== undefined) lens.command = shown;
    return lens;
  }

  dispose(): void {
    this.#ages.dispose();
    this.#listeners.dispose();
    this.#changed.dispose();
  }

  #liveRun(subject: Subject): LiveRun | undefined {
    return this.#runs
      .active()
      .find(
        ({ choices }) =>
          choices.subject.kind === 'config' && subject.kind === 'config' && choices.subject.uri === subject.uri,
      );
  }

  async #lastRecord(subject: Subject): Promise<RunRecord | undefined> {
    return recordOf(this.#memory.lastRunOf(subject), this.#runs, this.#results);
  }

  /** The explorer's menu offers a benchmark on those config.json that are known to be a model's. */
  #noteModelConfig(uri: vscode.Uri): void {
    if (this.#modelConfigs.has(uri.fsPath)) return;
    this.#modelConfigs.add(uri.fsPath);
    void vscode.commands.executeCommand('setContext', contextKeys.modelConfigs, [...this.#modelConfigs]);
  }
}

function isChangedSince(record: RunRecord, document: vscode.TextDocument): boolean {
  const now = readDocument(document).hashes();
  return now !== undefined && configSince(record, now) === 'changed';
}

/** undefined when there is none, or when it was deleted; one that could not be saved is in memory alone. */
export async function recordOf(
  runId: string | undefined,
  runs: Pick<Runs, 'get'>,
  results: Pick<Results, 'read'>,
): Promise<RunRecord | undefined> {
  if (runId === undefined) return undefined;
  const end = runs.get(runId)?.end;
  if (end?.record && end.notSaved !== null) return end.record;
  try {
    return await results.read(runId);
  } catch {
    // The Results view is where an unreadable record is reported.
    return undefined;
  }
}

/**
 * What a lens says of the n-th topology of a run; undefined when it has no such row.
 * @param changed what was measured says something else by now, as a sentence; null where it does not
 */
export function figureCommand(record: RunRecord, figure: number, changed: string | null): vscode.Command | undefined {
  const rows = tellingRows(record);
  const row = rows[figure];
  if (row === undefined) return undefined;
  const figures = lensTitles(rows)[figure] ?? '';
  // Once is enough: three lenses side by side must stay short.
  const dated = figure === 0 ? vscode.l10n.t('{0}: {1}', whenMeasured(record, changed !== null), figures) : figures;
  const title = `${row.validity.valid ? '' : '$(warning) '}${dated}`;
  const measured = vscode.l10n.t('Measured {0}', runTime(record.id, vscode.env.language));
  const tooltip = [rowFigures(row), measured, ...(changed === null ? [] : [changed])].join('\n');
  return { ...command('topologyBench.openResults', title, record.id), tooltip };
}

/** "3h ago", "stale, 3h ago" */
function whenMeasured(record: RunRecord, isStale: boolean): string {
  const age = ageText(ageOf(passedSince(record)), vscode.env.language);
  return isStale ? vscode.l10n.t('stale, {0}', age) : age;
}

export function liveTitle(run: LiveRun): string {
  if (run.cancelling) return vscode.l10n.t('Stopping and cleaning up');
  return run.state === null ? vscode.l10n.t('Benchmark is queued') : runProgress(run.state);
}

export function command(id: CommandId, title: string, argument: unknown): vscode.Command {
  return { command: id, title, arguments: [argument] };
}
