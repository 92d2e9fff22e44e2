import * as vscode from 'vscode';
import { planSubjectKey } from '../core/anyPlan.ts';
import { compareRecords } from '../core/compare.ts';
import { incomparable } from '../core/differences.ts';
import type { Level } from '../core/levels.ts';
import type { RunRecord } from '../core/record.ts';
import { regressionsOf, undecidedOf, type Regression } from '../core/regressions.ts';
import type { Memory } from './memory.ts';
import type { Results } from './results.ts';

/** How a run stands to the baseline of its model or endpoint. */
export type Standing =
  | { readonly kind: 'no baseline' }
  | { readonly kind: 'baseline' }
  | {
      readonly kind: 'other';
      readonly baselineId: string;
      readonly worse: readonly Regression[];
      /** Worse by their figures alone, which have no interval. */
      readonly undecided: readonly Regression[];
      /** Why nothing is said of the two; clauses, none where they can be compared. */
      readonly incomparable: readonly string[];
      /** Where a number of one of the two is missing or not valid, so that nothing is said of it. */
      readonly doubtful: readonly Level[];
    };

/** The runs that others are held against: one a model or endpoint, pinned by hand, for this workspace. */
export class Baselines implements vscode.Disposable {
  readonly #memory: Memory;
  readonly #results: Results;
  readonly #changed = new vscode.EventEmitter<string>();
  /** By both records: one that is read anew is judged anew. */
  readonly #standings = new WeakMap<RunRecord, WeakMap<RunRecord, Standing>>();
  /** The key of the model or endpoint whose baseline is another one now. */
  readonly onDidChange = this.#changed.event;

  constructor(memory: Memory, results: Results) {
    this.#memory = memory;
    this.#results = results;
  }

  /** Of those that are pinned: the run of each model or endpoint, by planSubjectKey. */
  all(): Readonly<Record<string, string>> {
    return this.#memory.baselines();
  }

  /** The baseline of a run's model or endpoint; undefined without. */
  of({ plan }: RunRecord): string | undefined {
    return this.#memory.baselines()[planSubjectKey(plan)];
  }

  isBaseline(runId: string): boolean {
    return Object.values(this.#memory.baselines()).includes(runId);
  }

  /** In the place of the one before. */
  async pin(record: RunRecord): Promise<void> {
    const key = planSubjectKey(record.plan);
    await this.#memory.rememberBaseline(key, record.id);
    this.#changed.fire(key);
  }

  async unpin(runId: string): Promise<void> {
    for (const [key, id] of Object.entries(this.#memory.baselines())) {
      if (id !== runId) continue;
      await this.#memory.rememberBaseline(key, undefined);
      this.#changed.fire(key);
    }
  }

  /** Reads those that are not in memory, so that standingOf knows them; one that cannot be read is for it to say. */
  async read(): Promise<void> {
    await this.#readMissing(Object.values(this.#memory.baselines()));
  }

  /** Reads the one that a run is held against, so that standingOf knows it. */
  async readFor(record: RunRecord): Promise<void> {
    const id = this.of(record);
    if (id !== undefined && id !== record.id) await this.#readMissing([id]);
  }

  /** From what is in memory, so that a tree may ask for each of its rows, once it has asked for `read`. */
  standingOf(record: RunRecord): Standing {
    const baselineId = this.of(record);
    if (baselineId === undefined) return { kind: 'no baseline' };
    if (baselineId === record.id) return { kind: 'baseline' };
    const baseline = this.#results.known(baselineId);
    if (baseline === undefined) {
      const gone = vscode.l10n.t('its record was deleted, or cannot be read; pin another run as the baseline');
      return { kind: 'other', baselineId, worse: [], undecided: [], incomparable: [gone], doubtful: [] };
    }
    const ofBaseline = this.#standings.get(baseline) ?? new WeakMap<RunRecord, Standing>();
    this.#standings.set(baseline, ofBaseline);
    const standing = ofBaseline.get(record) ?? standingBeside(baseline, record);
    ofBaseline.set(record, standing);
    return standing;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #readMissing(ids: readonly string[]): Promise<void> {
    const missing = ids.filter((id) => this.#results.known(id) === undefined);
    await Promise.allSettled(missing.map((id) => this.#results.read(id)));
  }
}

function standingBeside(baseline: RunRecord, record: RunRecord): Standing {
  const worse = regressionsOf(baseline, record);
  return {
    kind: 'other',
    baselineId: baseline.id,
    worse,
    undecided: undecidedOf(baseline, record),
    incomparable: worse.length > 0 ? [] : whyNotCompared(baseline, record),
    doubtful: compareRecords(baseline, record).filter(({ problems }) => problems.length > 0),
  };
}

function whyNotCompared(baseline: RunRecord, record: RunRecord): string[] {
  const reasons = incomparable(baseline.plan, record.plan);
  if (reasons.length > 0) return reasons;
  const levels = compareRecords(baseline, record);
  if (levels.length === 0) return [vscode.l10n.t('the two have no topology and level in common')];
  if (levels.some(({ problems }) => problems.length === 0)) return [];
  return [vscode.l10n.t('at no level do both have valid numbers for the same load')];
}
