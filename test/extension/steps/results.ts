/** Records on disk, as the sidebar and the results panel show them. */
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { recordCsv } from '../../../src/core/view/csv.ts';
import type { Drive } from '../harness/drive.ts';
import { isSerious, type Panel } from '../harness/panel.ts';
import { plain } from '../harness/quickInput.ts';
import { putRecords, samplePaths } from '../harness/sampleWorkspace.ts';
import { screenshots } from '../harness/screenshots.ts';
import { pageThemes, switchTheme } from '../harness/switchTheme.ts';
import { texts } from '../harness/texts.ts';
import { eventually, patienceMs } from '../harness/waiting.ts';
import type { Workbench } from '../harness/workbench.ts';
import { broken, other, whole } from './records.ts';

export async function recordBesideTheCode(parts: Drive): Promise<void> {
  const { code, workbench, folder } = parts;
  const version = code.options.version ?? 'newest';
  await putRecords(folder, [whole, broken], { '20251231-235959-dead.json': '{ "version": 1, ' });
  await workbench.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
  await workbench.openFile(samplePaths.classifier);
  await workbench.waitForCodeLens(texts.startLens);
  const results = await workbench.view('Topology Bench', 'Results');
  await results.waitForRowsLike('three results', [
    /^Jan 2, 2026, .* · 32 conn\.: triton \d+ RPS at p95 [\d.]+ mstiny-sentiment$/u,
    /^failed · Jan 1, 2026, .*tiny-sentiment$/u,
    /^20251231-235959-dead.*not complete JSON/u,
  ]);
  // What a record of somebody else was started with is not known here, so that there is no Benchmark Again.
  const row = results.row(/triton \d+ RPS at p95/u);
  await expect.poll(() => row.inlineActions(), { timeout: patienceMs }).toEqual([]);
  await expect.poll(() => row.menuItems(), { timeout: patienceMs }).toEqual(texts.menuOfResult);

  await row.click();
  const panel = await workbench.panel(/tiny-sentiment/u);
  await panel.waitUntilDrawn();
  await expectCharts(panel);
  const text = await panel.text();
  for (const { topology, phases } of whole.topologies) {
    expect(text).toContain(topology.name);
    const p50Ms = phases.at(-1)?.measurement.latency.p50Ms ?? Number.NaN;
    expect(text).toContain(p50Ms.toPrecision(3));
  }
  for (const theme of pageThemes) {
    await switchTheme(workbench, panel, theme);
    await expectCharts(panel);
    expect((await panel.axe()).filter(isSerious)).toEqual([]);
    await workbench.screenshot(join(screenshots, `results-${version}-${theme}.png`));
  }
  expect(workbench.policyViolations).toEqual([]);
  expect(workbench.webviewErrors).toEqual([]);

  await row.pressMenu('Export as CSV…');
  await workbench.quickInput.saveAs(join(folder, 'run.csv'));
  await workbench.notification('Saved run.csv.').dismiss();
  expect(await readFile(join(folder, 'run.csv'), 'utf8')).toBe(recordCsv(whole));
  await expectExportsFrom(panel, workbench, folder);
  expect(workbench.policyViolations).toEqual([]);

  await workbench.reload();
  const again = await workbench.panel(/tiny-sentiment/u);
  await again.waitUntilDrawn();
  await expectCharts(again);
  expect(workbench.policyViolations).toEqual([]);

  await expectBackFromBehindATab(parts, again);

  // Another result takes its place, as in a preview editor, though the panel there has the focus.
  await again.frame.locator('h1').click();
  await results.row(/Jan 1, 2026/u).click();
  await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('OOMKilled');
  const tabs = workbench.page.locator('.tabs-container .tab', { hasText: /tiny-sentiment/u });
  await expect
    .poll(async () => (await tabs.allInnerTexts()).map(plain), { timeout: patienceMs })
    .toEqual([expect.stringContaining('Jan 1, 2026')]);
  expect(await workbench.page.locator('.editor-group-container').count()).toBe(2);
  await workbench.screenshot(join(screenshots, `failed-run-${version}.png`));

  // Only after a yes.
  await results.row(/dead/u).pressMenu('Delete Result');
  expect(await workbench.dialog().text()).toContain('Delete the result of');
  await workbench.dialog().press('Cancel');
  await results.waitForRows('three results still', (all) => all.length === 3);
  await results.row(/dead/u).click();
  await results.press('Delete');
  expect(await workbench.dialog().text()).toContain('Delete the result of Dec 31, 2025');
  await workbench.dialog().press('Delete');
  await results.waitForRows('two results', (all) => all.length === 2);
  const runs = join(folder, samplePaths.runs);
  expect((await readdir(runs)).filter((name) => name.endsWith('.json'))).toHaveLength(2);

  // Whoever moves records about (git, the command line), an open panel follows.
  await rename(join(runs, `${broken.id}.json`), join(runs, 'elsewhere'));
  await expect.poll(() => again.text(), { timeout: patienceMs }).toContain(texts.panel.noRecord);
  await rename(join(runs, 'elsewhere'), join(runs, `${broken.id}.json`));
  await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('OOMKilled');
}

