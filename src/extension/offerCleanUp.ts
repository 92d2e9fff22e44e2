import * as vscode from 'vscode';
import { explain, isCancelled, type BenchError } from '../core/errors.ts';
import type { ClusterPlace } from './cluster.ts';
import type { CommandId } from './contributions.ts';
import { plainText } from './plainText.ts';
import type { Services } from './services.ts';

/**
 * Says what a run or a Deploy could not remove, and offers to look for it and remove it. Never rejects.
 * @param place where it was, which need not be what the Cluster view shows; undefined: on no cluster
 */
export async function offerCleanUp(
  leftBehind: BenchError,
  place: ClusterPlace | undefined,
  { failures, log }: Pick<Services, 'failures' | 'log'>,
): Promise<void> {
  if (isCancelled(leftBehind)) return;
  failures.note(leftBehind, 'cleaning up');
  const cleanUp = vscode.l10n.t('Clean Up');
  const showLog = vscode.l10n.t('Show Log');
  const buttons = place === undefined ? [showLog] : [cleanUp, showLog];
  try {
    const chosen = await vscode.window.showWarningMessage(plainText(explain(leftBehind)), ...buttons);
    if (chosen === cleanUp) await vscode.commands.executeCommand('topologyBench.cleanUp' satisfies CommandId, place);
    else if (chosen === showLog) log.show();
  } catch (error) {
    failures.note(error, 'offering to clean up');
  }
}
