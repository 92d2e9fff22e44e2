import * as vscode from 'vscode';
import { isEndpointPlan, planSubject, planSubjectKey } from '../../core/anyPlan.ts';
import { BenchError, explain } from '../../core/errors.ts';
import { baselineLevels, phaseOf, whyMissing } from '../../core/levels.ts';
import type { RunRecord } from '../../core/record.ts';
import { comparedSubject } from '../../core/view/comparisonView.ts';
import { comparedRecords, comparisonTitle, endedRecord } from '../comparedRecords.ts';
import { runTime, statusWords } from '../describe.ts';
import { plainText } from '../plainText.ts';
import { pickOne, type Note } from '../questions/pick.ts';
import { pickRun, runName } from '../questions/run.ts';
import type { Services } from '../services.ts';
import { meantRun } from './meantRun.ts';
import { runIdIn } from './results.ts';

/** Compares the run that is meant (see meantRun) with another that the user picks. */
export async function compareWith(argument: unknown, services: Services): Promise<void> {
  const runId = await meantRun(argument, vscode.l10n.t('Compare with…'), services);
  if (runId === undefined) return;
  const record = await endedRecord(runId, services.runs, services.results);
  const other = await pickRun(
    {
      title: vscode.l10n.t('Compare {0} with…', runName(record)),
      placeholder: vscode.l10n.t('With which run?'),
      mark: ({ id }) => (services.baselines.isBaseline(id) ? vscode.l10n.t('baseline') : undefined),
      among: (records) => othersOf(record, records),
      note: (records) => leftOut(record, records),
      none: () =>
        new BenchError({
          reason: 'nothing-there',
          message: vscode.l10n.t('There is no other run to compare {0} with.', runName(record)),
          nextStep: vscode.l10n.t('Benchmark again to have one.'),
        }),
    },
    services.results,
  );
  if (other !== undefined) await showInOrder(runId, other, services);
}

/** Compares the two results that are selected in the tree. */
export async function compareSelected(selected: unknown, services: Services): Promise<void> {
  const ids = Array.isArray(selected) ? selected.flatMap((node: unknown) => runIdIn(node) ?? []) : [];
  const [first, second, ...more] = ids;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new BenchError({
      reason: 'not-meant-for',
      message:
        ids.length === 1
          ? vscode.l10n.t('Two results are compared, and 1 is selected.')
          : vscode.l10n.t('Two results are compared, and {0} are selected.', ids.length),
      nextStep: vscode.l10n.t('Select two results in the Results view.'),
    });
  }
  await showInOrder(first, second, services);
}

/** Compares a run with the baseline of its model or endpoint. */
export async function compareWithBaseline(argument: unknown, services: Services): Promise<void> {
  const runId = await meantRun(argument, vscode.l10n.t('Compare with Baseline'), services);
  if (runId === undefined) return;
  const record = await endedRecord(runId, services.runs, services.results);
  const baseline = services.baselines.of(record);
  if (baseline === undefined) {
    throw new BenchError({
      reason: 'nothing-there',
      message: vscode.l10n.t('No run of {0} is pinned as its baseline.', planSubject(record.plan)),
      nextStep: vscode.l10n.t('Choose Pin as Baseline on one in the Results view.'),
    });
  }
  if (baseline === runId) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('The run {0} is itself the baseline.', runName(record)),
      nextStep: vscode.l10n.t('Choose another run of it.'),
    });
  }
  try {
    await endedRecord(baseline, services.runs, services.results);
  } catch (error) {
    throw new BenchError({
      reason: 'record-unreadable',
      message: vscode.l10n.t('The baseline of {0} cannot be read. {1}', planSubject(record.plan), explain(error)),
      nextStep: vscode.l10n.t('Choose Pin as Baseline on another run, or Unpin Baseline.'),
      cause: error,
    });
  }
  await showComparison(baseline, runId, services);
}

/**
 * One a model or endpoint: the one before is it no longer.
 * @throws BenchError not-meant-for where the run has no numbers that others could be held against
 */
export async function pinBaseline(argument: unknown, services: Services): Promise<void> {
  const { baselines, results } = services;
  const runId = await meantRun(argument, vscode.l10n.t('Pin as Baseline'), services);
  if (runId === undefined) return;
  const record = await results.read(runId);
  const why = whyNoBaseline(record);
  if (why !== null) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('The run {0} cannot be a baseline: {1}.', runName(record), why),
      nextStep: vscode.l10n.t('Pin a run with valid numbers; Compare with… shows any two beside each other.'),
    });
  }
  const before = baselines.of(record);
  await baselines.pin(record);
  void vscode.window.showInformationMessage(plainText(pinnedText(record, before)));
}

