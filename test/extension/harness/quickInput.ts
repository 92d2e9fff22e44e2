/** The box that drops from the top: command palette, quick picks and input boxes. */
import { basename, dirname, extname } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { eventually, patienceMs } from './waiting.ts';

export class QuickInput {
  readonly #page: Page;
  readonly #box: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#box = page.locator('.quick-input-widget');
  }

  /** Runs a command by its whole name, category included: "Topology Bench: Benchmark Topology". */
  async runCommand(name: string): Promise<void> {
    await this.#choose('F1', `>${name}`, this.#row(name));
    await eventually(
      'the palette to give way',
      async () => !(await this.isShown()) || !(await this.value()).startsWith('>'),
      Boolean,
    );
  }

  /** The commands that the palette offers for a search text. */
  async findCommands(text: string): Promise<string[]> {
    await this.#open('F1');
    await this.#input.fill(`>${text}`);
    const labels = await this.#whenStill();
    await this.cancel();
    return labels;
  }

  /** Opens a file by its path in the workspace. */
  async openFile(path: string): Promise<void> {
    // A list that has not caught up with the text yet may hold a file of the same name in another folder.
    const folder = path.includes('/') ? dirname(path) : '';
    await this.#choose('Control+P', path, this.#row(basename(path), folder));
  }

  /** Whether it is shown within this time. */
  async appears(withinMs: number): Promise<boolean> {
    return this.#box.waitFor({ timeout: withinMs }).then(
      () => true,
      () => false,
    );
  }

  /** What stands in the title bar; a box without one has "". */
  async title(): Promise<string> {
    await this.#box.waitFor({ timeout: patienceMs });
    return (await this.#box.locator('.quick-input-title').innerText()).trim();
  }

  /** The hint or the validation message below the input. */
  async message(): Promise<string> {
    return (await this.#box.locator('.quick-input-message').innerText()).trim();
  }

  /** Labels of the rows in view, once this one is among them: rows of the box before linger until new ones come. */
  async waitForItem(label: string | RegExp): Promise<string[]> {
    await this.#row(label).waitFor({ timeout: patienceMs });
    return this.#whenStill();
  }

  async items(): Promise<string[]> {
    return (await this.#rows.locator(labelOfRow).allInnerTexts()).map(plain);
  }

  /** Rows in view, with description and detail. */
  async itemTexts(): Promise<string[]> {
    return (await this.#rows.allInnerTexts()).map(plain);
  }

  /** Picks one row, once the list stands still: a row that moves under the pointer would have another one picked. */
  async pick(label: string | RegExp): Promise<void> {
    await this.waitForItem(label);
    await this.#row(label).click({ timeout: patienceMs });
  }

  /** In a pick with check boxes: checks exactly these and accepts. */
  async pickMany(labels: readonly string[]): Promise<void> {
    const [first] = labels;
    for (const label of first === undefined ? await this.#whenStill() : await this.waitForItem(first)) {
      const box = this.#row(label).locator('input[type=checkbox], .monaco-checkbox').first();
      const isChecked = await box.evaluate((element) =>
        element instanceof HTMLInputElement ? element.checked : element.getAttribute('aria-checked') === 'true',
      );
      if (isChecked !== labels.includes(label)) await box.click();
    }
    await this.accept();
  }

  /** Fills the input and accepts it. */
  async fill(text: string): Promise<void> {
    await this.#input.waitFor({ timeout: patienceMs });
    await this.#input.fill(text);
    await this.accept();
  }

  /**
   * Names the file in the dialog that VS Code has in a browser: first it proposes a name of its own, and while it looks at a folder
   * it takes no Enter.
   */
  async saveAs(path: string): Promise<void> {
    await this.#input.waitFor({ timeout: patienceMs });
    await eventually(
      'the dialog to propose a name',
      () => this.value(),
      (value) => value.endsWith(extname(path)),
    );
    await this.#input.fill(path);
    await eventually(
      `the dialog to take ${path}`,
      async () => {
        await this.accept();
        await this.#box.waitFor({ state: 'hidden', timeout: 3000 });
        return true;
      },
      Boolean,
    );
  }

  /** Names the file in the dialog that VS Code has in a browser for opening one. */
  async choose(path: string): Promise<void> {
    await this.#input.waitFor({ timeout: patienceMs });
    await eventually(
      `the dialog to take ${path}`,
      async () => {
        await this.#input.fill(path);
        await this.accept();
        await this.#box.waitFor({ state: 'hidden', timeout: 3000 });
        return true;
      },
      Boolean,
    );
  }

  async value(): Promise<string> {
    return this.#input.inputValue();
  }

  async accept(): Promise<void> {
    await this.#input.press('Enter');
  }

  /** One question back, where there is one. */
  async back(): Promise<void> {
    await this.#box.locator('.quick-input-titlebar [aria-label^="Back"]').click({ timeout: patienceMs });
  }

  async cancel(): Promise<void> {
    await this.#input.press('Escape');
    await this.#box.waitFor({ state: 'hidden', timeout: patienceMs });
  }

  /** True once a box is shown. */
  async isShown(): Promise<boolean> {
    return this.#box.isVisible();
  }

  get #input(): Locator {
    return this.#box.locator('.quick-input-box input');
  }

  get #rows(): Locator {
    return this.#box.locator('.quick-input-list .monaco-list-row');
  }

  /** @param description a part of what stands beside the label, or "" */
  #row(label: string | RegExp, description = ''): Locator {
    const name = this.#page.locator(labelOfRow, { hasText: typeof label === 'string' ? exactly(label) : label });
    return this.#rows.filter({ has: name }).filter({ hasText: description }).first();
  }

  async #whenStill(): Promise<string[]> {
    let before: string | undefined;
    return eventually(
      'the list to stand still',
      () => this.items(),
      (items) => {
        const isStill = before === items.join('\n');
        before = items.join('\n');
        return isStill;
      },
    );
  }

  /** A list is made when it opens, so what an extension adds while it starts is only in the next one. */
  async #choose(key: string, text: string, row: Locator): Promise<void> {
    await eventually(
      `"${text}" in the list`,
      async () => {
        await this.#open(key);
        await this.#input.fill(text);
        try {
          await row.waitFor({ timeout: 5000 });
          // A click that worked, but is told as too late, would be tried again on a command that is no longer offered.
          await row.click({ timeout: 20_000 });
        } catch (error) {
          await this.cancel();
          throw error;
        }
        return true;
      },
      Boolean,
    );
  }

  /** A key that is pressed while the workbench starts or a webview has the focus can be lost. */
  async #open(key: string): Promise<void> {
    await eventually(
      'the quick input to open',
      async () => {
        await this.#page.keyboard.press(key);
        await this.#input.waitFor({ timeout: 3000 });
        return true;
      },
      Boolean,
    );
  }
}

/** A row's second line is its detail. */
const labelOfRow = '.quick-input-list-row:first-child .monaco-icon-name-container';

export function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replaceAll(/[$()*+.?[\\\]^{|}]/gu, '\\$&').replaceAll(' ', '\\s')}\\s*$`, 'u');
}

/** One line, with the spaces that VS Code writes as no-break ones. */
export function plain(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}
