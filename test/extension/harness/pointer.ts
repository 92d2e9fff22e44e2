/** Clicks on what shows only while the pointer is over something else. */
import type { Locator } from 'playwright-core';
import { eventually } from './waiting.ts';

/**
 * Brings the pointer over `over` and clicks `target`, and again where `over` moved from under the pointer in between: a
 * pointer at rest shows nothing of what slides under it. Clicks once at most: what Playwright had begun to click is not
 * tried anew, however late it was told.
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
      return target.click({ timeout: 5000 }).then(
        () => true,
        (error: unknown) => {
          if (String(error).includes('performing click action')) return true;
          throw error;
        },
      );
    },
    Boolean,
  );
}
