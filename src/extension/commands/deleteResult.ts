import * as vscode from 'vscode';
import { BenchError, explain } from '../../core/errors.ts';
import { runTime } from '../describe.ts';
import type { Result } from '../results.ts';
import type { Services } from '../services.ts';
import { trustedOrTold } from '../trust.ts';
import { resultIn } from './results.ts';

/** Of all that are selected. Asks first: a measurement cannot be repeated. */
export async function deleteResult(argument: unknown, selected: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const chosen = (Array.isArray(selected) ? selected : [argument]).flatMap((node: unknown) => resultIn(node) ?? []);
  if (chosen.length === 0) {
    throw new BenchError({
      reason: 'nothing-there',
      message: vscode.l10n.t('No result is selected in the Results view.'),
      nextStep: vscode.l10n.t('Select those that are to be deleted.'),
    });
  }
  // VS Code's own explorer has none for the files of another machine either.
  const hasTrash = vscode.env.remoteName === undefined;
  const remove = vscode.l10n.t('Delete');
  const options = { modal: true, ...heldDetail(chosen, services) };
  if ((await vscode.window.showWarningMessage(deletionQuestion(chosen, hasTrash), options, remove)) !== remove) return;
  if (!hasTrash) {
    await deleteEach(chosen, 'for-good', services);
    return;
  }
  const { deleted, failed } = await tryEach(chosen, 'to-trash', services);
  if (deleted > 0) sayTrashed(deleted);
  if (failed.length > 0) await deleteWithoutTrash(failed, services);
}

function deletionQuestion(chosen: readonly Result[], hasTrash: boolean): string {
  const [only] = chosen;
  if (chosen.length === 1 && only !== undefined) {
    const time = runTime(only.id, vscode.env.language);
    return hasTrash
      ? vscode.l10n.t('Delete the result of {0}? Its record is moved to the trash.', time)
      : vscode.l10n.t('Delete the result of {0}? Its record is removed from the disk for good.', time);
  }
  const count = String(chosen.length);
  return hasTrash
    ? vscode.l10n.t('Delete {0} results? Their records are moved to the trash.', count)
    : vscode.l10n.t('Delete {0} results? Their records are removed from the disk for good.', count);
}

function heldDetail(chosen: readonly Result[], { baselines }: Services): { readonly detail?: string } {
  const held = chosen.filter(({ id }) => baselines.isBaseline(id));
  if (held.length === 0) return {};
  const times = held.map(({ id }) => runTime(id, vscode.env.language)).join(', ');
  return {
    detail:
      held.length === 1
        ? vscode.l10n.t('Others are held against the one of {0}. They have no baseline then.', times)
        : vscode.l10n.t('Others are held against those of {0}. They have no baseline then.', times),
  };
}

function sayTrashed(count: number): void {
  const text =
    count === 1
      ? vscode.l10n.t('The record is moved to the trash.')
      : vscode.l10n.t('{0} records are moved to the trash.', String(count));
  vscode.window.setStatusBarMessage(text, 5000);
}

/** The user agreed to the trash, which did not take them. */
async function deleteWithoutTrash(failed: readonly Failed[], services: Services): Promise<void> {
  const forGood = vscode.l10n.t('Delete for Good');
  const why = failed.map(({ error }) => explain(error));
  const times = failed.map(({ result }) => runTime(result.id, vscode.env.language)).join(', ');
  const question =
    failed.length === 1
      ? vscode.l10n.t('The trash did not take the result of {0}. Delete it for good?', times)
      : vscode.l10n.t('The trash did not take the results of {0}. Delete them for good?', times);
  const options = { modal: true, detail: [...new Set(why)].join('\n') };
  if ((await vscode.window.showWarningMessage(question, options, forGood)) !== forGood) return;
  await deleteEach(
    failed.map(({ result }) => result),
    'for-good',
    services,
  );
}

interface Failed {
  readonly result: Result;
  readonly error: unknown;
}

/** @throws the first failure */
async function deleteEach(chosen: readonly Result[], how: 'to-trash' | 'for-good', services: Services): Promise<void> {
  const [first] = (await tryEach(chosen, how, services)).failed;
  if (first !== undefined) throw first.error;
}

/** One that cannot be deleted keeps none of the others. */
async function tryEach(
  chosen: readonly Result[],
  how: 'to-trash' | 'for-good',
  { results, baselines }: Services,
): Promise<{ readonly deleted: number; readonly failed: readonly Failed[] }> {
  const failed: Failed[] = [];
  for (const result of chosen) {
    try {
      await results.delete(result, how);
      await baselines.unpin(result.id);
    } catch (error) {
      failed.push({ result, error });
    }
  }
  return { deleted: chosen.length - failed.length, failed };
}
