import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildPages, type PageFile } from '../../../.ci/webview.ts';
import { pageHtml } from '../../../src/extension/pageHtml.ts';
import type { HostMessage, PanelSubject, View, WebviewMessage } from '../../../src/protocol/messages.ts';
import { launchBrowser } from '../../extension/harness/browser.ts';
import { patienceMs } from '../../extension/harness/waiting.ts';
import themes from './themes.json' with { type: 'json' };

/**
 * The results page in a real browser under the security policy that the panel gives it, with the other side of the wall
 * in the test's hands. Themes are the variables that a real VS Code sets (see themes.json).
 */

export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

const root = join(import.meta.dirname, '..', '..', '..');

export type Bundles = Readonly<Record<PageFile, string>>;

/** As they ship, but in memory. */
export function buildBundles(): Promise<Bundles> {
  return buildPages(root);
}

export class PageServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #browser: Browser;
  /** What is seen first of the pages that were asked for, by their paths. */
  readonly #pages: Map<string, string>;

  private constructor(server: Server, browser: Browser, pages: Map<string, string>) {
    this.#server = server;
    this.#browser = browser;
    this.#pages = pages;
  }

  static async start(bundles: Bundles): Promise<PageServer> {
    const pages = new Map<string, string>();
    const server = createServer((request, response) => {
      const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
        '/shared.js': ['text/javascript', bundles['shared.js']],
        '/main.js': ['text/javascript', bundles['main.js']],
      };
      const [type, text] = files[request.url ?? ''] ?? [
        'text/html; charset=utf-8',
        resultsPage(`http://${request.headers.host ?? ''}`, bundles['style.css'], pages.get(request.url ?? '') ?? ''),
      ];
      response.writeHead(200, { 'content-type': type }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PageServer(server, await launchBrowser(), pages);
  }

  /** @param options.firstPaint what the host has written into the page, as HTML */
  async open(options: {
    theme: ThemeName;
    width?: number;
    height?: number;
    state?: unknown;
    firstPaint?: string;
  }): Promise<ResultsPage> {
    const { width = 500, height = 900, firstPaint = '' } = options;
    const page = await this.#browser.newPage({ viewport: { width, height }, reducedMotion: 'reduce' });
    await page.addInitScript(standIn, { theme: themes[options.theme], state: options.state ?? null });
    const { port } = this.#server.address() as AddressInfo;
    const path = `/page-${String(this.#pages.size)}`;
    this.#pages.set(path, firstPaint);
    await page.goto(`http://127.0.0.1:${String(port)}${path}`);
    const results = new ResultsPage(page);
    await results.waitForMessage('ready');
    return results;
  }

  /** A page of its own for a file, without the stand-in. */
  async openFile(url: string, options: { colorScheme: 'dark' | 'light'; width: number }): Promise<Page> {
    const page = await this.#browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.colorScheme,
    });
    await page.addInitScript(collectViolations);
    await page.goto(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }
}

/** What the init scripts leave on the page's window. */
interface TestWindow {
  messages: WebviewMessage[];
  keptState: unknown;
  violations: string[];
}

export class ResultsPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Sends a view as the extension does, and waits until it has been painted. */
  async show(view: View): Promise<Extract<WebviewMessage, { type: 'drawn' }>> {
    const before = (await this.messages()).filter((message) => message.type === 'drawn').length;
    await this.send({ type: 'show', view, keep: { version: 1, ...subjectOf(view) } });
    await this.page
      .waitForFunction(
        (count) =>
          (window as unknown as TestWindow).messages.filter((message) => message.type === 'drawn').length > count,
        before,
        { timeout: patienceMs },
      )
      .catch(async (error: unknown) => {
        throw new Error(`The page did not paint the view. It said: ${JSON.stringify(await this.messages())}`, {
          cause: error,
        });
      });
    const last = (await this.messages()).findLast((message) => message.type === 'drawn');
    if (last?.type !== 'drawn') throw new Error('The page did not say what it painted.');
    return last;
  }

  async send(message: HostMessage): Promise<void> {
    await this.page.evaluate((data) => {
      window.postMessage(data, '*');
    }, message);
  }

  async messages(): Promise<WebviewMessage[]> {
    return this.page.evaluate(() => (window as unknown as TestWindow).messages);
  }

  async keptState(): Promise<unknown> {
    return this.page.evaluate(() => (window as unknown as TestWindow).keptState);
  }

  async violations(): Promise<string[]> {
    return this.page.evaluate(() => (window as unknown as TestWindow).violations);
  }

  async waitForMessage(type: WebviewMessage['type']): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => (window as unknown as TestWindow).messages.some((message) => message.type === wanted),
      type,
    );
  }

  /** Changes the theme as VS Code does: variables on the root, class on the body. */
  async changeTheme(theme: ThemeName): Promise<void> {
    await this.page.evaluate(({ variables, bodyClass }) => {
      const { style } = document.documentElement;
      for (const name of [...style]) style.removeProperty(name);
      for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
      document.body.className = bodyClass;
    }, themes[theme]);
  }
}

