/** The workbench without a pointer. */
import { basename, dirname } from 'node:path';
import type { Page } from 'playwright-core';
import type { Panel } from './panel.ts';
import { exactly, plain } from './quickInput.ts';
import { eventually, patienceMs } from './waiting.ts';

/** Presses keys; looks only to know when the next one may be pressed. */
export class Keys {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async command(name: string): Promise<void> {
    await this.choose('F1', name, name);
  }

  /** Opens a file by its path in the workspace. */
  async openFile(path: string): Promise<void> {
    await this.choose('Control+P', path, basename(path), dirname(path));
  }

  /**
   * Opens a list by its key, types, and accepts the row that is then the current one.
   *
   * @param description a part of what stands beside the label: a list that has not caught up with the text has other rows of the same label
   */
  async choose(key: string, text: string, label: string, description = ''): Promise<void> {
    const input = this.#page.locator('.quick-input-widget:visible .quick-input-box input');
    await eventually(
      `"${label}" in the list of ${key}`,
      async () => {
        await this.#page.keyboard.press('Escape');
        await this.#page.keyboard.press(key);
        await input.waitFor({ timeout: 10_000 });
        await this.#page.keyboard.type(text);
        await this.#row(exactly(label), '.focused', description).waitFor({ timeout: 10_000 });
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

  /** Puts the focus into the panel, the second group of editors: a Tab that came before would be one more character of the first. */
  async focusPanel(): Promise<void> {
    const isThere = (): Promise<boolean> =>
      this.#page.evaluate(() => document.activeElement?.matches('iframe.webview') === true);
    await eventually(
      'the focus in the panel',
      async () => {
        await this.#page.keyboard.press('Control+2');
        return eventually('the focus', isThere, Boolean, 3000);
      },
      Boolean,
    );
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

  #row(label: RegExp, state = '', description = ''): ReturnType<Page['locator']> {
    const name = this.#page.locator('.quick-input-list-row:first-child .monaco-icon-name-container', {
      hasText: label,
    });
    return this.#page
      .locator(`.quick-input-list .monaco-list-row${state}`)
      .filter({ has: name })
      .filter({ hasText: description })
      .first();
  }
}
