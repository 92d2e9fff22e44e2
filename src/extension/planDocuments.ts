import * as vscode from 'vscode';
import { BenchError } from '../core/errors.ts';
import type { RunRecord } from '../core/record.ts';
import { runTime } from './describe.ts';
import type { Results } from './results.ts';
import type { Runs } from './runs.ts';
import { textColumn } from './textColumn.ts';

/** Plans as documents that can be read and not changed: of this scheme, with the run's id as folder. */
const scheme = 'topology-bench-plan';

export function registerPlanDocuments(runs: Runs, results: Results): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    async provideTextDocumentContent({ path }) {
      const [, id = ''] = path.split('/');
      return planText(runs.get(id)?.end?.record ?? (await results.read(id)));
    },
  });
}

/**
 * Opens the plans of two runs in a diff editor.
 * @throws BenchError not-meant-for where they are the same
 */
export async function showPlans(before: RunRecord, after: RunRecord): Promise<void> {
  if (planText(before) === planText(after)) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('Both runs had the same plan, and the same model config.'),
    });
  }
  const [from, to] = [before, after].map(({ id }) => runTime(id, vscode.env.language));
  await vscode.commands.executeCommand(
    'vscode.diff',
    planUri(before.id),
    planUri(after.id),
    vscode.l10n.t('Plans: {0} ↔ {1}', from ?? '', to ?? ''),
    { viewColumn: textColumn() },
  );
}

function planUri(id: string): vscode.Uri {
  return vscode.Uri.parse(`${scheme}:/${id}/plan.json`);
}

/** With what the record keeps of the model config that the plan's settings were read from: its format and hash, never its text. */
function planText({ plan, modelConfig }: RunRecord): string {
  return `${JSON.stringify({ ...(modelConfig === null ? {} : { modelConfig }), plan }, null, 2)}\n`;
}
