/** A menu that drops from what is clicked. */
import type { Locator, Page } from 'playwright-core';
import { clickOnce } from './pointer.ts';
import { plain } from './quickInput.ts';
import { eventually, patienceMs } from './waiting.ts';

/** For so long after it opens a menu takes no click, which might be the one that opened it; a button that is held as long as by a hand outlasts that. */
const heldMs = 150;

export class Menu {
  readonly #page: Page;
  readonly #click: (isOpen: () => Promise<boolean>) => Promise<void>;

  /** @param click opens it; where `isOpen` says so there is nothing to click any more */
  constructor(page: Page, click: (isOpen: () => Promise<boolean>) => Promise<void>) {
    this.#page = page;
    this.#click = click;
  }

  /** Its labels; it is closed again. */
  async items(): Promise<string[]> {
    // What is drawn anew under it closes it.
    return eventually(
      'the labels of the menu',
      async () => {
        await this.#open();
        const labels = (await this.#menu.locator('.action-item .action-label').allInnerTexts()).map(plain);
        await this.#close();
        return labels.filter((label) => label !== '');
      },
      (labels) => labels.length > 0,
    );
  }

  /** Presses it, until the menu that was clicked goes: what is drawn anew under one that was not closes it. */
  async press(label: string): Promise<void> {
    const item = this.#menu.locator('.action-item', { hasText: label }).first();
    let isClicked = false;
    await eventually(
      `the menu to take "${label}"`,
      async () => {
        if (!isClicked) await this.#open();
        else if (!(await this.#isOpen())) return true;
        try {
          await clickOnce(item, 5000, { delay: heldMs });
          isClicked = true;
        } catch (error) {
          // It may have come with other entries than those that there are now.
          if (!isClicked) await this.#close();
          throw error;
        }
        await this.#menu.waitFor({ state: 'hidden', timeout: 3000 });
        return true;
      },
      Boolean,
    );
  }

  get #menu(): Locator {
    return this.#page.locator('.context-view .monaco-menu');
  }

  async #isOpen(): Promise<boolean> {
    return this.#menu.locator('.action-item').first().isVisible();
  }

  async #open(): Promise<void> {
    // What is drawn anew under the pointer opens none.
    await eventually(
      'the menu to open',
      async () => {
        if (await this.#isOpen()) return true;
        await this.#click(() => this.#isOpen());
        await this.#menu.locator('.action-item').first().waitFor({ timeout: 5000 });
        return true;
      },
      Boolean,
    );
  }

  /** An Escape that no menu takes hides every notification. */
  async #close(): Promise<void> {
    if (!(await this.#isOpen())) return;
    await this.#page.keyboard.press('Escape');
    await this.#menu.waitFor({ state: 'hidden', timeout: patienceMs });
  }
}
