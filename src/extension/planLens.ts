import * as vscode from 'vscode';
import type { RunRecord } from '../core/record.ts';
import { tellingRows } from './describe.ts';
import { loadEngine } from './engine.ts';
import { command, figureCommand, liveTitle, recordOf } from './lens.ts';
import { LensAges } from './lensAges.ts';
import type { Memory } from './memory.ts';
import type { Results } from './results.ts';
import type { LiveRun, Runs } from './runs.ts';
import { readSettings } from './settings.ts';

class PlanLens extends vscode.CodeLens {
  readonly uri: vscode.Uri;
  /** undefined: the lens that starts a run; otherwise the n-th topology of the last one. */
  readonly figure: number | undefined;
  /** Whether the plan file says something else than when that run was started. */
  readonly isStale: boolean;

  constructor(uri: vscode.Uri, figure?: number, isStale = false) {
    super(new vscode.Range(0, 0, 0, 0));
    this.uri = uri;
    this.figure = figure;
    this.isStale = isStale;
  }
}

/**
 * "Benchmark Topology" at the top of a plan file, which runs what it says, and what its last run showed: how long ago, and
 * whether the file says something else by now. No network.
 */
export class PlanLenses implements vscode.CodeLensProvider<PlanLens>, vscode.Disposable {
  readonly #memory: Pick<Memory, 'lastRunOf' | 'choicesOf'>;
  readonly #results: Results;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #ages: LensAges;
  readonly #listeners: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(memory: Pick<Memory, 'lastRunOf' | 'choicesOf'>, results: Results, runs: Runs) {
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

  async provideCodeLenses(document: vscode.TextDocument): Promise<PlanLens[]> {
    const { uri } = document;
    if (!readSettings(uri).codeLens) return [];
    const start = new PlanLens(uri);
    if (this.#liveRun(uri) !== undefined) return [start];
    const record = await this.#lastRecord(uri);
    const figures = record === undefined ? [] : tellingRows(record);
    this.#ages.follow(document, figures.length === 0 ? undefined : record);
    const isStale = record !== undefined && (await this.#isChangedSince(record, document));
    return [start, ...figures.map((_row, index) => new PlanLens(uri, index, isStale))];
  }

  async resolveCodeLens(lens: PlanLens): Promise<PlanLens> {
    const live = this.#liveRun(lens.uri);
    if (live !== undefined) {
      lens.command = command('topologyBench.openResults', `$(sync~spin) ${liveTitle(live)}`, live.id);
      return lens;
    }
    if (lens.figure === undefined) {
      const title = `$(beaker) ${vscode.l10n.t('Benchmark Topology')}`;
      const tooltip = vscode.l10n.t('Run what this plan file says');
      lens.command = { ...command('topologyBench.benchmark', title, lens.uri), tooltip };
      return lens;
    }
    const record = await this.#lastRecord(lens.uri);
    const changed = lens.isStale ? vscode.l10n.t('The plan file has changed since.') : null;
    const shown = record === undefined ? undefined : figureCommand(record, lens.figure, changed);
    if (shown !== undefined) lens.command = shown;
    return lens;
  }

  dispose(): void {
    this.#ages.dispose();
    this.#listeners.dispose();
    this.#changed.dispose();
  }

  #liveRun(uri: vscode.Uri): LiveRun | undefined {
    return this.#runs.active().find(({ choices }) => choices.plan?.uri === uri.toString());
  }

  async #lastRecord(uri: vscode.Uri): Promise<RunRecord | undefined> {
    return recordOf(this.#memory.lastRunOf({ uri: uri.toString() }), this.#runs, this.#results);
  }

  /** By what it says: comments and the order of its fields do not count. A file that cannot be read now says nothing. */
  async #isChangedSince({ id }: RunRecord, document: vscode.TextDocument): Promise<boolean> {
    const before = this.#memory.choicesOf(id)?.plan?.file;
    const { parsePlanFile } = await loadEngine();
    const { planFile: now } = parsePlanFile(document.getText());
    return before !== undefined && now !== undefined && JSON.stringify(before) !== JSON.stringify(now);
  }
}