/** A clause; null where other runs can be held against this one. */
function whyNoBaseline(record: RunRecord): string | null {
  const levels = baselineLevels(record);
  const phases = levels.flatMap(({ topology, level }) => phaseOf(record, topology, level) ?? []);
  if (phases.some(({ validity }) => validity.valid)) return null;
  const [phase] = phases;
  if (phase !== undefined)
    return vscode.l10n.t('none of its numbers is valid ({0})', phase.validity.reasons.join('; '));
  const [level] = levels;
  const why = level === undefined ? statusWords(record.status) : whyMissing(record, level);
  return vscode.l10n.t('it has no numbers ({0})', why);
}

/** @param before the baseline until now */
function pinnedText(record: RunRecord, before: string | undefined): string {
  const subject = planSubject(record.plan);
  const time = runTime(record.id, vscode.env.language);
  if (before === undefined || before === record.id)
    return vscode.l10n.t('The run of {0} is the baseline of {1} now.', time, subject);
  const earlier = runTime(before, vscode.env.language);
  return vscode.l10n.t(
    'The run of {0} is the baseline of {1} now, in the place of that of {2}.',
    time,
    subject,
    earlier,
  );
}

/** Also of a record that is gone or cannot be read any more. */
export async function unpinBaseline(argument: unknown, services: Services): Promise<void> {
  const runId = runIdIn(argument) ?? (await pickBaseline(services));
  if (runId !== undefined) await services.baselines.unpin(runId);
}

async function pickBaseline({ baselines }: Services): Promise<string | undefined> {
  const pinned = Object.entries(baselines.all());
  if (pinned.length === 0) {
    throw new BenchError({
      reason: 'nothing-there',
      message: vscode.l10n.t('No run is pinned as a baseline.'),
      nextStep: vscode.l10n.t('Choose Pin as Baseline on one in the Results view.'),
    });
  }
  const answer = await pickOne<string>({
    title: vscode.l10n.t('Unpin Baseline'),
    placeholder: vscode.l10n.t('Which one?'),
    canGoBack: false,
    // The key begins with what it is of, "model" or "endpoint".
    choices: () =>
      pinned.map(([key, runId]) => ({
        label: key.slice(key.indexOf(' ') + 1),
        description: runTime(runId, vscode.env.language),
        value: runId,
      })),
  });
  return answer.kind === 'value' ? answer.value : undefined;
}

/** Those of the same model or endpoint first; of each the newest first, as they came. */
function othersOf({ id, plan }: RunRecord, records: readonly RunRecord[]): RunRecord[] {
  const others = records.filter((other) => other.id !== id && isEndpointPlan(other.plan) === isEndpointPlan(plan));
  const isSame = (other: RunRecord): boolean => planSubjectKey(other.plan) === planSubjectKey(plan);
  return [...others.filter(isSame), ...others.filter((other) => !isSame(other))];
}

function leftOut({ plan }: RunRecord, records: readonly RunRecord[]): Note | undefined {
  const count = records.filter((other) => isEndpointPlan(other.plan) !== isEndpointPlan(plan)).length;
  if (count === 0) return undefined;
  return { note: isEndpointPlan(plan) ? ofTopologies(count) : onEndpoints(count) };
}

function ofTopologies(runs: number): string {
  return runs === 1
    ? vscode.l10n.t('1 run of deployed topologies cannot be compared with a run on an endpoint')
    : vscode.l10n.t('{0} runs of deployed topologies cannot be compared with a run on an endpoint', runs);
}

function onEndpoints(runs: number): string {
  return runs === 1
    ? vscode.l10n.t('1 run on an endpoint cannot be compared with a run of deployed topologies')
    : vscode.l10n.t('{0} runs on an endpoint cannot be compared with a run of deployed topologies', runs);
}

/** The older one is the one before: ids begin with the time. */
async function showInOrder(one: string, other: string, services: Services): Promise<void> {
  await (one < other ? showComparison(one, other, services) : showComparison(other, one, services));
}

async function showComparison(before: string, after: string, services: Services): Promise<void> {
  const records = await comparedRecords(before, after, services.runs, services.results);
  services.panels.show({ runId: after, before }, comparisonTitle(comparedSubject(...records), before, after));
}
