/** The page inside a webview of the extension. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, Result } from 'axe-core';
import type { Frame, FrameLocator, Locator, Page } from 'playwright-core';
import { eventually, patienceMs } from './waiting.ts';

export interface Paint {
  readonly width: number;
  readonly height: number;
  /** Has a place on the page: not in a section that is folded away. */
  readonly visible: boolean;
  /** Pixels that are not transparent. */
  readonly painted: number;
  /** Different opaque colours among them. */
  readonly colours: number;
}

export class Panel {
  /** For locators of its content. */
  readonly frame: FrameLocator;
  readonly #page: Page;
  readonly #outer: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#outer = page.locator('iframe.webview.ready:visible').first();
    this.frame = this.#outer.contentFrame().locator('iframe#active-frame').contentFrame();
  }

  /** Waits until the page says by `data-drawn` on an element that its charts stand still; `value` is that attribute's. */
  async waitUntilDrawn(value?: string, timeoutMs = patienceMs): Promise<void> {
    const mark = value === undefined ? '[data-drawn]' : `[data-drawn="${value}"]`;
    await this.frame.locator(mark).first().waitFor({ state: 'attached', timeout: timeoutMs });
  }

  async text(): Promise<string> {
    return this.frame.locator('body').innerText({ timeout: patienceMs });
  }

  /** What a screen reader is told. */
  async accessibilityTree(): Promise<string> {
    return this.frame.locator('body').ariaSnapshot({ timeout: patienceMs });
  }

  /** What each canvas shows, in the order of the page. */
  async canvases(): Promise<Paint[]> {
    return this.frame.locator('canvas').evaluateAll((elements) =>
      elements.map((element) => {
        const canvas = element as HTMLCanvasElement;
        // A canvas without a size has no pixels to ask for.
        const area = canvas.width * canvas.height;
        const image = area === 0 ? undefined : canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
        const pixels = image?.data ?? new Uint8ClampedArray();
        const colours = new Set<number>();
        let painted = 0;
        for (let at = 0; at < pixels.length; at += 4) {
          const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.subarray(at, at + 4);
          if (alpha > 0) painted++;
          if (alpha === 255) colours.add((red << 16) | (green << 8) | blue);
        }
        const visible = canvas.checkVisibility() && canvas.width > 0 && canvas.height > 0;
        return { width: canvas.width, height: canvas.height, visible, painted, colours: colours.size };
      }),
    );
  }

  /** @param kind what the webview is told: "vscode-dark", "vscode-light", "vscode-high-contrast", "vscode-high-contrast-light" */
  async waitForTheme(kind: string): Promise<void> {
    await this.frame.locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor({ timeout: patienceMs });
  }

  /** Accessibility findings of axe-core, the worst first; "serious" and "critical" ones should not be there. */
  async axe(): Promise<AxeFinding[]> {
    const frame = await this.#innerFrame();
    const require = createRequire(import.meta.url);
    const source = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
    await frame.evaluate(source);
    const results = await frame.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(context: unknown, options: unknown): Promise<AxeResults> };
      };
      // A webview is a clear pane over the editor, which axe cannot see from in here: it would take white for what is behind.
      const { style } = document.documentElement;
      const before = style.backgroundColor;
      style.backgroundColor = 'var(--vscode-editor-background)';
      try {
        // Preloading would fetch style sheets, which the page's own policy refuses.
        return await axe.run(document, { preload: false, resultTypes: ['violations'] });
      } finally {
        style.backgroundColor = before;
      }
    });
    return results.violations
      .map(finding)
      .sort((one, other) => impacts.indexOf(one.impact) - impacts.indexOf(other.impact));
  }

  async #innerFrame(): Promise<Frame> {
    return eventually(
      'the frame of the webview',
      async () => {
        const inner = await this.#outer
          .contentFrame()
          .locator('iframe#active-frame')
          .elementHandle({ timeout: patienceMs });
        return (await inner.contentFrame()) ?? this.#page.mainFrame();
      },
      (frame) => frame !== this.#page.mainFrame(),
    );
  }
}

export interface AxeFinding {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  /** The elements, each with what is wrong with it. */
  readonly where: readonly string[];
}

const impacts = ['critical', 'serious', 'moderate', 'minor', 'unknown'];

export const isSerious = (finding: AxeFinding): boolean =>
  finding.impact === 'critical' || finding.impact === 'serious';

function finding(result: Result): AxeFinding {
  return {
    rule: result.id,
    impact: result.impact ?? 'unknown',
    help: result.help,
    where: result.nodes.map((node) => `${node.html.slice(0, 200)}: ${node.failureSummary ?? ''}`),
  };
}
