import * as vscode from 'vscode';
import type { RunRecord } from '../core/record.ts';
import { ageOf } from '../core/view/age.ts';
import type { CommandId } from './contributions.ts';
import { ageText, lensTitles, rowFigures, runProgress, runTime, tellingRows } from './describe.ts';
import { LensAges, passedSince } from './lensAges.ts';
import type { Memory } from './memory.ts';
import type { Results } from './results.ts';
import type { LiveRun, Runs } from './runs.ts';
import { readSettings } from './settings.ts';

/** A lens above a file that runs are started from. */
export class RunLens extends vscode.CodeLens {
  readonly uri: vscode.Uri;
  /** undefined: the lens that starts a run; otherwise the n-th topology of the last one. */
  readonly figure: number | undefined;
  /** What says something else by now than in that run, in sentences; none: nothing does. */
  readonly changes: readonly string[];

  constructor(range: vscode.Range, uri: vscode.Uri, figure?: number, changes: readonly string[] = []) {
    super(range);
    this.uri = uri;
    this.figure = figure;
    this.changes = changes;
  }
}

/**
 * Above a file that runs are started from: "Benchmark Topology", and what the last run of it showed, how long ago, and
 * whether it is stale by now. Ranges come at once; titles are made when they scroll into view. No network.
 */
export abstract class RunLenses implements vscode.CodeLensProvider<RunLens>, vscode.Disposable {
  readonly #memory: Pick<Memory, 'lastRunOf'>;
  readonly #results: Results;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #listeners: vscode.Disposable;
  readonly #ages: LensAges;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(memory: Pick<Memory, 'lastRunOf'>, results: Results, runs: Runs) {
    this.#memory = memory;
    this.#results = results;
    this.#runs = runs;
    const redraw = (): void => {
      this.redraw();
    };
    this.#ages = new LensAges(redraw);
    this.#listeners = vscode.Disposable.from(
      runs.onDidChange(redraw),
      results.onDidChange(redraw),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('topologyBench.codeLens.enabled')) redraw();
      }),
    );
  }

  /** Where the lenses of a document stand; undefined where it gets none. */
  protected abstract rangeIn(document: vscode.TextDocument): Promise<vscode.Range | undefined>;
  /** What the lens that starts a run does. */
  protected abstract startOf(uri: vscode.Uri): vscode.Command;
  protected abstract isOf(run: LiveRun, uri: vscode.Uri): boolean;
  /** What says something else by now than in a run, in sentences. */
  protected abstract changesSince(record: RunRecord, document: vscode.TextDocument): Promise<readonly string[]>;

  async provideCodeLenses(document: vscode.TextDocument): Promise<RunLens[]> {
    const { uri } = document;
    if (!readSettings(uri).codeLens) return [];
    const range = await this.rangeIn(document);
    if (range === undefined) return [];
    const start = new RunLens(range, uri);
    if (this.#liveRun(uri) !== undefined) return [start];
    const record = await this.#lastRecord(uri);
    const figures = record === undefined ? [] : tellingRows(record);
    this.#ages.follow(document, figures.length === 0 ? undefined : record);
    const changes = record === undefined ? [] : await this.changesSince(record, document);
    return [start, ...figures.map((_row, index) => new RunLens(range, uri, index, changes))];
  }

  async resolveCodeLens(lens: RunLens): Promise<RunLens> {
    const live = this.#liveRun(lens.uri);
    if (live !== undefined) {
      lens.command = command('topologyBench.openResults', `$(sync~spin) ${liveTitle(live)}`, live.id);
      return lens;
    }
    if (lens.figure === undefined) {
      lens.command = this.startOf(lens.uri);
      return lens;
    }
    const record = await this.#lastRecord(lens.uri);
    const shown = record === undefined ? undefined : figureCommand(record, lens.figure, lens.changes);
    if (shown !== undefined) lens.command = shown;
    return lens;
  }

  dispose(): void {
    this.#ages.dispose();
    this.#listeners.dispose();
    this.#changed.dispose();
  }

  protected redraw(): void {
    this.#changed.fire();
  }

  #liveRun(uri: vscode.Uri): LiveRun | undefined {
    return this.#runs.active().find((run) => this.isOf(run, uri));
  }

  /** undefined when there is none, or when it was deleted; one that could not be saved is in memory alone. */
  async #lastRecord(uri: vscode.Uri): Promise<RunRecord | undefined> {
    const runId = this.#memory.lastRunOf({ uri: uri.toString() });
    if (runId === undefined) return undefined;
    const end = this.#runs.get(runId)?.end;
    if (end?.record && end.notSaved !== null) return end.record;
    try {
      return await this.#results.read(runId);
    } catch {
      // The Results view is where an unreadable record is reported.
      return undefined;
    }
  }
}

/** What a lens says of the n-th topology of a run; undefined when it has no such row. */
function figureCommand(record: RunRecord, figure: number, changes: readonly string[]): vscode.Command | undefined {
  const rows = tellingRows(record);
  const row = rows[figure];
  if (row === undefined) return undefined;
  const figures = lensTitles(rows)[figure] ?? '';
  // Once is enough: three lenses side by side must stay short.
  const dated = figure === 0 ? vscode.l10n.t('{0}: {1}', whenMeasured(record, changes.length > 0), figures) : figures;
  const title = `${row.validity.valid ? '' : '$(warning) '}${dated}`;
  const measured = vscode.l10n.t('Measured {0}', runTime(record.id, vscode.env.language));
  const tooltip = [rowFigures(row), measured, ...changes].join('\n');
  return { ...command('topologyBench.openResults', title, record.id), tooltip };
}

/** "3h ago", "stale, 3h ago" */
function whenMeasured(record: RunRecord, isStale: boolean): string {
  const age = ageText(ageOf(passedSince(record)), vscode.env.language);
  return isStale ? vscode.l10n.t('stale, {0}', age) : age;
}

function liveTitle(run: LiveRun): string {
  if (run.cancelling) return vscode.l10n.t('Stopping and cleaning up');
  return run.state === null ? vscode.l10n.t('Benchmark is queued') : runProgress(run.state);
}

export function command(id: CommandId, title: string, argument: unknown): vscode.Command {
  return { command: id, title, arguments: [argument] };
}
