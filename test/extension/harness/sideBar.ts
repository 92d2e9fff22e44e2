/** A tree in the side bar. */
import type { Locator, Page } from 'playwright-core';
import { Menu } from './menu.ts';
import { click, clickOnce, clickWhatHoverShows } from './pointer.ts';
import { plain } from './quickInput.ts';
import { eventually, patienceMs } from './waiting.ts';

/** @param container title of the view container in the activity bar; @param name of the view in it */
export async function openView(page: Page, container: string, name: string): Promise<TreeView> {
  const tab = page.locator('.activitybar .action-item', { has: page.locator(`a[aria-label^="${container}"]`) });
  await tab.waitFor({ timeout: patienceMs });
  const pane = page.locator('.sidebar .pane', { has: page.locator(`.pane-header[aria-label^="${name}"]`) });
  await eventually(
    `the view "${name}" to open`,
    async () => {
      if (!(await tab.evaluate((item) => item.classList.contains('checked')))) await tab.locator('a').first().click();
      return pane.count();
    },
    (count) => count === 1,
  );
  // A container's only view has no header of its own to open.
  const header = pane.locator('.pane-header');
  const body = pane.locator('.pane-body');
  await eventually(
    `the view "${name}" to unfold`,
    async () => {
      if ((await header.getAttribute('aria-expanded')) === 'false') await click(header);
      await body.waitFor({ timeout: 5000 });
      return true;
    },
    Boolean,
  );
  return new TreeView(page, pane);
}

export class TreeView {
  readonly locator: Locator;
  readonly #page: Page;

  constructor(page: Page, pane: Locator) {
    this.#page = page;
    this.locator = pane;
  }

  /** Rows in view, each as one line of label and description. */
  async rows(): Promise<string[]> {
    return (await this.locator.locator('.monaco-list-row').allInnerTexts()).map(plain);
  }

  /** Waits until the rows satisfy. */
  async waitForRows(what: string, satisfies: (rows: string[]) => boolean, timeoutMs = patienceMs): Promise<string[]> {
    return eventually(what, () => this.rows(), satisfies, timeoutMs);
  }

  /** Waits until there are these rows and no others. */
  async waitForRowsLike(what: string, patterns: readonly RegExp[]): Promise<string[]> {
    return this.waitForRows(
      what,
      (rows) => rows.length === patterns.length && patterns.every((pattern, at) => pattern.test(rows[at] ?? '')),
    );
  }

  /** What an empty view says instead (its welcome content), and the message above a tree. */
  async message(): Promise<string> {
    const texts = await this.locator.locator('.welcome-view-content:visible, .message:visible').allInnerTexts();
    return plain(texts.join(' '));
  }

  async waitForMessage(text: string): Promise<void> {
    await eventually(
      `"${text}" in the view`,
      () => this.message(),
      (message) => message.includes(text),
    );
  }

  /** A button of the welcome content, or a link in its text. */
  async pressWelcome(label: string): Promise<void> {
    await click(this.#welcome(label));
  }

  /** Whether such a one is seen without scrolling; a click would scroll to it. */
  async showsWelcome(label: string): Promise<boolean> {
    const [inner, outer] = await Promise.all([
      this.#welcome(label).boundingBox({ timeout: patienceMs }),
      this.locator.locator('.pane-body').boundingBox({ timeout: patienceMs }),
    ]);
    if (inner === null || outer === null) return false;
    return inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
  }

  #welcome(label: string): Locator {
    return this.locator.locator('.welcome-view-content :is(.monaco-button, p a)', { hasText: label }).first();
  }

  row(text: string | RegExp): TreeRow {
    return new TreeRow(this.#page, this.locator.locator('.monaco-list-row', { hasText: text }).first());
  }

  /** Presses a key in the tree, wherever the focus went when a row of it was clicked. */
  async press(key: string): Promise<void> {
    await this.locator.locator('.monaco-list').first().press(key);
  }

  /** Selects two rows; the second one has the menu of both. */
  async selectBoth(one: string | RegExp, other: string | RegExp): Promise<void> {
    const selected = this.locator.locator('.monaco-list-row.selected');
    await eventually(
      `"${String(one)}" and "${String(other)}" to be selected`,
      async () => {
        await this.row(one).click();
        await click(this.row(other).locator, { modifiers: ['ControlOrMeta'] });
        return selected.count();
      },
      (count) => count === 2,
    );
  }

  /** An action of the view's title bar. */
  async pressTitleAction(label: string): Promise<void> {
    const inHeader = this.locator.locator(`.pane-header .action-label[aria-label^="${label}"]`);
    const merged = this.#page.locator(`.sidebar .composite.title .action-label[aria-label^="${label}"]`);
    await clickWhatHoverShows(this.locator.locator('.pane-header'), inHeader.or(merged).first());
  }

  /** The actions that the title bar has no room for: what stands behind its dots. */
  titleMenu(): Menu {
    const header = this.locator.locator('.pane-header');
    return new Menu(this.#page, (isOpen) =>
      clickWhatHoverShows(header, header.locator('.action-label.codicon-toolbar-more'), isOpen),
    );
  }
}

export class TreeRow {
  readonly locator: Locator;
  readonly #page: Page;

  constructor(page: Page, row: Locator) {
    this.#page = page;
    this.locator = row;
  }

  async click(): Promise<void> {
    await click(this.locator);
  }

  /** Name of the icon, as VS Code's own icons are called. */
  async icon(): Promise<string | undefined> {
    const icon = this.locator.locator('.custom-view-tree-node-item-icon');
    return /codicon-(\S+)/u.exec((await icon.getAttribute('class', { timeout: patienceMs })) ?? '')?.[1];
  }

  async text(): Promise<string> {
    return plain(await this.locator.innerText({ timeout: patienceMs }));
  }

  async expand(): Promise<void> {
    await this.#toggleWhen('false');
  }

  async collapse(): Promise<void> {
    await this.#toggleWhen('true');
  }

  /** Labels of the buttons that show when the pointer is over the row. */
  async inlineActions(): Promise<string[]> {
    await this.locator.hover({ timeout: patienceMs });
    return this.locator
      .locator('.actions .action-label')
      .evaluateAll((links) => links.map((link) => link.getAttribute('aria-label') ?? ''));
  }

  async pressInline(label: string): Promise<void> {
    await clickWhatHoverShows(this.locator, this.locator.locator(`.actions .action-label[aria-label^="${label}"]`));
  }

  /** Labels of the context menu, which is closed again. */
  async menuItems(): Promise<string[]> {
    return this.#menu().items();
  }

  async pressMenu(label: string): Promise<void> {
    await this.#menu().press(label);
  }

  #menu(): Menu {
    return new Menu(this.#page, () => clickOnce(this.locator, 10_000, { button: 'right' }));
  }

  async #toggleWhen(expanded: 'true' | 'false'): Promise<void> {
    await this.locator.waitFor({ timeout: patienceMs });
    if ((await this.locator.getAttribute('aria-expanded')) === expanded)
      await click(this.locator.locator('.monaco-tl-twistie'));
  }
}
