/** A menu that drops from what is clicked. */
import type { Locator, Page } from 'playwright-core';
import { plain } from './quickInput.ts';
import { eventually, patienceMs } from './waiting.ts';

export class Menu {
  readonly #page: Page;
  readonly #click: () => Promise<void>;

  /** @param click opens it */
  constructor(page: Page, click: () => Promise<void>) {
    this.#page = page;
    this.#click = click;
  }

  /** Its labels; it is closed again. */
  async items(): Promise<string[]> {
    const menu = await this.#open();
    const labels = (await menu.locator('.action-item .action-label').allInnerTexts())
      .map(plain)
      .filter((label) => label !== '');
    await this.#page.keyboard.press('Escape');
    await menu.waitFor({ state: 'hidden', timeout: patienceMs });
    return labels;
  }

  async press(label: string): Promise<void> {
    // For a moment after it opens, a menu takes no click: it might be the one that opened it. What is drawn anew under it closes it.
    await eventually(
      `the menu to take "${label}"`,
      async () => {
        const menu = await this.#open();
        await menu.locator('.action-item', { hasText: label }).first().click({ timeout: 2000 });
        await menu.waitFor({ state: 'hidden', timeout: 1000 });
        return true;
      },
      Boolean,
    );
  }

  async #open(): Promise<Locator> {
    const menu = this.#page.locator('.context-view .monaco-menu');
    if (await menu.locator('.action-item').first().isVisible()) return menu;
    // What is drawn anew under the pointer opens none.
    await eventually(
      'the menu to open',
      async () => {
        await this.#click();
        await menu.locator('.action-item').first().waitFor({ timeout: 5000 });
        return true;
      },
      Boolean,
    );
    return menu;
  }
}
