import * as vscode from 'vscode';
import type { BenchmarkChoices } from '../choices.ts';
import { planDetail, planSummary, subjectName } from '../describe.ts';
import type { PreparedRun } from '../prepare.ts';
import type { Services } from '../services.ts';

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
  const start = missing ? vscode.l10n.t('Create Namespace and Start') : vscode.l10n.t('Start');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('Benchmark {0}: {1}?', subjectName(choices.subject), choices.topologies.join(', ')),
    {
      modal: true,
      detail: [
        `${planSummary(prepared.plan, decided, prepared.estimateSeconds)}.`,
        planDetail(prepared.plan),
        ...prepared.warnings,
      ].join('\n\n'),
    },
    start,
  );
  return chosen === start ? prepared : undefined;
}
