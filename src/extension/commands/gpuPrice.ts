import * as vscode from 'vscode';
import { parseGpuPrice } from '../../core/gpuPrice.ts';
import { sentence } from '../../core/view/format.ts';
import type { SettingKey } from '../contributions.ts';
import { readSettings } from '../settings.ts';

/** Asks what a GPU costs for an hour, and keeps it in the settings: those of the workspace where they have one, else the user's. */
export async function setGpuPrice(): Promise<void> {
  const { gpuPrice, currency } = readSettings(undefined);
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Set GPU Price'),
    prompt: vscode.l10n.t(
      'Price of one GPU for an hour in {0}, or in another currency as in "2.50 EUR". Empty: show no price.',
      currency,
    ),
    value: gpuPrice.price === null ? '' : String(gpuPrice.price.perGpuHour),
    validateInput: (typed) => {
      const { problem } = parsed(typed, currency);
      return problem === null ? undefined : sentence(problem);
    },
  });
  if (text === undefined) return;
  const { price, problem } = parsed(text, currency);
  if (problem !== null) return;
  const update = updater();
  if (price !== null && price.currency !== currency) {
    // A failure in between must not leave the old figure in the new currency.
    await update('gpuHourPrice', undefined);
    await update('currency', price.currency);
  }
  await update('gpuHourPrice', price?.perGpuHour);
}

function parsed(text: string, currency: string): ReturnType<typeof parseGpuPrice> {
  return text.trim() === '' ? { price: null, problem: null } : parseGpuPrice(text, currency);
}

type Keys = Extract<SettingKey, 'gpuHourPrice' | 'currency'>;

/** Price and currency stay together. Where the workspace has them, undefined is written as none, or the user's own would stand. */
function updater(): (key: Keys, value: number | string | undefined) => Promise<void> {
  const configuration = vscode.workspace.getConfiguration('topologyBench', null);
  const { Global, Workspace } = vscode.ConfigurationTarget;
  const keys: readonly Keys[] = ['gpuHourPrice', 'currency'];
  const ofWorkspace = keys.some((key) => configuration.inspect(key)?.workspaceValue !== undefined);
  return async (key, value) => {
    await configuration.update(key, ofWorkspace ? (value ?? null) : value, ofWorkspace ? Workspace : Global);
  };
}
