/** A run that is cancelled by the palette. */
import { expect } from 'vitest';
import { startFromPlan } from '../harness/clusterPlan.ts';
import type { Drive } from '../harness/drive.ts';
import { texts } from '../harness/texts.ts';
import { useTestCluster } from '../harness/useTestCluster.ts';

export async function cancelledByThePalette(parts: Drive, namespace: string): Promise<void> {
  await useTestCluster(parts.code, namespace);
  const panel = await startFromPlan(parts, namespace, 'until cancelled');
  await expect.poll(() => panel.text(), { timeout: 240_000, interval: 250 }).toMatch(texts.panel.warmingUpOrMeasuring);
  await parts.workbench.runCommand('Topology Bench: Cancel Run');
  // The page of a finished run alone offers this: before it, the target may still be at its clean-up.
  await expect.poll(() => panel.text(), { timeout: 60_000, interval: 250 }).toMatch(texts.panel.again);
  expect(await panel.text()).toMatch(texts.panel.cancelled);
}
