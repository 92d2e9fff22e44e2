/** A run whose page is looked at in every theme while it measures, and that is then cancelled by the palette. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { startFromPlan } from '../harness/clusterPlan.ts';
import type { Drive } from '../harness/drive.ts';
import { isSerious } from '../harness/panel.ts';
import { screenshots } from '../harness/screenshots.ts';
import { pageThemes, switchTheme } from '../harness/switchTheme.ts';
import { texts } from '../harness/texts.ts';
import { useTestCluster } from '../harness/useTestCluster.ts';
import { cleanedUpWithinMs } from '../harness/waiting.ts';

export async function cancelledByThePalette(parts: Drive, namespace: string): Promise<void> {
  const { workbench } = parts;
  await useTestCluster(workbench, namespace);
  const panel = await startFromPlan(parts, namespace, 'short, then until cancelled');
  // One level is measured, and the next one says each second how it stands.
  await expect
    .poll(() => panel.text(), { timeout: 240_000, interval: 250 })
    .toMatch(/measuring at .*; 1 of 2 levels measured[^]*p50 [\d.]+ ms/u);
  for (const theme of pageThemes) {
    await switchTheme(workbench, panel, theme);
    expect((await panel.axe()).filter(isSerious)).toEqual([]);
    await workbench.screenshot(join(screenshots, `live-${theme}.png`));
  }
  expect(workbench.policyViolations).toEqual([]);
  expect(workbench.webviewErrors).toEqual([]);

  await workbench.runCommand('Topology Bench: Cancel Run');
  // The page of a finished run alone offers this: before it, the target may still be at its clean-up.
  await expect.poll(() => panel.text(), { timeout: cleanedUpWithinMs, interval: 250 }).toMatch(texts.panel.again);
  expect(await panel.text()).toMatch(texts.panel.cancelled);
}
