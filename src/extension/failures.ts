import * as vscode from 'vscode';
import { BenchError, explain, isCancelled, toBenchError, type Reason } from '../core/errors.ts';
import type { CommandId, SettingKey } from './contributions.ts';
import { plainText } from './plainText.ts';
import { openSettings } from './settings.ts';

const settingFor: Partial<Record<Reason, SettingKey | 'images'>> = {
  'kubeconfig-missing': 'kubeconfig',
  'kubeconfig-broken': 'kubeconfig',
  'image-unavailable': 'images',
  'gpu-unavailable': 'gpu.resource',
  'save-failed': 'resultsFolder',
  'not-ready': 'readyTimeoutSeconds',
  'namespace-missing': 'namespace',
};

/** Setting, or group of them, that usually mends a failure; undefined: none does. */
export function settingThatMends(reason: Reason): SettingKey | 'images' | undefined {
  return settingFor[reason];
}

/** What mends a failure at once: a setting, or a command. */
interface Mending {
  readonly label: string;
  run(): Thenable<unknown>;
}

/** undefined: neither a setting nor a command usually mends it. */
export function mendingOf(reason: Reason): Mending | undefined {
  if (reason === 'context-missing') {
    const command: CommandId = 'topologyBench.selectContext';
    return { label: vscode.l10n.t('Select Context'), run: () => vscode.commands.executeCommand(command) };
  }
  const setting = settingThatMends(reason);
  return setting && { label: vscode.l10n.t('Open Settings'), run: () => openSettings(setting) };
}

/** What a failure goes to: the log always, a dialog unless the user asked to stop. */
export interface Failures {
  /** Says what happened with buttons for what can be done; `retry` adds one that does it again, where that may help. */
  show(error: unknown, doing: string, retry?: () => void): void;
  /** The log alone, for what nobody asked for. */
  note(error: unknown, doing: string): BenchError;
}

export function createFailures(log: vscode.LogOutputChannel): Failures {
  const note = (error: unknown, doing: string): BenchError => {
    const problem = toBenchError(error, doing);
    if (isCancelled(problem) || isNoFailure(problem)) log.info(problem.message);
    else log.error([`${problem.message} [${problem.reason}]`, ...causes(problem)].join('\n  caused by '));
    return problem;
  };
  return {
    note,
    show(error, doing, retry) {
      const problem = note(error, doing);
      if (isCancelled(problem)) return;
      if (isNoFailure(problem)) {
        void vscode.window.showInformationMessage(plainText(explain(problem)));
        return;
      }
      offer(problem, log, retry).catch((offering: unknown) => {
        // A window that closes takes its dialogs with it.
        log.debug(explain(offering));
      });
    },
  };
}

/** Neither the log nor another try would help. */
function isNoFailure({ reason }: BenchError): boolean {
  return reason === 'nothing-there' || reason === 'not-meant-for';
}

async function offer(
  problem: BenchError,
  log: vscode.LogOutputChannel,
  retry: (() => void) | undefined,
): Promise<void> {
  const mending = mendingOf(problem.reason);
  const again = vscode.l10n.t('Retry');
  const showLog = vscode.l10n.t('Show Log');
  const buttons = [...(retry === undefined ? [] : [again]), ...(mending === undefined ? [] : [mending.label]), showLog];
  const chosen = await vscode.window.showErrorMessage(plainText(explain(problem)), ...buttons);
  if (chosen === again) retry?.();
  else if (mending !== undefined && chosen === mending.label) await mending.run();
  else if (chosen === showLog) log.show();
  // What would be lost stays on offer while the user looks for the cause and mends it.
  if (problem.reason === 'save-failed' && retry !== undefined && chosen !== undefined && chosen !== again) {
    await offer(problem, log, retry);
  }
}

/** What caused an error, for the log: our own words, and stacks of faults of our own. Others' texts may name servers or users. */
function causes(problem: BenchError): string[] {
  const texts: string[] = [];
  let cause = problem.cause;
  for (let depth = 0; cause instanceof Error && depth < 4; depth += 1) {
    if (cause instanceof BenchError) texts.push(cause.message);
    else if (problem.reason === 'internal') texts.push(cause.stack ?? cause.message);
    cause = cause.cause;
  }
  return texts;
}
