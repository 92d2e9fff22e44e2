import * as vscode from 'vscode';
import { parseGpuPrice } from '../../core/gpuPrice.ts';
import { sentence } from '../../core/view/format.ts';
import type { SettingKey } from '../contributions.ts';
import { readSettings } from '../settings.ts';

/** Asks what a GPU costs for an hour, and keeps it in the settings: those of the workspace where they have a price, else the user's. */
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
  // The currency first: a panel that follows the settings then never shows the new price in the old one.
  if (price !== null && price.currency !== currency) await update('currency', price.currency);
  await update('gpuHourPrice', price?.perGpuHour);
}

function parsed(text: string, currency: string): ReturnType<typeof parseGpuPrice> {
  return text.trim() === '' ? { price: null, problem: null } : parseGpuPrice(text, currency);
}

/** @param value undefined: the default, whatever the user's own settings say */
async function update(key: SettingKey, value: number | string | undefined): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('topologyBench', null);
  if (configuration.inspect(key)?.workspaceValue === undefined) {
    await configuration.update(key, value, vscode.ConfigurationTarget.Global);
  } else {
    await configuration.update(key, value ?? null, vscode.ConfigurationTarget.Workspace);
  }
}
