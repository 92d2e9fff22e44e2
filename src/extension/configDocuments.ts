import * as vscode from 'vscode';
import { configSettingsText } from '../core/configSettings.ts';
import { BenchError } from '../core/errors.ts';
import type { RunRecord } from '../core/record.ts';
import type { ConfigTexts } from './configTexts.ts';
import { runTime } from './describe.ts';
import { plainText } from './plainText.ts';
import type { Results } from './results.ts';
import type { Runs } from './runs.ts';
import { textColumn } from './textColumn.ts';

/** Model configs as documents that can be read and not changed: of this scheme, with the run's id as folder. */
const scheme = 'topology-bench-config';

/** What stands in the place of a text that is not kept any more; one that is kept has its config's own name. */
const settingsName = 'settings.txt';

export function registerConfigDocuments(runs: Runs, results: Results, texts: ConfigTexts): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    async provideTextDocumentContent({ path }) {
      const [, id = '', name] = path.split('/');
      const record = runs.get(id)?.end?.record ?? (await results.read(id));
      // An editor that comes back with its window may be of a text that has gone meanwhile.
      const text = name === settingsName ? undefined : await texts.of(record);
      return text ?? configSettingsText(record);
    },
  });
}

/**
 * Opens the model configs of two runs in a diff editor, as they stood when the runs were started. Where a text is not kept any
 * more that is said, and the settings that the records hold are shown.
 * @throws BenchError nothing-there where the records know no configs, not-meant-for where they are the same
 */
export async function showConfigs(before: RunRecord, after: RunRecord, texts: ConfigTexts): Promise<void> {
  const unknown = [before, after].find(({ modelConfig }) => modelConfig === null);
  if (unknown !== undefined) {
    throw new BenchError({
      reason: 'nothing-there',
      message: vscode.l10n.t('The record of {0} names no model config.', time(unknown)),
    });
  }
  if (before.modelConfig?.sha256 === after.modelConfig?.sha256) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('Both runs had the same model config, to the letter.'),
    });
  }
  const lost: RunRecord[] = [];
  for (const record of [before, after]) if ((await texts.of(record)) === undefined) lost.push(record);
  if (lost.length > 0) void vscode.window.showInformationMessage(plainText(lostText(lost)));
  const uriOf = ({ id, modelConfig }: RunRecord): vscode.Uri =>
    vscode.Uri.parse(`${scheme}:/${id}/${lost.length > 0 ? settingsName : (modelConfig?.format ?? settingsName)}`);
  await vscode.commands.executeCommand(
    'vscode.diff',
    uriOf(before),
    uriOf(after),
    vscode.l10n.t('Model configs: {0} ↔ {1}', time(before), time(after)),
    { viewColumn: textColumn() },
  );
}

function lostText(lost: readonly RunRecord[]): string {
  return vscode.l10n.t(
    'The text of the model config is not kept here any more, or never was, for the run of {0}. What the records hold of the configs is shown in the place of their texts.',
    lost.map(time).join(', '),
  );
}

function time({ id }: RunRecord): string {
  return runTime(id, vscode.env.language);
}
