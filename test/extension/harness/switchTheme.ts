import type { Panel } from './panel.ts';
import type { Theme } from './vscode.ts';
import { eventually } from './waiting.ts';
import type { Workbench } from './workbench.ts';

/** Those in which every page must be fit to be read; a window begins with the last of them. */
export const pageThemes = ['light', 'high-contrast', 'dark'] as const;

/** Switches and waits until the panel's charts are painted in the new colours. */
export async function switchTheme(workbench: Workbench, panel: Panel, theme: Theme): Promise<void> {
  const body = panel.frame.locator('body');
  const before = await body.getAttribute('data-drawn');
  await workbench.switchTheme(theme);
  await panel.waitForTheme(`vscode-${theme}`);
  await eventually(
    'the charts in the new colours',
    () => body.getAttribute('data-drawn'),
    (drawn) => drawn !== before,
  );
}
