/** Records on disk, as the sidebar and the results panel show them. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordCsv } from '../../src/core/view/csv.ts';
import { laterRecord, slowedBy } from '../support/changedRecord.ts';
import { failedResult, sampleRecord } from '../support/sampleRecord.ts';
import { drive } from './harness/drive.ts';
import { ownPackage } from './harness/package.ts';
import { isSerious, type Panel } from './harness/panel.ts';
import { makeSampleWorkspace, samplePaths } from './harness/sampleWorkspace.ts';
import { eventually, patienceMs } from './harness/waiting.ts';
import type { Workbench } from './harness/workbench.ts';

const screenshots = join(import.meta.dirname, '..', '..', 'out', 'screenshots');
const whole = sampleRecord();
const broken = sampleRecord({
  record: { id: '20260101-080000-0b0b', status: 'failed' },
  change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
});

async function prepare(folder: string): Promise<void> {
  await makeSampleWorkspace(folder, [whole, broken]);
  const runs = join(folder, samplePaths.runs);
  await mkdir(runs, { recursive: true });
  await writeFile(join(runs, '20251231-235959-dead.json'), '{ "version": 1, ');
}

test.each(['oldest', 'newest'] as const)(
  'on the %s VS Code a record opens beside the code, draws in every theme, survives a reload, shares its column, and is deleted',
  async (version) => {
    await drive(`results-${version}`, { version, vsix: ownPackage(), prepare }, async ({ code, workbench, folder }) => {
      await code.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
      await workbench.openFile(samplePaths.classifier);
      await workbench.waitForCodeLens('Benchmark Topology');
      const results = await workbench.view('Topology Bench', 'Results');
      const rows = await results.waitForRows('three results', (all) => all.length === 3);
      expect(rows[0]).toMatch(/^tiny-sentiment · triton \d+ RPS at p95 [\d.]+ ms/u);
      expect(rows[1]).toMatch(/^tiny-sentiment · /u);
      expect(rows[2]).toMatch(/^20251231-235959-dead.*not complete JSON/u);
      // What a record of somebody else was started with is not known here, so that there is no Benchmark Again.
      expect(await results.row(/triton \d+ RPS at p95/u).inlineActions()).toEqual([]);
      expect(await results.row(/triton \d+ RPS at p95/u).menuItems()).toEqual([
        'Open Results',
        'Open Record as JSON',
        'Copy as Markdown',
        'Export as CSV…',
        'Export as JSON…',
        'Export as HTML Report…',
        'Save as Plan…',
        'Compare with…',
        'Pin as Baseline',
        'Delete Result',
      ]);

      await results.row(/triton \d+ RPS at p95/u).click();
      const panel = await workbench.panel(/tiny-sentiment/u);
      await panel.waitUntilDrawn();
      await expectCharts(panel);
      const text = await panel.text();
      for (const { topology, phases } of whole.topologies) {
        expect(text).toContain(topology.name);
        const p50Ms = phases.at(-1)?.measurement.latency.p50Ms ?? Number.NaN;
        expect(text).toContain(p50Ms.toPrecision(3));
      }
      for (const [theme, kind] of [
        ['light', 'vscode-light'],
        ['high-contrast', 'vscode-high-contrast'],
        ['dark', 'vscode-dark'],
      ] as const) {
        await workbench.switchTheme(theme);
        await panel.waitForTheme(kind);
        await panel.waitUntilDrawn();
        await expectCharts(panel);
        expect((await panel.axe()).filter(isSerious)).toEqual([]);
        await workbench.screenshot(join(screenshots, `results-${version}-${theme}.png`));
      }
      expect(workbench.policyViolations).toEqual([]);
      expect(workbench.webviewErrors).toEqual([]);

      await results.row(/triton \d+ RPS at p95/u).pressMenu('Export as CSV…');
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

      // Another result opens in the same column, though the panel there has the focus.
      await again.frame.locator('h1').click();
      await results.row(/^tiny-sentiment(?!.*triton \d)/u).click();
      const panels = workbench.page.locator('.tabs-container .tab', { hasText: /tiny-sentiment/u });
      await eventually(
        'the tab of the second result',
        () => panels.count(),
        (count) => count === 2,
      );
      expect(await workbench.page.locator('.editor-group-container').count()).toBe(2);
      await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('OOMKilled');
      await workbench.screenshot(join(screenshots, `failed-run-${version}.png`));

      // Only after a yes.
      await results.row(/dead/u).pressMenu('Delete Result');
      expect(await workbench.dialog().text()).toContain('Delete the result of');
      await workbench.dialog().press('Cancel');
      expect(await results.rows()).toHaveLength(3);
      await results.row(/dead/u).pressMenu('Delete Result');
      await workbench.dialog().press('Delete');
      await results.waitForRows('two results', (all) => all.length === 2);
      const runs = join(folder, samplePaths.runs);
      expect((await readdir(runs)).filter((name) => name.endsWith('.json'))).toHaveLength(2);

      // Whoever moves records about (git, the command line), an open panel follows.
      await rename(join(runs, `${broken.id}.json`), join(runs, 'elsewhere'));
      await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('There is no record of this run');
      await rename(join(runs, 'elsewhere'), join(runs, `${broken.id}.json`));
      await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('OOMKilled');
    });
  },
);

test('results of two models stand by model, the newest open, and a group stays as the user left it', async () => {
  const plan = { ...whole.plan, model: { ...whole.plan.model, name: 'toxicity' } };
  const other = sampleRecord({ plan, record: { id: '20251225-080000-0c0c' } });
  await drive(
    'results-groups',
    { version: 'newest', vsix: ownPackage(), prepare: (folder) => makeSampleWorkspace(folder, [whole, broken, other]) },
    async ({ workbench }) => {
      const results = await workbench.view('Topology Bench', 'Results');
      const rows = await results.waitForRows('two groups, one of them open', (all) => all.length === 4);
      expect(rows[0]).toMatch(/^tiny-sentiment2 runs · triton \d+ RPS/u);
      expect(rows[1]).toMatch(/^triton \d+ RPS at p95 [\d.]+ msJan 2, 2026, /u);
      expect(rows[3]).toMatch(/^toxicity1 run · triton \d+ RPS/u);
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
    },
  );
});

/** The panel's own ways out: its Export button, and the button at the chart in view. */
async function expectExportsFrom(panel: Panel, workbench: Workbench, folder: string): Promise<void> {
  await panel.frame.getByText('Export…', { exact: true }).click();
  expect(await workbench.quickInput.waitForItem(/HTML report…/u)).toHaveLength(4);
  await workbench.quickInput.pick(/HTML report…/u);
  await workbench.quickInput.saveAs(join(folder, 'run.html'));
  await workbench.notification('Saved run.html.').dismiss();
  const html = await readFile(join(folder, 'run.html'), 'utf8');
  expect(html).toContain(`"id":"${whole.id}"`);
  expect(html).toContain('Topology Bench report');

  await panel.frame.getByText('Export…', { exact: true }).click();
  await workbench.quickInput.pick(/Copy as Markdown/u);
  await eventually(
    'the status bar to say that it is copied',
    () => workbench.statusBar(),
    (items) => items.some((item) => item.startsWith('Copied tiny-sentiment · ')),
  );

  await panel.frame.locator('vscode-button[aria-label^="Save as PNG"]:visible').first().click();
  await workbench.quickInput.saveAs(join(folder, 'chart.png'));
  await workbench.notification('Saved chart.png.').dismiss();
  expect((await readFile(join(folder, 'chart.png'))).subarray(1, 4).toString('latin1')).toBe('PNG');
}

