import * as vscode from 'vscode';
import { isEndpointPlan } from '../core/anyPlan.ts';
import type { RunRecord } from '../core/record.ts';
import { ageOf } from '../core/view/age.ts';
import { shortLoad } from '../core/view/bestRow.ts';
import type { CommandId } from './contributions.ts';
import { ageText, rowFigures, runPlace, runTime, statusWords } from './describe.ts';
import { lensTitles, tellingRows } from './figures.ts';
import { LensAges, passedSince } from './lensAges.ts';
import type { Memory } from './memory.ts';
import type { Result, Results } from './results.ts';
import type { LiveRun, Runs } from './runs.ts';
import { readSettings } from './settings.ts';

/** What a lens shows of the last run. */
interface Figure {
  readonly record: RunRecord;
  /** The n-th topology. */
  readonly index: number;
  /** What says something else by now than in that run, in sentences; none: nothing does. */
  readonly changes: readonly string[];
  /** It was found among the results. */
  readonly isFound: boolean;
}

/** A lens above a file that runs are started from. */
export class RunLens extends vscode.CodeLens {
  readonly uri: vscode.Uri;
  /** undefined: the lens that starts a run. */
  readonly figure: Figure | undefined;

  constructor(range: vscode.Range, uri: vscode.Uri, figure?: Figure) {
    super(range);
    this.uri = uri;
    this.figure = figure;
  }
}

/** Of the newest results that many are looked at for runs that were started elsewhere. */
const mostLookedAt = 30;

/**
 * Above a file that runs are started from: "Benchmark Topology", and what the last run of it showed, how long ago, and
 * whether it is stale by now; also of one that was started on the command line or by somebody else, which is known by what its
 * record says. Ranges come at once; titles are made when they scroll into view. No network.
 */
export abstract class RunLenses implements vscode.CodeLensProvider<RunLens>, vscode.Disposable {
  readonly #memory: Pick<Memory, 'lastRunOf'>;
  readonly #results: Results;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #listeners: vscode.Disposable;
  readonly #ages: LensAges;
  /** The newest results with numbers, once they are read, and the reading of them. */
  #newest: readonly RunRecord[] = [];
  #reading: Promise<readonly Result[]> | undefined;
  /** The run that was found for a document, which stays its last one while the document is changed. */
  readonly #found = new Map<string, string>();
  /** What the lens of a run under way says, by the run. */
  readonly #told = new Map<string, string>();
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
      runs.onDidChange((run) => {
        if (this.#saysOtherwise(run)) redraw();
      }),
      results.onDidChange(() => {
        this.#reading = undefined;
        redraw();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('topologyBench.codeLens.enabled')) redraw();
      }),
    );
  }

  /** Where the lenses of a document stand; undefined where it gets none. */
  protected abstract rangeIn(document: vscode.TextDocument): Promise<vscode.Range | undefined>;
  /** What the lens that starts a run does. */
  protected abstract startOf(uri: vscode.Uri): vscode.Command;
  /** The file, by its address, that a run was started from; undefined: none that has these lenses. */
  protected abstract fileOf(run: LiveRun): string | undefined;
  /** What says something else by now than in a run, in sentences. */
  protected abstract changesSince(record: RunRecord, document: vscode.TextDocument): Promise<readonly string[]>;
  /** The first of some records whose run was just what a document says; undefined where none was. */
  protected abstract firstOf(
    records: readonly RunRecord[],
    document: vscode.TextDocument,
  ): Promise<RunRecord | undefined>;

  async provideCodeLenses(document: vscode.TextDocument): Promise<RunLens[]> {
    const { uri } = document;
    if (!readSettings(uri).codeLens) return [];
    const range = await this.rangeIn(document);
    if (range === undefined) return [];
    const start = new RunLens(range, uri);
    if (this.#liveRun(uri) !== undefined) return [start];
    const last = await this.#lastRun(document);
    const figures = last === undefined ? [] : tellingRows(last.record);
    this.#ages.follow(document, figures.length === 0 ? undefined : last?.record);
    if (last === undefined) return [start];
    const changes = await this.changesSince(last.record, document);
    return [start, ...figures.map((_row, index) => new RunLens(range, uri, { ...last, index, changes }))];
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
    const shown = figureCommand(lens.figure);
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
    return this.#runs.active().find((run) => this.fileOf(run) === uri.toString());
  }

  /** Runs tell of themselves each second, and most seconds change no lens. */
  #saysOtherwise(run: LiveRun): boolean {
    if (this.fileOf(run) === undefined) return false;
    const title = run.end === null ? liveTitle(run) : undefined;
    if (this.#told.get(run.id) === title && title !== undefined) return false;
    if (title === undefined) this.#told.delete(run.id);
    else this.#told.set(run.id, title);
    return true;
  }

  /**
   * The last that was completed of the run that was remembered here, and of those among the results that were of just this; where
   * none was, the last.
   */
  async #lastRun(document: vscode.TextDocument): Promise<Pick<Figure, 'record' | 'isFound'> | undefined> {
    const remembered = await this.#rememberedRecord(document.uri);
    const found = await this.#foundRecord(document, comingBefore(remembered, this.#newestResults()));
    if (found !== undefined) return { record: found, isFound: true };
    return remembered === undefined ? undefined : { record: remembered, isFound: false };
  }

  async #foundRecord(document: vscode.TextDocument, records: readonly RunRecord[]): Promise<RunRecord | undefined> {
    if (records.length === 0) return undefined;
    const key = document.uri.toString();
    const found = await this.firstOf(records, document);
    if (found === undefined) return records.find(({ id }) => id === this.#found.get(key));
    this.#found.set(key, found.id);
    return found;
  }

  /** undefined when there is none, or when it was deleted; one that could not be saved is in memory alone. */
  async #rememberedRecord(uri: vscode.Uri): Promise<RunRecord | undefined> {
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

  /** Nobody waits for them: a lens that starts a run is there at once, and drawn again when they are. */
  #newestResults(): readonly RunRecord[] {
    if (this.#reading === undefined) {
      this.#reading = this.#results.list(mostLookedAt);
      void this.#take(this.#reading);
    }
    return this.#newest;
  }

  async #take(reading: Promise<readonly Result[]>): Promise<void> {
    let records: readonly RunRecord[];
    try {
      records = (await reading)
        .flatMap(({ record }) => record ?? [])
        .filter((record) => tellingRows(record).length > 0);
    } catch {
      // As above.
      records = [];
    }
    const isSame = records.length === this.#newest.length && records.every((record, at) => record === this.#newest[at]);
    if (this.#reading !== reading || isSame) return;
    this.#newest = records;
    this.redraw();
  }
}

