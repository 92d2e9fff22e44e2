/** One whole run without a pointer: from a file to figures, from figures to an export and back to the tree. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { runRecordSchema } from '../../src/core/record.ts';
import { drive } from './harness/drive.ts';
import { ownPackage } from './harness/package.ts';
import type { Panel } from './harness/panel.ts';
import { exactly, plain } from './harness/quickInput.ts';
import { makeSampleWorkspace, samplePaths } from './harness/sampleWorkspace.ts';
import { eventually, patienceMs } from './harness/waiting.ts';

const screenshots = join(import.meta.dirname, '..', '..', 'out', 'screenshots');

test('a run is started, watched, exported and found again by keyboard alone', async () => {
  await drive(
    'keyboard',
    { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace },
    async ({ workbench, folder }) => {
      const { page } = workbench;
      const keys = new Keys(page);
      await keys.choose('Control+P', samplePaths.classifier, 'config.pbtxt');
      await workbench.tab('config.pbtxt').waitFor();
      // Before it has lenses the extension may not know of the editor yet, and would ask which model.
      await page.locator('.codelens-decoration > a', { hasText: 'Benchmark Topology' }).first().waitFor();

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
      await expect.poll(() => panel.text(), { timeout: 300_000, interval: 500 }).toMatch(/Benchmark again/u);
      await panel.waitUntilDrawn();
      await page.keyboard.press('Control+2');
      await keys.tabTo(panel, /^Export/u);
      await workbench.screenshot(join(screenshots, 'keyboard-focus.png'));
      await page.keyboard.press('Enter');
      await keys.waitForRow(/CSV/u);
      await page.keyboard.press('Escape');

      await keys.command('Topology Bench: Focus on Results View');
      const row = page.locator('.pane-body .monaco-list-row.focused', { hasText: /RPS at p95/u });
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
    },
  );
});

/** Presses keys; looks only to know when the next one may be pressed. */
class Keys {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async command(name: string): Promise<void> {
    await this.choose('F1', name, name);
  }

  /** Opens a list by its key, types, and accepts the row that is then the current one. */
  async choose(key: string, text: string, label: string): Promise<void> {
    const input = this.#page.locator('.quick-input-widget:visible .quick-input-box input');
    await eventually(
      `"${label}" in the list of ${key}`,
      async () => {
        await this.#page.keyboard.press('Escape');
        await this.#page.keyboard.press(key);
        await input.waitFor({ timeout: 3000 });
        await this.#page.keyboard.type(text);
        await this.#row(exactly(label), '.focused').waitFor({ timeout: 5000 });
        await this.#page.keyboard.press('Enter');
        return true;
      },
      Boolean,
    );
  }

  async waitForRow(label: RegExp): Promise<void> {
    await this.#row(label).waitFor({ timeout: patienceMs });
  }

  /** In a pick with check boxes. */
  async checkOnly(wanted: string, labels: readonly string[]): Promise<void> {
    await this.waitForRow(exactly(wanted));
    for (const label of labels) {
      const row = this.#row(exactly(label));
      const focused = this.#row(exactly(label), '.focused');
      await eventually(
        `the cursor on ${label}`,
        async () => {
          if (!(await focused.isVisible())) await this.#page.keyboard.press('ArrowDown');
          return focused.isVisible();
        },
        Boolean,
      );
      const isChecked = async (): Promise<boolean> =>
        row
          .locator('input[type=checkbox], .monaco-checkbox')
          .first()
          .evaluate((element) =>
            element instanceof HTMLInputElement ? element.checked : element.getAttribute('aria-checked') === 'true',
          );
      if ((await isChecked()) !== (label === wanted)) await this.#page.keyboard.press('Space');
      await eventually(`${label} as wanted`, isChecked, (checked) => checked === (label === wanted));
    }
    await this.#page.keyboard.press('Enter');
  }

  async filterAndAccept(label: string): Promise<void> {
    await this.waitForRow(exactly(label));
    await this.#page.keyboard.type(label);
    await this.#row(exactly(label), '.focused').waitFor({ timeout: patienceMs });
    await this.#page.keyboard.press('Enter');
  }

  /** Presses Tab until an element of the page with such a text has the focus. */
  async tabTo(panel: Panel, text: RegExp): Promise<void> {
    const seen: string[] = [];
    for (let presses = 0; presses < 60; presses += 1) {
      await this.#page.keyboard.press('Tab');
      const focused = panel.frame.locator(':focus').first();
      const name = await focused.innerText({ timeout: 1000 }).catch(() => '');
      seen.push(plain(name));
      if (text.test(plain(name))) return;
    }
    throw new Error(`Tab does not come to ${String(text)}; it came by: ${seen.join(' | ')}`);
  }

  #row(label: RegExp, state = ''): ReturnType<Page['locator']> {
    const name = this.#page.locator('.quick-input-list-row:first-child .monaco-icon-name-container', {
      hasText: label,
    });
    return this.#page.locator(`.quick-input-list .monaco-list-row${state}`).filter({ has: name }).first();
  }
}