/** What the extension tells the page to keep of a view. */
function subjectOf(view: View): PanelSubject {
  switch (view.kind) {
    case 'record':
      return { runId: view.record.id };
    case 'comparison':
      return { runId: view.comparison.runs.after.id, before: view.comparison.runs.before.id };
    case 'live':
      return { runId: view.state.id };
    case 'queued':
    case 'cancelled':
    case 'problem':
      return { runId: null };
  }
}

/** Share of the pixels of each visible canvas that something was painted on. */
export async function paintedShares(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('canvas')]
      .filter((canvas) => canvas.clientWidth > 0)
      .map((canvas) => {
        const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        let painted = 0;
        for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) painted += 1;
        return data.length === 0 ? 0 : (painted * 4) / data.length;
      }),
  );
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** No pixel lets anything through. */
  readonly opaque: boolean;
  /** Share of the pixels of the first 90, of the middle and of the last 90 lines that differ from the corner's. */
  readonly ink: readonly number[];
}

/** What a PNG in base64 shows. */
export async function pictureOf(page: Page, png: string): Promise<Picture> {
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    const data = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    let opaque = data.length > 0;
    for (let at = 3; at < data.length; at += 4) opaque &&= data[at] === 255;
    const share = (from: number, to: number): number => {
      let differing = 0;
      for (let at = from * width * 4; at < to * width * 4; at += 4) {
        if (data[at] !== data[0] || data[at + 1] !== data[1] || data[at + 2] !== data[2]) differing += 1;
      }
      return differing / ((to - from) * width);
    };
    return { width, height, opaque, ink: [share(0, 90), share(90, height - 90), share(height - 90, height)] };
  }, png);
}

/** Serious and critical findings of axe-core, as "rule: element". */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    return (await axe.run()).violations;
  });
  return violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .flatMap((violation) =>
      violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
    );
}

/** As src/extension/page.ts makes it, which needs VS Code to run. */
function resultsPage(cspSource: string, style: string, firstPaint: string): string {
  return pageHtml({
    nonce: randomBytes(16).toString('base64'),
    cspSource,
    style,
    scripts: [`${cspSource}/shared.js`, `${cspSource}/main.js`],
    firstPaint,
  });
}

function collectViolations(): void {
  const own = window as unknown as TestWindow;
  own.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    own.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
}

/** Runs in the page before its own script: what VS Code provides there. */
function standIn(given: { theme: { bodyClass: string; variables: Record<string, string> }; state: unknown }): void {
  const own = window as unknown as TestWindow & { acquireVsCodeApi: () => object };
  own.messages = [];
  own.keptState = given.state;
  own.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    own.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
  own.acquireVsCodeApi = () => ({
    postMessage: (message: WebviewMessage) => {
      own.messages.push(structuredClone(message));
    },
    getState: () => own.keptState,
    setState: (state: unknown) => {
      own.keptState = state;
    },
  });
  const apply = (): void => {
    for (const [name, value] of Object.entries(given.theme.variables))
      document.documentElement.style.setProperty(name, value);
  };
  if (document.documentElement instanceof HTMLElement) apply();
  document.addEventListener('DOMContentLoaded', () => {
    apply();
    document.body.className = given.theme.bodyClass;
  });
}
