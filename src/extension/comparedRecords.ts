import * as vscode from 'vscode';
import { isEndpointPlan } from '../core/anyPlan.ts';
import { incomparable } from '../core/differences.ts';
import { BenchError, explain } from '../core/errors.ts';
import type { RunRecord } from '../core/record.ts';
import { runTime } from './describe.ts';
import type { Results } from './results.ts';
import type { Runs } from './runs.ts';

/**
 * The records of two ended runs that can stand beside each other.
 * @throws BenchError record-unreadable; not-meant-for while a run is under way, where one is of an endpoint and the other of
 *   topologies, and where both are the same
 */
export async function comparedRecords(
  before: string,
  after: string,
  runs: Runs,
  results: Results,
): Promise<[RunRecord, RunRecord]> {
  if (before === after) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('A run is not compared with itself.'),
      nextStep: vscode.l10n.t('Choose another run.'),
    });
  }
  const records: [RunRecord, RunRecord] = [
    await endedRecord(before, runs, results),
    await endedRecord(after, runs, results),
  ];
  const [first, second] = records;
  if (isEndpointPlan(first.plan) === isEndpointPlan(second.plan)) return records;
  throw new BenchError({
    reason: 'not-meant-for',
    message: vscode.l10n.t(
      'The runs of {0} and {1} cannot be compared: {2}.',
      runTime(before, vscode.env.language),
      runTime(after, vscode.env.language),
      incomparable(first.plan, second.plan).join('; '),
    ),
    nextStep: vscode.l10n.t('Choose a run that was measured in the same way.'),
  });
}

/** "sentiment · Jan 2, 2026, 9:30 AM ↔ Jan 3, 2026, 9:30 AM" @param subject see comparedSubject */
export function comparisonTitle(subject: string, before: string, after: string): string {
  const times = [before, after].map((id) => runTime(id, vscode.env.language)).join(' ↔ ');
  return `${subject} · ${times}`;
}

/**
 * A run's record, also where it could not be saved.
 * @throws BenchError record-unreadable; not-meant-for while the run is under way
 */
export async function endedRecord(id: string, runs: Runs, results: Results): Promise<RunRecord> {
  const run = runs.get(id);
  if (run?.end?.record) return run.end.record;
  if (run?.end === null) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('The run of {0} is still under way.', run.subject),
      nextStep: vscode.l10n.t('Compare it when it has ended.'),
    });
  }
  try {
    return await results.read(id);
  } catch (error) {
    throw new BenchError({
      reason: 'record-unreadable',
      message: vscode.l10n.t(
        'The run of {0} cannot be compared: {1}',
        runTime(id, vscode.env.language),
        explain(error),
      ),
      cause: error,
    });
  }
}
