import { exportName } from '../src/core/view/exportName.ts';
import type { RunRecord } from '../src/core/record.ts';
import type { PanelRequest } from '../src/protocol/messages.ts';
import { maxPngBytes } from '../src/protocol/messages.ts';
import { chartPng, type ChartPicture } from './chartPicture.ts';
import { h } from './dom.ts';

/**
 * The picture as the extension takes it, which asks where it goes.
 * @throws Error with a sentence for the user
 */
export async function chartRequest(picture: ChartPicture): Promise<PanelRequest> {
  const blob = await chartPng(picture);
  if (blob.size > maxPngBytes) throw new Error('The picture of the chart is too large to be saved.');
  return { kind: 'save-chart', title: picture.view.title, png: await base64Of(blob) };
}

/** In a report the browser saves it, with the other downloads. */
export async function downloadChart(picture: ChartPicture, record: RunRecord): Promise<void> {
  const url = URL.createObjectURL(await chartPng(picture));
  h('a', { href: url, download: exportName(record.plan, record.id, 'png', picture.view.title) }).click();
  // A browser that asks where it goes reads it only then.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

function base64Of(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = typeof reader.result === 'string' ? reader.result : '';
      resolve(address.slice(address.indexOf(',') + 1));
    };
    reader.onerror = () => {
      reject(new Error('The picture of the chart could not be read.'));
    };
    reader.readAsDataURL(blob);
  });
}
