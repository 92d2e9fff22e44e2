import * as vscode from 'vscode';
import { planSubjectKey } from '../core/anyPlan.ts';
import { incomparable } from '../core/differences.ts';
import type { RunRecord } from '../core/record.ts';
import { regressionsOf, type Regression } from '../core/regressions.ts';
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
      /** Why the two cannot be compared; clauses, none where they can. */
      readonly incomparable: readonly string[];
    };

/** The runs that others are held against: one a model or endpoint, pinned by hand, for this workspace. */
export class Baselines implements vscode.Disposable {
  readonly #memory: Memory;
  readonly #results: Results;
  readonly #changed = new vscode.EventEmitter<string>();
  readonly #listener: vscode.Disposable;
  /** By the ids of both runs: a record is never edited. */
  readonly #standings = new Map<string, Standing>();
  /** The key of the model or endpoint whose baseline is another one now. */
  readonly onDidChange = this.#changed.event;

  constructor(memory: Memory, results: Results) {
    this.#memory = memory;
    this.#results = results;
    this.#listener = results.onDidChange(() => {
      this.#standings.clear();
    });
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

  /** From what is in memory, so that a tree may ask for each of its rows: a baseline that was not read has nothing to say. */
  standingOf(record: RunRecord): Standing {
    const baselineId = this.of(record);
    if (baselineId === undefined) return { kind: 'no baseline' };
    if (baselineId === record.id) return { kind: 'baseline' };
    const baseline = this.#results.known(baselineId);
    if (baseline === undefined) return { kind: 'other', baselineId, worse: [], incomparable: [] };
    const key = `${baselineId} ${record.id}`;
    const known = this.#standings.get(key);
    if (known !== undefined) return known;
    const standing: Standing = {
      kind: 'other',
      baselineId,
      worse: regressionsOf(baseline, record),
      incomparable: incomparable(baseline.plan, record.plan),
    };
    this.#standings.set(key, standing);
    return standing;
  }

  dispose(): void {
    this.#listener.dispose();
    this.#changed.dispose();
  }
}
