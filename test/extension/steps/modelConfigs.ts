/** The model configs of two runs beside each other: their texts, and what the records hold where a text is gone. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunRecord } from '../../../src/core/record.ts';
import { cachedConfigTexts, keepConfigText } from '../../../src/runs/configTexts.ts';
import { laterRecord } from '../../support/changedRecord.ts';
import { sampleRecord, type SampleOptions } from '../../support/sampleRecord.ts';
import type { Drive } from '../harness/drive.ts';
import type { Panel } from '../harness/panel.ts';
import { plain } from '../harness/quickInput.ts';
import { putRecords, samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { texts } from '../harness/texts.ts';
import { patienceMs } from '../harness/waiting.ts';
import { whole } from './records.ts';

export async function modelConfigsInADiffEditor({ workbench, folder }: Drive): Promise<void> {
  const original = await runWith(8, sampleRecord);
  const edited = await runWith(16, laterRecord);
  try {
    await putRecords(folder, [original.record, edited.record]);
    await workbench.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
    await workbench.openFile(samplePaths.classifier);
    const results = await workbench.view('Topology Bench', 'Results');
    await results.waitForRows('two results', (all) => all.length === 2 && all[0]?.includes('Jan 3, 2026') === true);
    await results.selectBoth(/Jan 2, 2026/u, /Jan 3, 2026/u);
    await results.row(/Jan 3, 2026/u).pressMenu('Compare Selected');

    const show = async (): Promise<Panel> => {
      const panel = await workbench.panel(/^tiny-sentiment.*↔/u);
      await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('max_batch_size 8 → 16');
      await panel.frame.getByText(texts.panel.configsDifference).click();
      return panel;
    };
    const diff = workbench.page.locator('.monaco-diff-editor').last();
    const shown = async (): Promise<string> => plain(await diff.innerText({ timeout: patienceMs }));
    const panel = await show();
    await workbench.tab(/^Model configs: Jan 2, 2026, .* ↔ Jan 3, 2026/u).waitFor({ timeout: patienceMs });
    await expect.poll(shown, { timeout: patienceMs }).toMatch(/max_batch_size: 8.*max_batch_size: 16/u);
    // It stands beside the panel, and not over it.
    await panel.frame.locator('h1').waitFor({ timeout: patienceMs });
    await workbench.screenshot(join(screenshots, 'model-configs.png'));

    await rm(edited.path);
    await show();
    await workbench.notification(/^The text of the model config is not kept here .* Jan 3, 2026/u).dismiss();
    await expect.poll(shown, { timeout: patienceMs }).toMatch(/format: config\.pbtxt.*longest text: /u);
    // One row alone again: two have another menu.
    await results.row(/Jan 2, 2026/u).click();
    expect(workbench.webviewErrors).toEqual([]);
  } finally {
    for (const { path } of [original, edited]) await rm(path, { force: true });
  }
}

/** With its config's text as the command line keeps it. The text is nobody else's, so that it can be taken away. */
async function runWith(
  maxBatchSize: number,
  make: (options: Pick<SampleOptions, 'plan' | 'record'>) => RunRecord,
): Promise<{ readonly record: RunRecord; readonly path: string }> {
  const text = `# of process ${String(process.pid)}\nname: "sentiment"\nmax_batch_size: ${String(maxBatchSize)}\n`;
  const sha256 = createHash('sha256').update(text).digest('hex');
  await keepConfigText(cachedConfigTexts(), text);
  const plan = { ...whole.plan, model: { ...whole.plan.model, maxBatchSize } };
  const record = make({ plan, record: { modelConfig: { format: 'config.pbtxt', sha256, settingsSha256: sha256 } } });
  return { record, path: join(cachedConfigTexts(), sha256) };
}
