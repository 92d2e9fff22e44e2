/** A menu that drops from what is clicked. */
import type { Locator, Page } from 'playwright-core';
import { clickOnce } from './pointer.ts';
import { plain } from './quickInput.ts';
import { eventually, patienceMs } from './waiting.ts';

/** For so long after it opens a menu takes no click, which might be the one that opened it; a button that is held as long as by a hand outlasts that. */
const heldMs = 150;

let releases = 0;

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

  /** Presses it, until it was the entry on which the button was let go, and the menu went for that: what is drawn anew under one closes it. */
  async press(label: string): Promise<void> {
    const item = this.#menu.locator('.action-item', { hasText: label }).first();
    await eventually(
      `the menu to take "${label}"`,
      async () => {
        await this.#open();
        const mark = `data-release-${String(++releases)}`;
        try {
          await item.evaluate(markRelease, mark, { timeout: 5000 });
          await clickOnce(item, 5000, { delay: heldMs });
          if (!(await this.#isMarked(mark))) throw new Error('The menu went while the entry was held.');
        } catch (error) {
          if (!(await this.#isMarked(mark))) {
            // It may have come with other entries than those that there are now.
            await this.#close();
            throw error;
          }
        }
        // One that stays was too new to take it.
        await this.#menu.waitFor({ state: 'hidden', timeout: 5000 });
        return true;
      },
      Boolean,
    );
  }

  /** Whether the button was let go on the entry that has this mark. */
  async #isMarked(mark: string): Promise<boolean> {
    return (await this.#page.locator('html').getAttribute(mark)) !== null;
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

/** Runs in the page. VS Code acts on the button that is let go. */
function markRelease(entry: Element, mark: string): void {
  entry.addEventListener(
    'mouseup',
    () => {
      document.documentElement.setAttribute(mark, '');
    },
    { capture: true },
  );
}
