import * as vscode from 'vscode';
import { planSubject } from '../../core/anyPlan.ts';
import { BenchError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/record.ts';
import { pickOne } from '../questions/pick.ts';
import { noResults, runChoice } from '../questions/run.ts';
import type { Result } from '../results.ts';
import type { Services } from '../services.ts';
import { panelTitle } from '../startRun.ts';
import { textColumn } from '../textColumn.ts';

/** Opens a run's panel beside the code: of the id given, of a tree's node, or of the run that the user picks. */
export async function openResults(argument: unknown, services: Services): Promise<void> {
  const runId = runIdIn(argument) ?? (await pickResult(services, vscode.l10n.t('Open Results'), 'all'));
  if (runId === undefined) return;
  const live = services.runs.get(runId);
  if (live !== undefined) {
    services.panels.show({ runId }, panelTitle(live));
    return;
  }
  const record = await services.results.read(runId);
  services.panels.show({ runId }, panelTitle({ id: runId, subject: planSubject(record.plan) }));
}

/** The file of a result of the tree, which may not be readable as a record, or of the run that the user picks. */
export async function openRecord(argument: unknown, services: Services): Promise<void> {
  const path = resultIn(argument)?.path ?? (await pickedPath(services));
  if (path !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(path), { viewColumn: textColumn() });
}

async function pickedPath(services: Services): Promise<string | undefined> {
  const runId = await pickResult(services, vscode.l10n.t('Open Record as JSON'), 'ended');
  return runId === undefined ? undefined : (await services.results.fileOf(runId))?.fsPath;
}

/** The run that a command was called on. */
export function runIdIn(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null) return undefined;
  if ('runId' in argument && typeof argument.runId === 'string') return argument.runId;
  return resultIn(argument)?.id;
}

/**
 * @param which "ended": those with a record
 * @param among `inSight`: ids of runs that a panel shows now, which come first; `fits`: which of the ended ones may be picked, all by
 *   default
 * @throws BenchError nothing-there where there is none to pick
 */
export async function pickResult(
  services: Services,
  title: string,
  which: 'all' | 'ended',
  { inSight = [], fits = () => true }: { inSight?: readonly string[]; fits?: (runId: string) => boolean } = {},
): Promise<string | undefined> {
  const answer = await pickOne<string>({
    title,
    placeholder: vscode.l10n.t('Which run?'),
    canGoBack: false,
    async choices() {
      const live = (which === 'all' ? services.runs.active() : []).map((run) => ({
        label: run.subject,
        description: vscode.l10n.t('under way'),
        icon: 'sync',
        value: run.id,
      }));
      const all = (await services.results.list()).flatMap(({ record }) => record ?? []);
      const records = all.filter(({ id }) => fits(id));
      if (live.length + records.length === 0) throw all.length === 0 ? noResults() : noneStartedHere();
      const isShown = ({ id }: RunRecord): boolean => inSight.includes(id);
      return [
        ...live,
        ...records.filter(isShown).map((record) => runChoice(record, vscode.l10n.t('shown in a panel'))),
        ...records.filter((record) => !isShown(record)).map((record) => runChoice(record)),
      ];
    },
  });
  return answer.kind === 'value' ? answer.value : undefined;
}

function noneStartedHere(): BenchError {
  return new BenchError({
    reason: 'nothing-there',
    message: vscode.l10n.t('None of the results is of a run that was started in this workspace.'),
    nextStep: vscode.l10n.t('Start the benchmark from the model config.'),
  });
}

/** The result of the tree's node that a command was called on. */
export function resultIn(argument: unknown): Result | undefined {
  if (typeof argument !== 'object' || argument === null || !('result' in argument)) return undefined;
  const { result } = argument;
  const fits =
    typeof result === 'object' && result !== null && 'directory' in result && 'path' in result && 'id' in result;
  return fits ? (result as Result) : undefined;
}
