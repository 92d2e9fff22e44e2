import * as vscode from 'vscode';
import { BenchError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/record.ts';
import { exportName } from '../../core/view/exportName.ts';
import { loadEngine, loadRecords } from '../engine.ts';
import { pickOne } from '../questions/pick.ts';
import { runName } from '../questions/run.ts';
import { saveFile, type FileToSave } from '../saveFile.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { meantRun } from './meantRun.ts';
import { resultIn } from './results.ts';

type Format = 'csv' | 'json' | 'html';

interface FormatTexts {
  readonly title: string;
  readonly text: (record: RunRecord, services: Services) => Promise<string>;
}

/** All are made by bundles that activation leaves alone. */
function textsOf(format: Format): FormatTexts {
  switch (format) {
    case 'csv':
      return {
        title: vscode.l10n.t('Export as CSV'),
        text: async (record) => (await loadEngine()).recordCsv(record),
      };
    case 'json':
      return {
        title: vscode.l10n.t('Export as JSON'),
        text: async (record) => (await loadRecords()).recordText(record),
      };
    case 'html':
      return {
        title: vscode.l10n.t('Export as HTML Report'),
        text: async (record, { extension }) =>
          (await loadEngine()).reportPage([record], readSettings(undefined).gpuPrice.price, extension.path),
      };
  }
}

/** Of the run that is meant (see meantRun); the dialog says which that is. */
export async function exportAs(format: Format, argument: unknown, services: Services): Promise<void> {
  const record = await recordFrom(argument, services, textsOf(format).title);
  if (record !== undefined) await exportRecord(format, record, services);
}

async function exportRecord(format: Format, record: RunRecord, services: Services): Promise<void> {
  const { title, text } = textsOf(format);
  const file: FileToSave = {
    title: vscode.l10n.t('{0}: {1}', title, runName(record)),
    name: exportName(record.plan, record.id, format),
    kind: format,
    bytes: async () => new TextEncoder().encode(await text(record, services)),
  };
  await saveFile(file, services.memory);
}

/** For a pull request, an issue or a chat. */
export async function copyMarkdown(argument: unknown, services: Services): Promise<void> {
  const record = await recordFrom(argument, services, vscode.l10n.t('Copy as Markdown'));
  if (record !== undefined) await copyRecord(record);
}

async function copyRecord(record: RunRecord): Promise<void> {
  const { recordMarkdown } = await loadEngine();
  await vscode.env.clipboard.writeText(recordMarkdown(record, readSettings(undefined).gpuPrice.price));
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0} as Markdown', runName(record)), 5000);
}

/** Asks as what: what stands behind the panel's button. */
export async function exportResult(argument: unknown, services: Services): Promise<void> {
  const record = await recordFrom(argument, services, vscode.l10n.t('Export Result'));
  if (record === undefined) return;
  const answer = await pickOne<Format | 'markdown'>({
    title: vscode.l10n.t('Export {0}', runName(record)),
    placeholder: vscode.l10n.t('As what?'),
    canGoBack: false,
    choices: () => [
      {
        label: vscode.l10n.t('Copy as Markdown'),
        detail: vscode.l10n.t('For a pull request: headline, table and caveats, to the clipboard'),
        icon: 'markdown',
        value: 'markdown',
      },
      {
        label: vscode.l10n.t('CSV…'),
        detail: vscode.l10n.t('For spreadsheets and scripts: a row for each topology, turn and level'),
        icon: 'table',
        value: 'csv',
      },
      {
        label: vscode.l10n.t('JSON…'),
        detail: vscode.l10n.t('The run record, with everything that is known of the run'),
        icon: 'json',
        value: 'json',
      },
      {
        label: vscode.l10n.t('HTML report…'),
        detail: vscode.l10n.t('One file with all tables and charts, for any browser'),
        icon: 'globe',
        value: 'html',
      },
    ],
  });
  if (answer.kind !== 'value') return;
  if (answer.value === 'markdown') await copyRecord(record);
  else await exportRecord(answer.value, record, services);
}

/** @throws BenchError record-unreadable; not-meant-for where the run has none yet */
export async function recordFrom(argument: unknown, services: Services, title: string): Promise<RunRecord | undefined> {
  const inTree = resultIn(argument)?.record;
  if (inTree !== undefined) return inTree;
  const runId = await meantRun(argument, title, services);
  if (runId === undefined) return undefined;
  const run = services.runs.get(runId);
  if (run?.end?.record) return run.end.record;
  if (run?.end === null) {
    throw new BenchError({
      reason: 'not-meant-for',
      message: vscode.l10n.t('The run of {0} is still under way, so there is no record to export.', run.subject),
      nextStep: vscode.l10n.t('Export it when it has ended.'),
    });
  }
  return services.results.read(runId);
}
