import * as vscode from 'vscode';
import type { AnyPlan } from '../core/endpointPlan.ts';
import { BenchError } from '../core/errors.ts';
import { exportName } from '../core/view/exportName.ts';
import { maxPngBytes, type PanelRequest } from '../protocol/messages.ts';
import type { Memory } from './memory.ts';
import { saveFile } from './saveFile.ts';

/**
 * Saves a chart that a page has painted, where the user says.
 * @throws BenchError export-failed, also for bytes that are no PNG
 */
export async function saveChart(
  run: { readonly id: string; readonly plan: AnyPlan },
  chart: Extract<PanelRequest, { kind: 'save-chart' }>,
  memory: Memory,
): Promise<void> {
  const bytes = Buffer.from(chart.png, 'base64');
  if (bytes.length > maxPngBytes || !isPng(bytes)) {
    throw new BenchError({
      reason: 'export-failed',
      message: vscode.l10n.t('The chart was not saved: what its page sent is no picture that can be saved.'),
      nextStep: vscode.l10n.t('Close the panel, open it again, and save the chart once more.'),
    });
  }
  const file = {
    title: vscode.l10n.t('Save Chart'),
    name: exportName(run.plan, run.id, 'png', chart.title),
    kind: 'png',
    bytes: async () => bytes,
  } as const;
  await saveFile(file, memory);
}

/**
 * The signature, and the header that every PNG begins with.
 * Source: https://www.w3.org/TR/png-3/#3PNGsignature
 */
function isPng(bytes: Buffer): boolean {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  return signature.every((byte, at) => bytes[at] === byte) && bytes.toString('latin1', 12, 16) === 'IHDR';
}
