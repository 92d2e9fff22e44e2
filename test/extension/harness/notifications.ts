/** Notifications and modal dialogs. */
import type { Locator, Page } from 'playwright-core';
import { click, clickWhatHoverShows } from './pointer.ts';
import { plain } from './quickInput.ts';
import { eventually, patienceMs } from './waiting.ts';

/** A notification whose text contains `text`; waits for it when asked something. */
export class Notification {
  readonly locator: Locator;

  constructor(page: Page, text: string | RegExp) {
    this.locator = page.locator('.notification-list-item:visible', { hasText: text }).first();
  }

  async text(timeoutMs = patienceMs): Promise<string> {
    return plain(await this.locator.locator('.notification-list-item-message').innerText({ timeout: timeoutMs }));
  }

  async buttons(): Promise<string[]> {
    await this.locator.waitFor({ timeout: patienceMs });
    return (await this.locator.locator('.notification-list-item-buttons-container .monaco-button').allInnerTexts()).map(
      plain,
    );
  }

  async press(button: string): Promise<void> {
    await click(
      this.locator.locator('.notification-list-item-buttons-container .monaco-button', { hasText: button }).first(),
    );
  }

  /** Its toolbar shows only under the pointer, and one that slides from under a pointer at rest shows none. */
  async dismiss(): Promise<void> {
    const cross = this.locator.locator('.notification-list-item-toolbar-container .codicon-notifications-clear');
    await this.locator.waitFor({ timeout: patienceMs });
    await eventually(
      `${this.locator.toString()} to go`,
      async () => {
        if (await this.locator.isHidden()) return true;
        await clickWhatHoverShows(this.locator, cross, () => this.locator.isHidden());
        await this.locator.waitFor({ state: 'hidden', timeout: 3000 });
        return true;
      },
      Boolean,
    );
  }

  async waitUntilGone(timeoutMs = patienceMs): Promise<void> {
    await this.locator.waitFor({ state: 'hidden', timeout: timeoutMs });
  }
}

/** The modal dialog that is open; waits for it. */
export class Dialog {
  readonly locator: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.locator = page.locator('.monaco-dialog-box:visible');
  }

  /** Whether it opens within this time. */
  async appears(withinMs: number): Promise<boolean> {
    return this.locator.waitFor({ timeout: withinMs }).then(
      () => true,
      () => false,
    );
  }

  /** Answers nothing, where one is open. */
  async leave(): Promise<void> {
    if (!(await this.locator.isVisible())) return;
    await this.#page.keyboard.press('Escape');
    await this.locator.waitFor({ state: 'hidden', timeout: patienceMs });
  }

  /** Message and detail as one line. */
  async text(): Promise<string> {
    return plain(await this.locator.locator('.dialog-message-container').innerText({ timeout: patienceMs }));
  }

  async buttons(): Promise<string[]> {
    await this.locator.waitFor({ timeout: patienceMs });
    return (await this.locator.locator('.dialog-buttons .monaco-button').allInnerTexts()).map(plain);
  }

  async press(button: string): Promise<void> {
    await click(this.locator.locator('.dialog-buttons .monaco-button', { hasText: button }).first());
    await this.locator.waitFor({ state: 'hidden', timeout: patienceMs });
  }
}
