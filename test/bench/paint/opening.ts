/** When what happened in a panel after a click: by the browser's clock, and by the marks that VS Code itself leaves. */
import type { Frame, Page } from 'playwright-core';
import { eventually } from '../../extension/harness/waiting.ts';

/** Milliseconds since the click. */
export interface Opening {
  /** The frame that VS Code puts around a page can be told what to show. */
  readonly frameMs: number;
  /** It has been told the page. */
  readonly contentMs: number;
  /** The page has been written into a frame of its own. */
  readonly writtenMs: number;
  readonly paintedMs: number;
  /** The page says that its charts stand; null where it has none. */
  readonly drawnMs: number | null;
}

interface Noted {
  clickedAt: number;
}

/** Has the window note its last click. */
export async function noteClicks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const note = (event: Event): void => {
      (globalThis as unknown as Noted).clickedAt = performance.timeOrigin + event.timeStamp;
    };
    addEventListener('click', note, true);
  });
}

/** The panel that was opened by the last click, once it is painted. @param hasCharts it is ours, and says when they stand */
export async function openedPanel(page: Page, hasCharts: boolean): Promise<Opening> {
  const clickedAt = await page.evaluate(() => (globalThis as unknown as Noted).clickedAt);
  const [outer, inner] = await framesOf(page);
  const ofPage = await eventually(
    'the page to be painted',
    () =>
      inner.evaluate(() => ({
        origin: performance.timeOrigin,
        painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
        drawn: performance.getEntriesByName('topology-bench/drawn/1')[0]?.startTime ?? null,
      })),
    ({ painted, drawn }) => painted !== null && (drawn !== null || !hasCharts),
  );
  const marks = await outer.evaluate(() => {
    const at = (name: string): number =>
      performance.timeOrigin + (performance.getEntriesByName(`webview/index.html/${name}`)[0]?.startTime ?? Number.NaN);
    return { frame: at('signalingReady'), content: at('content/started'), written: at('content/wroteInnerContent') };
  });
  return {
    frameMs: marks.frame - clickedAt,
    contentMs: marks.content - clickedAt,
    writtenMs: marks.written - clickedAt,
    paintedMs: ofPage.origin + (ofPage.painted ?? Number.NaN) - clickedAt,
    drawnMs: ofPage.drawn === null ? null : ofPage.origin + ofPage.drawn - clickedAt,
  };
}

/** VS Code's frame around the page, and the page's own. */
async function framesOf(page: Page): Promise<[outer: Frame, inner: Frame]> {
  const around = page.locator('iframe.webview.ready:visible').first();
  const outer = await (await around.elementHandle()).contentFrame();
  const inner = await (await around.contentFrame().locator('iframe#active-frame').elementHandle()).contentFrame();
  if (outer === null || inner === null) throw new Error('The panel has no page.');
  return [outer, inner];
}
