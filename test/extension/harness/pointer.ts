/** Clicks that come to pass, once. */
import type { Locator } from 'playwright-core';
import { eventually } from './waiting.ts';

/** What one try may take; the next one looks anew where everything is. */
const tryMs = 10_000;

type Options = Omit<NonNullable<Parameters<Locator['click']>[0]>, 'timeout'>;

/** Clicks as soon as nothing is in the way. A description that came up under the pointer goes when the pointer does. */
export async function click(target: Locator, options: Options = {}): Promise<void> {
  await eventually(
    `the click on ${target.toString()}`,
    async () => {
      try {
        await clickOnce(target, tryMs, options);
      } catch (error) {
        await target.page().mouse.move(0, 0);
        throw error;
      }
      return true;
    },
    Boolean,
  );
}

/**
 * Brings the pointer over `over` and clicks `target`, and again where `over` moved from under the pointer in between: a
 * pointer at rest shows nothing of what slides under it.
 * @param isDone whether there is nothing to click any more
 */
export async function clickWhatHoverShows(
  over: Locator,
  target: Locator,
  isDone: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<void> {
  await eventually(
    `the click on ${target.toString()}`,
    async () => {
      if (await isDone()) return true;
      await over.hover({ timeout: 5000 });
      await clickOnce(target, 5000);
      return true;
    },
    Boolean,
  );
}

/** Tries once. Where Playwright had begun to click and was told of it too late, that counts: a second click would be one too many. */
export async function clickOnce(target: Locator, timeout: number, options: Options = {}): Promise<void> {
  try {
    await target.click({ ...options, timeout });
  } catch (error) {
    if (!wasClicked(String(error))) throw error;
  }
}

/** By what Playwright did; what it finds covered as it clicks it keeps from being clicked, and tries anew. */
function wasClicked(log: string): boolean {
  const began = log.lastIndexOf('performing click action');
  return began >= 0 && !/intercepts pointer events|retrying click action/u.test(log.slice(began));
}
