import * as vscode from 'vscode';
import { BenchError, isCancelled } from '../../core/errors.ts';
import type { BenchmarkChoices, Subject } from '../choices.ts';
import { subjectName } from '../describe.ts';
import { loadEngine } from '../engine.ts';
import { configUri, makePlanned, prepare, type Planned, type PrepareContext, type PreparedRun } from '../prepare.ts';
import type { Services } from '../services.ts';
import { shownWait } from '../shownWait.ts';

/**
 * Plans what was chosen. A tokenizer that is missing is asked for once and remembered for the model. undefined when the
 * user left.
 * @throws BenchError what is wrong with the model, the settings or the plan
 */
export function planAsking(choices: BenchmarkChoices, services: Services): Promise<Planned | undefined> {
  return asking(choices, services, (signal) => makePlanned(choices, prepareContext(services), signal));
}

/** The same for a run. */
export function prepareAsking(choices: BenchmarkChoices, services: Services): Promise<PreparedRun | undefined> {
  return asking(choices, services, (signal) => prepareRun(choices, services, signal));
}

/**
 * Asks for the tokenizer of a model that has none, before other questions are asked in vain. Whatever else is wrong with the model
 * is said when it is read.
 * @returns false where the user left
 * @throws BenchError what is wrong with the file that was chosen
 */
export async function askMissingTokenizer(subject: Subject, { memory }: Pick<Services, 'memory'>): Promise<boolean> {
  const path = configUri(subject)?.fsPath;
  if (path === undefined) return true;
  const { findModelTokenizer } = await loadEngine();
  const look = (): Promise<void> =>
    shown((signal) => findModelTokenizer({ path, tokenizerPath: memory.tokenizerOf(subject) }, signal));
  try {
    await look();
    return true;
  } catch (error) {
    if (isCancelled(error)) return false;
    if (!(error instanceof BenchError) || error.reason !== 'tokenizer-missing') return true;
    const chosen = await askTokenizer(error, subject);
    if (chosen === undefined) return false;
    await memory.rememberTokenizer(subject, chosen);
  }
  return orForget(subject, memory, async () => {
    await look();
    return true;
  });
}

/** A file that turned out to be no tokenizer must be asked for again the next time. */
async function orForget<Value>(
  subject: Subject,
  memory: Services['memory'],
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    await memory.rememberTokenizer(subject, undefined);
    throw error;
  }
}

/** Without questions: a missing tokenizer is a failure. */
export function prepareRun(choices: BenchmarkChoices, services: Services, signal: AbortSignal): Promise<PreparedRun> {
  return prepare(choices, prepareContext(services), signal);
}

export function prepareContext({ extension, memory, results, journals, configTexts, log }: Services): PrepareContext {
  return { extensionPath: extension.path, version: extension.version, memory, results, journals, configTexts, log };
}

async function asking<Value>(
  { subject, plan: planFile }: BenchmarkChoices,
  services: Services,
  plan: (signal: AbortSignal) => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await shown(plan);
  } catch (error) {
    if (isCancelled(error)) return undefined;
    if (!(error instanceof BenchError) || error.reason !== 'tokenizer-missing') throw error;
    // One that a plan file names goes before any other that was chosen.
    if (planFile?.file.tokenizer !== undefined) throw error;
    const path = await askTokenizer(error, subject);
    if (path === undefined) return undefined;
    await services.memory.rememberTokenizer(subject, path);
  }
  return orForget(subject, services.memory, () => shown(plan));
}

function shown<Value>(plan: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  return shownWait(vscode.l10n.t('Reading the model'), 'reading the model', plan);
}

async function askTokenizer(missing: BenchError, subject: Subject): Promise<string | undefined> {
  const choose = vscode.l10n.t('Choose tokenizer.json');
  const detail = missing.nextStep === undefined ? {} : { detail: missing.nextStep };
  const chosen = await vscode.window.showWarningMessage(missing.message, { modal: true, ...detail }, choose);
  if (chosen !== choose) return undefined;
  const beside = configUri(subject);
  const files = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Tokenizer of {0}', subjectName(subject)),
    canSelectMany: false,
    filters: { [vscode.l10n.t('Tokenizer')]: ['json'] },
    ...(beside === undefined ? {} : { defaultUri: vscode.Uri.joinPath(beside, '..') }),
  });
  return files?.[0]?.fsPath;
}
