import * as vscode from 'vscode';
import { placeNeeded } from '../cluster.ts';
import { plainText } from '../plainText.ts';
import { isProtected, protectedPatterns } from '../protection.ts';
import type { Services } from '../services.ts';
import { openSettings } from '../settings.ts';

/** Protects the context that it was called on, else the current one. */
export async function protectContext(argument: unknown, services: Services): Promise<void> {
  const context = await contextOf(argument, services);
  if (isProtected(context)) {
    void vscode.window.showInformationMessage(
      plainText(vscode.l10n.t('The context {0} is protected already.', context)),
    );
    return;
  }
  await writePatterns([...protectedPatterns(), context]);
}

/** Asks first. A pattern that covers other contexts too is left to the user, who alone knows what else it is for. */
export async function unprotectContext(argument: unknown, services: Services): Promise<void> {
  const context = await contextOf(argument, services);
  if (!isProtected(context)) {
    void vscode.window.showInformationMessage(plainText(vscode.l10n.t('The context {0} is not protected.', context)));
    return;
  }
  const patterns = protectedPatterns();
  if (patterns.includes(context)) {
    const unprotect = vscode.l10n.t('Unprotect');
    const question = vscode.l10n.t(
      'Unprotect the context {0}? Then nothing asks for its name before a topology is deployed to it, or deleted from it.',
      context,
    );
    if ((await vscode.window.showWarningMessage(question, { modal: true }, unprotect)) !== unprotect) return;
    await writePatterns(patterns.filter((pattern) => pattern !== context));
  }
  if (isProtected(context)) await sayCovered(context);
}

async function sayCovered(context: string): Promise<void> {
  const settings = vscode.l10n.t('Open Settings');
  const chosen = await vscode.window.showWarningMessage(
    plainText(
      vscode.l10n.t(
        'The context {0} is still protected by a pattern with "*" in the setting topologyBench.protectedContexts, which may cover other contexts too. Change it there.',
        context,
      ),
    ),
    settings,
  );
  if (chosen === settings) await openSettings('protectedContexts');
}

/** To the user's own settings: no other file counts for this one. */
async function writePatterns(patterns: readonly string[]): Promise<void> {
  await vscode.workspace
    .getConfiguration('topologyBench', null)
    .update('protectedContexts', patterns, vscode.ConfigurationTarget.Global);
}

async function contextOf(argument: unknown, { cluster }: Services): Promise<string> {
  if (typeof argument === 'object' && argument !== null && 'context' in argument) {
    if (typeof argument.context === 'string') return argument.context;
  }
  return (await placeNeeded(cluster)).context;
}
