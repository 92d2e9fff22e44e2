import * as vscode from 'vscode';
import { planSubject } from '../../core/anyPlan.ts';
import { BenchError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/record.ts';
import { recordFigures, runTime } from '../describe.ts';
import type { Results } from '../results.ts';
import { pickOne, type Choice, type Note } from './pick.ts';

/** What is asked for: one of the runs that were kept. */
export interface RunQuestion {
  readonly title: string;
  readonly placeholder: string;
  /** Said first in a choice's description, e.g. that it is the baseline. */
  readonly mark?: (record: RunRecord) => string | undefined;
  /** Those that may be chosen, in their order; all by default. */
  readonly among?: (records: readonly RunRecord[]) => readonly RunRecord[];
  /** Why others are missing; none by default. */
  readonly note?: (records: readonly RunRecord[]) => Note | undefined;
  /** What it means that there is none to choose. */
  readonly none: () => BenchError;
}

/** undefined when the user left. @throws BenchError record-unreadable; what `none` says where there is none to choose */
export async function pickRun(question: RunQuestion, results: Results): Promise<string | undefined> {
  const { title, placeholder, among, note, mark } = question;
  const answer = await pickOne<string>({
    title,
    placeholder,
    canGoBack: false,
    async choices() {
      const kept = (await results.list()).flatMap(({ record }) => record ?? []);
      const records = among === undefined ? kept : among(kept);
      if (records.length === 0) throw question.none();
      const about = note?.(kept);
      return [...records.map((record) => runChoice(record, mark?.(record))), ...(about === undefined ? [] : [about])];
    },
  });
  return answer.kind === 'value' ? answer.value : undefined;
}

export function runChoice(record: RunRecord, mark?: string): Choice<string> {
  return {
    label: runName(record),
    detail: recordFigures(record),
    value: record.id,
    ...(mark === undefined ? {} : { description: mark }),
  };
}

/** "sentiment · Jan 2, 2026, 9:30 AM" */
export function runName({ id, plan }: RunRecord): string {
  return `${planSubject(plan)} · ${runTime(id, vscode.env.language)}`;
}

export function noResults(): BenchError {
  return new BenchError({
    reason: 'nothing-there',
    message: vscode.l10n.t('There are no results yet.'),
    nextStep: vscode.l10n.t('Run Benchmark Topology first.'),
  });
}
