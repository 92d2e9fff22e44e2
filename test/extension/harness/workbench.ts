/** VS Code as its user has it: a window on a folder, driven by mouse and keyboard. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchBrowser, newPage, screenshot } from './browser.ts';
import { Dialog, Notification } from './notifications.ts';
import { Panel } from './panel.ts';
import { click, clickOnce } from './pointer.ts';
import { exactly, plain, QuickInput } from './quickInput.ts';
import { openView, TreeRow, type TreeView } from './sideBar.ts';
import type { Theme, VsCode } from './vscode.ts';
import { eventually, patienceMs } from './waiting.ts';

const themeClasses: Readonly<Record<Theme, string>> = {
  dark: 'vs-dark',
  light: 'vs',
  'high-contrast': 'hc-black',
  'high-contrast-light': 'hc-light',
};

/** Longer than a busy machine takes from a click to what it brings; a click that was lost costs as much. */
const lensAnswersWithinMs = 15_000;
const mostLensClicks = 6;

/** Opens a folder in a window of its own; resolves once its files are listed. */
export async function openWorkbench(code: VsCode, folder: string): Promise<Workbench> {
  const browser = await launchBrowser();
  try {
    const workbench = new Workbench(code, browser, await newPage(browser));
    await workbench.openFolder(folder);
    return workbench;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

export class Workbench implements AsyncDisposable {
  readonly page: Page;
  readonly code: VsCode;
  readonly quickInput: QuickInput;
  /** What the content security policy of a webview refused, in the browser's words. Violations of VS Code's own pages are left out. */
  readonly policyViolations: string[] = [];
  /** Uncaught errors and console errors of webviews. */
  readonly webviewErrors: string[] = [];
  readonly #browser: Browser;

  constructor(code: VsCode, browser: Browser, page: Page) {
    this.code = code;
    this.page = page;
    this.#browser = browser;
    this.quickInput = new QuickInput(page);
    page.setDefaultTimeout(patienceMs);
    page.on('console', (message) => {
      if (message.type() !== 'error' || !isWebview(message.location().url)) return;
      const list = message.text().includes('Content Security Policy') ? this.policyViolations : this.webviewErrors;
      list.push(message.text());
    });
    page.on('pageerror', (error) => {
      if (isWebview(error.stack ?? '')) this.webviewErrors.push(error.message);
    });
  }

  async openFolder(folder: string): Promise<void> {
    await this.page.goto(this.code.urlOf(folder));
    await this.#waitUntilReady();
  }

  /**
   * Reloads the window by VS Code's own command, which first stores what is open; the browser's reload does not wait for
   * that, and the panels are then sometimes gone. While something is still being stored VS Code stays where it is, so it is
   * told again.
   */
  async reload(): Promise<void> {
    await this.page.evaluate(() => {
      document.documentElement.dataset['before'] = 'reload';
    });
    const isNew = (): Promise<boolean> =>
      this.page.evaluate(() => document.documentElement.dataset['before'] !== 'reload');
    for (let attempt = 1; ; attempt += 1) {
      // The page may go before the palette is seen to close; nothing of that may go on in the new one.
      await this.quickInput.runCommand('Developer: Reload Window', isNew).catch(() => undefined);
      if (await eventually('another page', isNew, Boolean, 20_000).catch(() => false)) break;
      if (attempt === 4) throw new Error(`The window was told ${String(attempt)} times to reload, and did not.`);
    }
    await this.page.waitForLoadState();
    await this.#waitUntilReady();
  }

  /**
   * Changes user settings of the running VS Code (undefined removes one) and waits until this window has read them, which it
   * does late on a busy machine; where it has not been told of the change, the files are written again.
   */
  async changeSettings(changes: Readonly<Record<string, unknown>>): Promise<void> {
    await this.code.changeSettings(changes);
    await eventually(
      'the window to read its settings',
      async () => {
        const hasRead = await eventually(
          'the mark in the title',
          () => this.page.title(),
          (title) => title.includes(this.code.titleMark),
          10_000,
        ).then(Boolean, () => false);
        if (!hasRead) await this.code.changeSettings({});
        return hasRead;
      },
      Boolean,
    );
  }

  /** Leaves no editor, question, dialog, menu or notification of what went before, nor what its webviews said. */
  async clear(): Promise<void> {
    await this.page.mouse.move(0, 0);
    await this.dialog().leave();
    if (await this.page.locator('.context-view .monaco-menu').isVisible()) await this.page.keyboard.press('Escape');
    if (await this.quickInput.isShown()) await this.quickInput.cancel();
    if ((await this.notifications()).length > 0) await this.runCommand('Notifications: Clear All Notifications');
    await this.hidePanel();
    const tabs = this.page.locator('.tabs-container .tab');
    if ((await tabs.count()) > 0) await this.runCommand('View: Close All Editors');
    await eventually(
      'the editors to close',
      () => tabs.count(),
      (count) => count === 0,
    );
    this.policyViolations.length = 0;
    this.webviewErrors.length = 0;
  }

  /** The area below the editors, where output is shown. */
  async hidePanel(): Promise<void> {
    const panel = this.page.locator('.part.panel');
    if (!(await panel.isVisible())) return;
    await this.runCommand('View: Toggle Panel Visibility');
    await panel.waitFor({ state: 'hidden' });
  }

  async runCommand(name: string): Promise<void> {
    await this.quickInput.runCommand(name);
  }

  /** Opens a file by its path in the folder and waits for its editor. */
  async openFile(path: string): Promise<void> {
    await this.quickInput.openFile(path);
    await this.tab(basename(path)).waitFor();
  }

  /** The tab of an editor or a panel, by its label. */
  tab(label: string | RegExp): Locator {
    return this.page.locator('.tabs-container .tab', { hasText: label }).first();
  }

  /** Makes the tab's editor the active one. */
  async showTab(label: string | RegExp): Promise<void> {
    await click(this.tab(label));
  }

  /** The same for a text, until its editor takes what is typed: keys go where the focus is, which comes after the editor. */
  async focusEditor(label: string): Promise<void> {
    const tab = this.page.locator('.editor-group-container.active .tabs-container .tab.active', { hasText: label });
    const editor = this.page.locator('.editor-group-container.active .monaco-editor.focused');
    await eventually(
      `the cursor in ${label}`,
      async () => {
        await this.showTab(label);
        await tab.first().waitFor({ timeout: 5000 });
        await editor.first().waitFor({ timeout: 5000 });
        return true;
      },
      Boolean,
    );
  }

  /** The lenses in view, from top to bottom, of all open editors. */
  async codeLenses(): Promise<string[]> {
    return (
      await this.page.locator('.codelens-decoration > a, .codelens-decoration > span:not(:empty)').allInnerTexts()
    ).map(plain);
  }

  async waitForCodeLens(text: string | RegExp): Promise<Locator> {
    const lens = this.page.locator('.codelens-decoration > a, .codelens-decoration > span', { hasText: text }).first();
    await eventually(
      `the lens "${String(text)}"`,
      async () => {
        if (await isShownWithin(lens, 3000)) return true;
        await this.#askForLenses();
        return isShownWithin(lens, 7000);
      },
      Boolean,
    );
    return lens;
  }

  /** Clicks a lens that opens something, until its tab is there. */
  async openFromCodeLens(text: string | RegExp, label: string | RegExp): Promise<void> {
    await this.#clickUntil(text, `"${String(label)}"`, () => isShownWithin(this.tab(label), lensAnswersWithinMs));
  }

  /** Clicks the lens of what needs no question but whether to start; the dialog is open then. */
  async confirmFromCodeLens(text: string | RegExp): Promise<void> {
    await this.#clickUntil(text, 'a dialog', () => this.dialog().appears(lensAnswersWithinMs));
  }

  /** Clicks a lens that asks something. */
  async askFromCodeLens(text: string | RegExp): Promise<void> {
    await this.#clickUntil(text, 'a question', () => this.quickInput.appears(lensAnswersWithinMs));
  }

  /** Clicks a lens that brings a notification. */
  async notifyFromCodeLens(text: string | RegExp, notification: Notification): Promise<void> {
    await this.#clickUntil(text, 'a notification', () => isShownWithin(notification.locator, lensAnswersWithinMs));
  }

  async view(container: string, name: string): Promise<TreeView> {
    return openView(this.page, container, name);
  }

  /** A file in the explorer, which shows the one in the active editor. */
  async explorerRow(name: string): Promise<TreeRow> {
    await this.runCommand('View: Show Explorer');
    return new TreeRow(
      this.page,
      this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: exactly(name) }).first(),
    );
  }

  notification(text: string | RegExp): Notification {
    return new Notification(this.page, text);
  }

  /** Texts of all notifications in sight. */
  async notifications(): Promise<string[]> {
    return (
      await this.page.locator('.notification-list-item:visible .notification-list-item-message').allInnerTexts()
    ).map(plain);
  }

  dialog(): Dialog {
    return new Dialog(this.page);
  }

  /** The webview panel whose tab has this title, brought to the front. */
  async panel(title: string | RegExp): Promise<Panel> {
    await this.showTab(title);
    const panel = new Panel(this.page);
    await panel.frame.locator('body').waitFor({ state: 'attached' });
    return panel;
  }

  /** The same, where it is in front already; no pointer is used. */
  async panelInSight(title: string | RegExp): Promise<Panel> {
    await this.tab(title).waitFor();
    const panel = new Panel(this.page);
    await panel.frame.locator('body').waitFor({ state: 'attached' });
    return panel;
  }

  async statusBar(): Promise<string[]> {
    return (await this.page.locator('.statusbar-item:visible').allInnerTexts())
      .map(plain)
      .filter((text) => text !== '');
  }

  /** What the status bar says for a few seconds once `action` begins: to look after it could be too late. */
  async statusBarSays(text: string | RegExp, action: () => Promise<void>): Promise<string> {
    const item = this.page.locator('.statusbar-item:visible', { hasText: text }).first();
    const [said] = await Promise.all([item.innerText(), action()]);
    return plain(said);
  }

  async switchTheme(theme: Theme): Promise<void> {
    await this.changeSettings(this.code.themeSettings(theme));
    await this.page.locator(`.monaco-workbench.${themeClasses[theme]}`).waitFor();
  }

  /** Everything that an output channel holds; it must be a log channel (`createOutputChannel(name, { log: true })`). */
  async outputText(channel: string): Promise<string> {
    const logs = join(this.code.dataDirectory, 'data', 'logs');
    const paths = (await readdir(logs, { recursive: true }))
      .filter((path) => basename(path) === `${channel}.log`)
      .sort();
    return (await Promise.all(paths.map((path) => readFile(join(logs, path), 'utf8')))).join('');
  }

  async waitForOutput(channel: string, text: string | RegExp, timeoutMs = patienceMs): Promise<string> {
    return eventually(
      `"${String(text)}" in the output channel "${channel}"`,
      () => this.outputText(channel),
      (output) => (typeof text === 'string' ? output.includes(text) : text.test(output)),
      timeoutMs,
    );
  }

  /** What the Output view shows at the moment, for commands that open it. */
  async shownOutput(): Promise<string> {
    const lines = this.page.locator('.output-view .view-line, .output-view-content .view-line');
    return (await lines.allInnerTexts()).map(plain).join('\n');
  }

  async screenshot(path: string): Promise<void> {
    await screenshot(this.page, path);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** An editor that loses the focus before its lenses came asks for them when it has it again, so it is given back. */
  async #askForLenses(): Promise<void> {
    const input = this.page
      .locator('.editor-group-container .monaco-editor :is(.native-edit-context, textarea.inputarea)')
      .first();
    await input.blur();
    await input.focus();
  }

  /**
   * A lens that is drawn anew under the pointer loses the click, and one whose command VS Code has given up meanwhile ("Actual
   * command not found") stays as it is until the editor asks anew; so both are tried again.
   */
  async #clickUntil(text: string | RegExp, what: string, hasCome: () => Promise<boolean>): Promise<void> {
    for (let attempt = 1; attempt <= mostLensClicks; attempt += 1) {
      const lens = await this.waitForCodeLens(text);
      // What comes late may lie over the lens by then.
      const clicked = await clickOnce(lens, 5000).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (clicked !== undefined) await this.page.mouse.move(0, 0);
      if (await hasCome()) return;
      await this.#askForLenses();
    }
    throw new Error(
      `The lens "${String(text)}" was clicked ${String(mostLensClicks)} times, and ${what} did not come.`,
    );
  }

  async #waitUntilReady(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor();
    // The file service is the last to come up of what every extension needs.
    await this.page.locator('.statusbar').waitFor();
    await this.page.locator('.explorer-folders-view .monaco-list, .activitybar .action-item.checked').first().waitFor();
  }
}

function isShownWithin(element: Locator, timeout: number): Promise<boolean> {
  return element.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}

/** An extension's resources come from an address of their own; the page itself is written into a frame beside them. */
function isWebview(address: string): boolean {
  return (
    address.includes('vscode-cdn.net') ||
    address.includes('/webview/browser/pre/') ||
    address.includes('vscode-webview')
  );
}
