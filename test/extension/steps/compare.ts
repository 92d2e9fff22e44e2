/** Two records beside each other, and one against the baseline of its model. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Drive } from '../harness/drive.ts';
import { isSerious } from '../harness/panel.ts';
import { putRecords, samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { texts } from '../harness/texts.ts';
import { patienceMs } from '../harness/waiting.ts';
import { slower, whole } from './records.ts';

export async function comparedWithABaseline({ code, workbench, folder }: Drive): Promise<void> {
  const version = code.options.version ?? 'newest';
  await putRecords(folder, [whole, slower]);
  await workbench.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
  await workbench.openFile(samplePaths.classifier);
  const results = await workbench.view('Topology Bench', 'Results');
  await results.waitForRows('two results', (all) => all.length === 2 && all[0]?.includes('Jan 3, 2026') === true);
  await results.row(/Jan 2, 2026/u).pressMenu('Pin as Baseline');
  await workbench.notification(/is the baseline of tiny-sentiment now/u).dismiss();
  await results.waitForRowsLike('the marks', [/^worse · Jan 3, 2026/u, /^baseline · Jan 2, 2026/u]);
  await expect.poll(() => results.row(/Jan 3, 2026/u).icon(), { timeout: patienceMs }).toBe('arrow-down');
  await expect.poll(() => results.row(/Jan 2, 2026/u).icon(), { timeout: patienceMs }).toBe('pinned');
  await expect.poll(() => results.row(/Jan 2, 2026/u).menuItems(), { timeout: patienceMs }).toContain('Unpin Baseline');

  await results.row(/Jan 3, 2026/u).pressMenu('Compare with Baseline');
  const panel = await workbench.panel(/↔/u);
  await panel.waitUntilDrawn();
  await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('triton p95 47.3 → 61.4 ms, 1.30x');
  expect((await panel.axe()).filter(isSerious)).toEqual([]);
  expect(workbench.policyViolations).toEqual([]);
  await workbench.screenshot(join(screenshots, `comparison-${version}.png`));

  await panel.frame.getByText(texts.panel.swap, { exact: true }).click();
  await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('triton p95 61.4 → 47.3 ms, 0.77x');
  await workbench.panel(/Jan 3, 2026, .* ↔ Jan 2, 2026/u);
  await workbench.reload();
  const again = await workbench.panel(/↔/u);
  await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('triton p95 61.4 → 47.3 ms, 0.77x');
  expect(workbench.webviewErrors).toEqual([]);

  // Both at once, by the menu of two rows.
  await results.selectBoth(/Jan 2, 2026/u, /Jan 3, 2026/u);
  await results.row(/Jan 3, 2026/u).pressMenu('Compare Selected');
  const selected = await workbench.panel(/↔/u);
  await expect.poll(() => selected.text(), { timeout: patienceMs }).toContain('p95 47.3 → 61.4 ms');
  await selected.frame.getByText(texts.panel.plansDifference).click();
  await expect.poll(() => selected.text(), { timeout: patienceMs }).toContain(texts.panel.samePlan);

  // One row alone again.
  await results.row(/Jan 2, 2026/u).click();
  await results.row(/Jan 2, 2026/u).pressMenu('Unpin Baseline');
  await results.waitForRows('no marks', (all) => all.length === 2 && !all.some((text) => text.includes('baseline')));
}