export async function resultsOfTwoModels({ workbench, folder }: Drive): Promise<void> {
  await putRecords(folder, [whole, broken, other]);
  const results = await workbench.view('Topology Bench', 'Results');
  await results.waitForRowsLike('two groups, one of them open', [
    /^tiny-sentiment2 runs · 32 conn\.: triton \d+ RPS/u,
    /^Jan 2, 2026, .* · 32 conn\.: triton \d+ RPS at p95 [\d.]+ ms$/u,
    /./u,
    /^toxicity1 run · 32 conn\.: triton \d+ RPS/u,
  ]);
  await workbench.screenshot(join(screenshots, 'results-groups.png'));
  await results.row(/^toxicity1 run/u).expand();
  await results.waitForRows('the run of the other model', (all) => all.length === 5);
  await results.row(/^tiny-sentiment2 runs/u).collapse();
  await results.pressTitleAction('Refresh');
  await results.waitForRows(
    'the groups as they were left',
    (all) => all.length === 3 && all[2]?.includes('Dec 25, 2025') === true,
  );
  await results.row(/Dec 25, 2025/u).click();
  await (await workbench.panel(/toxicity/u)).waitUntilDrawn();
}

/** A page that is hidden behind another tab is thrown away; what it comes back with are its figures, at what a GPU costs by then. */
async function expectBackFromBehindATab({ workbench }: Drive, panel: Panel): Promise<void> {
  const drawn = async (): Promise<string> => {
    await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('triton is ahead in RPS and p95');
    await panel.waitUntilDrawn();
    await expectCharts(panel);
    return panel.text();
  };
  expect(await drawn()).not.toContain('EUR/1M req');
  // Opened where the focus is, over the panel.
  await panel.frame.locator('h1').click();
  await workbench.openFile(samplePaths.huggingFace);
  await workbench.changeSettings({ 'topologyBench.gpuHourPrice': 2.5, 'topologyBench.currency': 'EUR' });
  try {
    await workbench.runCommand('View: Close Editor');
    await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('EUR/1M req');
    expect(await drawn()).not.toContain('OOMKilled');
  } finally {
    await workbench.changeSettings({ 'topologyBench.gpuHourPrice': undefined, 'topologyBench.currency': undefined });
  }
  await expect.poll(() => panel.text(), { timeout: patienceMs }).not.toContain('EUR/1M req');
}

/** The panel's own ways out: its Export button, and the button at the chart in view. */
async function expectExportsFrom(panel: Panel, workbench: Workbench, folder: string): Promise<void> {
  const { quickInput } = workbench;
  await panel.frame.getByText(texts.panel.export, { exact: true }).click();
  expect(await quickInput.waitForItem(/HTML report…/u)).toHaveLength(4);
  await quickInput.pick(/HTML report…/u);
  await quickInput.saveAs(join(folder, 'run.html'));
  await workbench.notification('Saved run.html.').dismiss();
  const html = await readFile(join(folder, 'run.html'), 'utf8');
  expect(html).toContain(`"id":"${whole.id}"`);
  expect(html).toContain('Topology Bench report');

  await panel.frame.getByText(texts.panel.export, { exact: true }).click();
  await workbench.statusBarSays(/^\s*Copied tiny-sentiment · /u, () => quickInput.pick(/Copy as Markdown/u));

  await panel.frame.locator('vscode-button[aria-label^="Save as PNG"]:visible').first().click();
  await quickInput.saveAs(join(folder, 'chart.png'));
  await workbench.notification('Saved chart.png.').dismiss();
  expect((await readFile(join(folder, 'chart.png'))).subarray(1, 4).toString('latin1')).toBe('PNG');
}

/** The chart in view is painted, in more than one colour; those in other tabs of the page have no size yet. */
async function expectCharts(panel: Panel): Promise<void> {
  await eventually(
    'the chart in view to be painted',
    async () => (await panel.canvases()).filter((canvas) => canvas.visible),
    (shown) => shown.length > 0 && shown.every(({ painted, colours }) => painted > 1000 && colours > 3),
  );
}
