import * as vscode from 'vscode';
import type { BenchmarkChoices } from '../choices.ts';
import { planDetail, planSummary, subjectName } from '../describe.ts';
import type { PreparedRun } from '../prepare.ts';
import type { Services } from '../services.ts';
import { pickOne } from './pick.ts';

/**
 * Says what will run, where and for about how long, and asks whether to start. A namespace that does not exist is made
 * only when the user says so here. undefined when the user left.
 */
export async function confirmRun(
  choices: BenchmarkChoices,
  services: Pick<Services, 'cluster'>,
  prepareRun: (choices: BenchmarkChoices) => Promise<PreparedRun | undefined>,
): Promise<PreparedRun | undefined> {
  const { target } = choices;
  const missing = target.kind === 'kubernetes' && (await services.cluster.lacksNamespace(target));
  const decided: BenchmarkChoices =
    target.kind === 'kubernetes' ? { ...choices, target: { ...target, createNamespace: missing } } : choices;
  const prepared = await prepareRun(decided);
  if (prepared === undefined) return undefined;
  const summary = planSummary(prepared.plan, decided, prepared.estimateSeconds);
  const start = missing
    ? vscode.l10n.t('Create the namespace {0} and start', target.namespace)
    : vscode.l10n.t('Start');
  const answer = await pickOne<boolean>({
    title: vscode.l10n.t('Benchmark Topology: {0}', subjectName(choices.subject)),
    placeholder: summary,
    canGoBack: false,
    choices: () => [
      { label: start, icon: 'play', description: summary, detail: planDetail(prepared.plan), value: true },
      { label: vscode.l10n.t('Cancel'), icon: 'close', value: false },
      ...prepared.warnings.map((warning) => ({ note: vscode.l10n.t('Good to know'), detail: warning })),
    ],
  });
  return answer.kind === 'value' && answer.value ? prepared : undefined;
}
