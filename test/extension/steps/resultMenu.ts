/** What the menu of a result does with it: to the clipboard, to files, to an editor. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { planFileText } from '../../../src/core/planFileText.ts';
import { runRecordSchema } from '../../../src/core/record.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import type { Drive } from '../harness/drive.ts';
import { putRecords } from '../harness/sampleWorkspace.ts';
import { eventually, patienceMs } from '../harness/waiting.ts';
import { slower, whole } from './records.ts';

export async function outOfTheMenu({ workbench, folder }: Drive): Promise<void> {
  await putRecords(folder, [whole, slower]);
  const { quickInput } = workbench;
  const results = await workbench.view('Topology Bench', 'Results');
  await results.waitForRows(
    'both results',
    ([first, second, ...more]) => isOf(3, first) && isOf(2, second) && more.length === 0,
  );
  const row = results.row(/Jan 2, 2026/u);

  // A list that is drawn anew just then does not know which row it was, and it is asked for.
  const tab = workbench.tab(`${whole.id}.json`);
  await eventually(
    'the record in a tab',
    async () => {
      await row.pressMenu('Open Record as JSON');
      try {
        await tab.waitFor({ timeout: 15_000 });
      } catch (error) {
        await quickInput.cancel();
        throw error;
      }
      return true;
    },
    Boolean,
  );

  await row.pressMenu('Copy as Markdown');
  await eventually(
    'the Markdown on the clipboard',
    () => workbench.page.evaluate(() => navigator.clipboard.readText()),
    (text) => text === recordMarkdown(whole, null),
  );

  await row.pressMenu('Export as JSON…');
  await quickInput.saveAs(join(folder, 'run.json'));
  await workbench.notification('Saved run.json.').dismiss();
  expect(runRecordSchema.parse(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')))).toEqual(whole);

  await row.pressMenu('Export as HTML Report…');
  await quickInput.saveAs(join(folder, 'menu.html'));
  await workbench.notification('Saved menu.html.').dismiss();
  expect(await readFile(join(folder, 'menu.html'), 'utf8')).toContain(`"id":"${whole.id}"`);

  await row.pressMenu('Save as Plan…');
  await quickInput.saveAs(join(folder, 'saved.yaml'));
  await workbench.tab('saved.yaml').waitFor();
  expect(await readFile(join(folder, 'saved.yaml'), 'utf8')).toBe(planFileText(whole, 'unknown'));

  await row.pressMenu('Compare with…');
  await quickInput.pick(/Jan 3, 2026/u);
  await (await workbench.panel(/Jan 2, 2026, .* ↔ Jan 3, 2026/u)).waitUntilDrawn();

  await row.pressMenu('Open Results');
  const panel = await workbench.panel(/^tiny-sentiment · Jan 2, 2026, [^↔]*$/u);
  await panel.waitUntilDrawn();

  // A price of a GPU that is entered stands beside the figures, until it is taken away.
  const price = 'EUR/1M req';
  try {
    await workbench.runCommand('Topology Bench: Set GPU Price');
    await quickInput.fill('2.50 EUR');
    await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain(price);
    await workbench.runCommand('Topology Bench: Set GPU Price');
    await expect.poll(() => quickInput.value(), { timeout: patienceMs }).toBe('2.5');
    await quickInput.fill('');
    await expect.poll(() => panel.text(), { timeout: patienceMs }).not.toContain(price);
  } finally {
    await workbench.changeSettings({});
  }
}

function isOf(day: number, row: string | undefined): boolean {
  return row?.startsWith(`Jan ${String(day)}, 2026`) === true && row.endsWith('tiny-sentiment');
}
