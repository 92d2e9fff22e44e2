/** The box that drops from the top: command palette, quick picks and input boxes. */
import { basename, dirname, extname } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { click, clickOnce } from './pointer.ts';
import { eventually, patienceMs } from './waiting.ts';

export class QuickInput {
  readonly #page: Page;
  readonly #box: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#box = page.locator('.quick-input-widget');
  }

  /**
   * Runs a command by its whole name, category included: "Topology Bench: Benchmark Topology".
   *
   * @param isDone whether nobody needs it any more
   */
  async runCommand(name: string, isDone?: () => Promise<boolean>): Promise<void> {
    await this.#choose('F1', `>${name}`, this.#row(name), isDone);
  }

  /** The commands that the palette offers for a search text, once they satisfy: it first has those of no search text. */
  async findCommands(text: string, satisfies: (labels: readonly string[]) => boolean): Promise<string[]> {
    return eventually(
      `the commands that "${text}" finds`,
      async () => {
        await this.#open('F1');
        const before = (await this.#whenStill((items) => items.length > 0)).join('\n');
        await this.#input.fill(`>${text}`);
        const found = await this.#whenStill((items) => items.join('\n') !== before);
        await this.cancel();
        return found;
      },
      satisfies,
    );
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
    await click(this.#row(label));
  }

  /** In a pick with check boxes: checks exactly these and accepts. */
  async pickMany(labels: readonly string[]): Promise<void> {
    const [first] = labels;
    for (const label of first === undefined ? await this.#whenStill() : await this.waitForItem(first)) {
      await eventually(
        `${label} as wanted`,
        async () => {
          if ((await this.isChecked(label)) !== labels.includes(label)) await click(this.#checkBox(label));
          return this.isChecked(label);
        },
        (isChecked) => isChecked === labels.includes(label),
      );
    }
    await this.accept();
  }

  async isChecked(label: string): Promise<boolean> {
    return this.#checkBox(label).evaluate((element) =>
      element instanceof HTMLInputElement ? element.checked : element.getAttribute('aria-checked') === 'true',
    );
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
    await this.choose(path);
  }

  /** Names the file in the dialog that VS Code has in a browser for opening one. */
  async choose(path: string): Promise<void> {
    await this.#input.waitFor({ timeout: patienceMs });
    await eventually(
      `the dialog to take ${path}`,
      async () => {
        if (!(await this.isShown())) return true;
        if ((await this.value()) !== path) await this.#input.fill(path);
        await this.accept();
        await this.#box.waitFor({ state: 'hidden', timeout: 5000 });
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
    await click(this.#box.locator('.quick-input-titlebar [aria-label^="Back"]'));
  }

  /** An Escape that no box takes hides every notification. */
  async cancel(): Promise<void> {
    await eventually(
      'the quick input to go',
      async () => {
        if (!(await this.isShown())) return true;
        await this.#input.press('Escape', { timeout: 5000 });
        await this.#box.waitFor({ state: 'hidden', timeout: 5000 });
        return true;
      },
      Boolean,
    );
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

  #checkBox(label: string): Locator {
    return this.#row(label).locator('input[type=checkbox], .monaco-checkbox').first();
  }

  /** @param description a part of what stands beside the label, or "" */
  #row(label: string | RegExp, description = ''): Locator {
    const name = this.#page.locator(labelOfRow, { hasText: typeof label === 'string' ? exactly(label) : label });
    return this.#rows.filter({ has: name }).filter({ hasText: description }).first();
  }

  async #whenStill(satisfies: (items: string[]) => boolean = () => true): Promise<string[]> {
    let before: string | undefined;
    return eventually(
      'the list to stand still',
      () => this.items(),
      (items) => {
        const isStill = before === items.join('\n');
        before = items.join('\n');
        return isStill && satisfies(items);
      },
    );
  }

  /** A list is made when it opens, so what an extension adds while it starts is only in the next one. */
  async #choose(
    key: string,
    text: string,
    row: Locator,
    isDone: () => Promise<boolean> = () => Promise.resolve(false),
  ): Promise<void> {
    await eventually(
      `"${text}" in the list`,
      async () => {
        if (await isDone()) return true;
        await this.#open(key);
        await this.#input.fill(text);
        try {
          await row.waitFor({ timeout: 5000 });
          await this.#whenStill();
          if (await isDone()) {
            await this.cancel();
            return true;
          }
          await clickOnce(row, 20_000);
          // The list goes as it takes the click, and stays where it was drawn anew under it.
          if (await this.#givesWay(text)) return true;
          await clickOnce(row, 5000).catch(() => undefined);
          if (await this.#givesWay(text)) return true;
        } catch (error) {
          await this.cancel();
          throw error;
        }
        throw new Error('The list took no click.');
      },
      Boolean,
    );
  }

  /** Whether it goes, or another one with another text comes, within a few seconds. */
  async #givesWay(text: string): Promise<boolean> {
    return eventually(
      'the list to give way',
      async () => !(await this.isShown()) || (await this.#input.inputValue({ timeout: 1000 })) !== text,
      Boolean,
      5000,
    ).catch(() => false);
  }

  /** A key that is pressed while the workbench starts or a webview has the focus can be lost. */
  async #open(key: string): Promise<void> {
    await eventually(
      'the quick input to open',
      async () => {
        await this.#page.keyboard.press(key);
        await this.#input.waitFor({ timeout: 5000 });
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
