/** One whole run without a pointer: from a file to figures, from figures to an export and back to the tree. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runRecordSchema } from '../../../src/core/record.ts';
import type { Drive } from '../harness/drive.ts';
import { Keys } from '../harness/keys.ts';
import { plain } from '../harness/quickInput.ts';
import { putRecords, samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { texts } from '../harness/texts.ts';
import { eventually, patienceMs } from '../harness/waiting.ts';

export async function runByKeyboard({ workbench, folder }: Drive): Promise<void> {
  await putRecords(folder, []);
  const { page } = workbench;
  const keys = new Keys(page);
  await keys.openFile(samplePaths.classifier);
  await workbench.tab('config.pbtxt').waitFor();
  // Before it has lenses the extension may not know of the editor yet, and would ask which model.
  await workbench.waitForCodeLens(texts.startLens);

  await keys.command('Topology Bench: Benchmark Topology');
  await keys.checkOnly('fastapi', ['fastapi', 'triton', 'hybrid']);
  await keys.filterAndAccept('This machine');
  await keys.filterAndAccept('quick');
  const dialog = page.locator('.monaco-dialog-box:visible');
  await dialog.waitFor();
  expect(plain(await dialog.innerText())).toContain('fastapi');
  // The button that starts it has the focus.
  expect(await dialog.locator('.monaco-button:focus').innerText()).toMatch(/Start/u);
  await page.keyboard.press('Enter');

  const panel = await workbench.panelInSight(/sentiment/u);
  await expect.poll(() => panel.text(), { timeout: 300_000, interval: 500 }).toMatch(texts.panel.again);
  await panel.waitUntilDrawn();
  await keys.focusPanel();
  await keys.tabTo(panel, /^Export/u);
  await workbench.screenshot(join(screenshots, 'keyboard-focus.png'));
  await page.keyboard.press('Enter');
  await keys.waitForRow(/CSV/u);
  await page.keyboard.press('Escape');

  await keys.command('Topology Bench: Focus on Results View');
  const row = page.locator('.pane-body .monaco-list-row.focused', { hasText: /\d RPS/u });
  await eventually(
    'the result under the cursor',
    async () => {
      await page.keyboard.press('ArrowDown');
      return row.isVisible();
    },
    Boolean,
  );
  await page.keyboard.press('Enter');
  await expect.poll(() => panel.text(), { timeout: patienceMs }).toMatch(/32 connections/u);

  const runs = join(folder, samplePaths.runs);
  const [name = ''] = (await readdir(runs)).filter((file) => file.endsWith('.json'));
  const record = runRecordSchema.parse(JSON.parse(await readFile(join(runs, name), 'utf8')));
  expect(record.status).toBe('completed');
  expect(record.topologies.map(({ topology }) => topology.name)).toEqual(['fastapi']);
}