test.each(['oldest', 'newest'] as const)(
  'on the %s VS Code a run is compared with a baseline, a regression is marked, and a reload shows the comparison again',
  async (version) => {
    const slower = laterRecord({ topology: 'triton', change: slowedBy(1.3) });
    await drive(
      `compare-${version}`,
      { version, vsix: ownPackage(), prepare: (folder) => makeSampleWorkspace(folder, [whole, slower]) },
      async ({ code, workbench, folder }) => {
        await code.changeSettings({ 'topologyBench.kubeconfig': join(folder, 'no-such-file') });
        await workbench.openFile(samplePaths.classifier);
        const results = await workbench.view('Topology Bench', 'Results');
        await results.waitForRows('two results', (all) => all.length === 2);
        await results.row(/Jan 2, 2026/u).pressMenu('Pin as Baseline');
        await workbench.notification(/is the baseline of tiny-sentiment now/u).dismiss();
        const rows = await results.waitForRows('the marks', (all) => all.some((text) => text.includes('worse than')));
        expect(rows[0]).toMatch(/worse than baseline · Jan 3, 2026/u);
        expect(rows[1]).toMatch(/baseline · Jan 2, 2026/u);
        expect(await results.row(/Jan 2, 2026/u).menuItems()).toContain('Unpin Baseline');

        await results.row(/Jan 3, 2026/u).pressMenu('Compare with Baseline');
        const panel = await workbench.panel(/↔/u);
        await panel.waitUntilDrawn();
        await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('triton p95 47.3 → 61.4 ms, 1.30x');
        expect((await panel.axe()).filter(isSerious)).toEqual([]);
        expect(workbench.policyViolations).toEqual([]);
        await workbench.screenshot(join(screenshots, `comparison-${version}.png`));

        await panel.frame.getByText('Swap', { exact: true }).click();
        await expect.poll(() => panel.text(), { timeout: patienceMs }).toContain('triton p95 61.4 → 47.3 ms, 0.77x');
        await workbench.panel(/Jan 3, 2026, .* ↔ Jan 2, 2026/u);
        await workbench.reload();
        const again = await workbench.panel(/↔/u);
        await expect.poll(() => again.text(), { timeout: patienceMs }).toContain('triton p95 61.4 → 47.3 ms, 0.77x');
        expect(workbench.webviewErrors).toEqual([]);

        // Both at once, by the menu of two rows.
        await results.row(/Jan 2, 2026/u).click();
        await results.row(/Jan 3, 2026/u).locator.click({ modifiers: ['ControlOrMeta'] });
        await results.row(/Jan 3, 2026/u).pressMenu('Compare Selected');
        const selected = await workbench.panel(/↔/u);
        await expect.poll(() => selected.text(), { timeout: patienceMs }).toContain('p95 47.3 → 61.4 ms');
        await selected.frame.getByText("Show the plans' difference").click();
        await expect
          .poll(() => selected.text(), { timeout: patienceMs })
          .toContain('Both runs had the same plan, and the same model config.');
      },
    );
  },
);

/** The chart in view is painted, in more than one colour; those in other tabs of the page have no size yet. */
async function expectCharts(panel: Panel): Promise<void> {
  const shown = (await panel.canvases()).filter((canvas) => canvas.visible);
  expect(shown.length).toBeGreaterThan(0);
  for (const canvas of shown) {
    expect(canvas.painted).toBeGreaterThan(1000);
    expect(canvas.colours).toBeGreaterThan(3);
  }
}