/** Of some records, newest first, those that say more of a document than the remembered one, the one that says most first. */
function comingBefore(remembered: RunRecord | undefined, records: readonly RunRecord[]): readonly RunRecord[] {
  const later = records.filter(({ id }) => remembered === undefined || id > remembered.id);
  // What was stopped half-way would hide the figures of all topologies.
  if (remembered !== undefined && isCompleted(remembered)) return later.filter(isCompleted);
  return [...records.filter(isCompleted), ...later.filter((record) => !isCompleted(record))];
}

function isCompleted({ status }: RunRecord): boolean {
  return status === 'completed';
}

/** What a lens says of one topology of a run; undefined when the run has no such row. */
function figureCommand({ record, index, changes, isFound }: Figure): vscode.Command | undefined {
  const rows = tellingRows(record);
  const row = rows[index];
  if (row === undefined) return undefined;
  const figures = lensTitles(rows, vscode.l10n.t('not valid'))[index] ?? '';
  // Once is enough: three lenses side by side must stay short.
  const when = `${whenMeasured(record, changes.length > 0)}, ${shortLoad(row.load)}`;
  const dated = index === 0 ? vscode.l10n.t('{0}: {1}', when, figures) : figures;
  const title = `${row.validity.valid ? '' : '$(warning) '}${dated}`;
  const measured = whenAndWhere(record);
  const found = vscode.l10n.t('Found among the results: it was started elsewhere, or is not remembered any more.');
  const tooltip = [...rows.map(rowFigures), measured, ...(isFound ? [found] : []), ...changes].join('\n');
  return { ...command('topologyBench.openResults', title, record.id), tooltip };
}

/** "Measured Jan 2, 2026, 10:30 AM on this machine" */
function whenAndWhere({ id, plan }: RunRecord): string {
  const time = runTime(id, vscode.env.language);
  if (isEndpointPlan(plan)) return vscode.l10n.t('Measured {0}', time);
  return plan.target.kind === 'local'
    ? vscode.l10n.t('Measured {0} on this machine', time)
    : vscode.l10n.t('Measured {0} in a cluster', time);
}

/** "3h ago", "stale, 3h ago", "cancelled, 3h ago" */
function whenMeasured(record: RunRecord, isStale: boolean): string {
  const age = ageText(ageOf(passedSince(record)), vscode.env.language);
  const when = isStale ? vscode.l10n.t('stale, {0}', age) : age;
  return isCompleted(record) ? when : `${statusWords(record.status)}, ${when}`;
}

/** Without what changes each second, which would have all lenses of the window drawn anew as often. */
function liveTitle(run: LiveRun): string {
  if (run.cancelling) return vscode.l10n.t('Stopping and cleaning up');
  return run.state === null
    ? vscode.l10n.t('Benchmark is queued')
    : vscode.l10n.t('Benchmark: {0}', runPlace(run.state));
}

export function command(id: CommandId, title: string, argument: unknown): vscode.Command {
  return { command: id, title, arguments: [argument] };
}
