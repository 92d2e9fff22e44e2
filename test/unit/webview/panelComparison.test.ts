import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/core/record.ts';
import { comparisonMarkdown } from '../../../src/core/view/comparisonMarkdown.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { formatTime } from '../../../src/core/view/format.ts';
import type { View } from '../../../src/protocol/messages.ts';
import { laterRecord, notValid, slowedBy } from '../../support/changedRecord.ts';
import { cellText } from '../../support/comparisonCell.ts';
import { sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { accessibilityFindings, themeNames, type ResultsPage } from './page.ts';
import { openPages, record, recordView, times } from './panelPage.ts';

/** The panel's page with two runs beside each other. */

const open = openPages();

describe('two runs beside each other', () => {
  const plan = samplePlan();
  const after = laterRecord({
    plan: { ...plan, load: { ...plan.load, timeoutMs: plan.load.timeoutMs + 1 } },
    topology: 'triton',
    change: (phase) => (phase.name === 'c1' ? notValid(phase) : slowedBy(1.3)(phase)),
    record: { software: { ...record.software, topologyBench: '0.2.0' } },
  });
  const view = (before: RunRecord, later: RunRecord): View => ({
    kind: 'comparison',
    comparison: comparisonView(before, later),
    subject: 'tiny-sentiment',
    times,
  });
  const cells = (page: ResultsPage): Promise<string[][]> =>
    page.page.$$eval('table.comparison tr', (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent)),
    );

  it('say the answer first, then every figure of both, to the last cell', async () => {
    const page = await open();
    expect(await page.show(view(record, after))).toMatchObject({ kind: 'comparison', runId: after.id, figures: [] });
    const { headline, worth, columns, groups, notes, changed, differences } = comparisonView(record, after);
    expect(await page.page.textContent('h1')).toBe(headline);
    expect(await page.page.locator('.worth').allTextContents()).toEqual([worth.join(' ')]);
    expect(await cells(page)).toEqual([
      columns.map(({ header }) => header),
      ...groups.flatMap(({ topology, rows }) => [
        [topology],
        ...rows.map((row) => [row.level, ...row.cells.map((cell) => cellText(cell, ' →  to '))]),
      ]),
    ]);
    expect(await page.page.locator('.finding.bad').count()).toBe(8);
    expect(await page.page.locator('.doubt').allTextContents()).toEqual(Array(4).fill('not valid'));
    expect(await page.page.locator('ol.notes li').allTextContents()).toEqual(notes);
    expect(await page.page.locator('.differences li').allTextContents()).toEqual(
      differences.flatMap(({ texts }) => texts),
    );
    expect(await page.page.locator('.compared-runs').first().locator('dt, dd').allTextContents()).toEqual(
      changed.flatMap(({ title, texts }) => [title, texts.join('; ')]),
    );
    expect(await page.page.locator('canvas, .card').count()).toBe(0);
    const kept = await page.keptState();
    expect(kept).toMatchObject({ version: 1, runId: after.id, before: record.id });
  });

  it('have a table whose every cell has its headers, for a screen reader', async () => {
    const page = await open();
    await page.show(view(record, after));
    expect(await page.page.textContent('table.comparison caption')).toContain('of both runs');
    const scopes = await page.page.$$eval('table.comparison th', (all) =>
      all.map((cell) => cell.getAttribute('scope')),
    );
    expect(new Set(scopes)).toEqual(new Set(['col', 'rowgroup', 'row']));
  });

  it('are worked by the keyboard alone', async () => {
    const page = await open();
    await page.show(view(record, after));
    const reached: string[] = [];
    for (let press = 0; press < 7; press += 1) {
      await page.page.keyboard.press('Tab');
      reached.push(
        await page.page.evaluate(
          () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
        ),
      );
    }
    expect(reached).toEqual([
      'Swap',
      "Show the plans' difference",
      "Show the model configs' difference",
      'Copy as Markdown',
      'Open “before”',
      'Open “after”',
      'Both runs side by side',
    ]);
  });

  it('ask for what their buttons say', async () => {
    const page = await open();
    await page.show(view(record, after));
    const labels = [
      'Swap',
      "Show the plans' difference",
      "Show the model configs' difference",
      'Copy as Markdown',
      'Open “before”',
      'Open “after”',
    ];
    for (const label of labels) await page.page.getByText(label, { exact: true }).click();
    await page.page.waitForFunction(
      () =>
        (window as unknown as { messages: { type: string }[] }).messages.filter(({ type }) => type === 'request')
          .length === 6,
    );
    const requests = (await page.messages()).flatMap((message) =>
      message.type === 'request' ? [message.request] : [],
    );
    expect(requests).toEqual([
      { kind: 'swap' },
      { kind: 'show-plans' },
      { kind: 'show-configs' },
      { kind: 'copy', text: comparisonMarkdown(comparisonView(record, after)) },
      { kind: 'show-run', which: 'before' },
      { kind: 'show-run', which: 'after' },
    ]);
    await page.send({ type: 'reply', id: 1, ok: false, message: 'Both runs had the same plan.' });
    await page.page.locator('.reply', { hasText: 'Both runs had the same plan.' }).waitFor();
  });

  it('have no model configs to show where a run had none', async () => {
    const page = await open();
    const button = page.page.getByText("Show the model configs' difference", { exact: true });
    await page.show(view({ ...record, modelConfig: null }, after));
    expect(await button.isVisible()).toBe(false);
    await page.show(view(record, after));
    expect(await button.isVisible()).toBe(true);
  });

  it('tell a screen reader that they are swapped, whether the snapshot or the reply comes first', async () => {
    const page = await open();
    const region = page.page.locator('[role=status]');
    await page.show(view(record, after));
    expect(await region.textContent()).toBe('');
    const swap = page.page.getByText('Swap', { exact: true });
    const swapped = comparisonView(after, record);
    const told = ({ startedAt }: RunRecord): string => formatTime(startedAt, times);
    await swap.click();
    await page.waitForMessage('request');
    await page.show(view(after, record));
    await page.send({ type: 'reply', id: 0, ok: true });
    // Answered after the reply, so that what the reply did to the region is done.
    await page.show(view(after, record));
    expect(await region.textContent()).toBe(
      `Swapped: before is the run of ${told(after)}, after the run of ${told(record)}. ${swapped.headline}`,
    );
    await swap.click();
    await page.send({ type: 'reply', id: 1, ok: true });
    await page.show(view(record, after));
    expect(await region.textContent()).toMatch(/^Swapped: before is the run of Jan 2, 2026, 4:30.AM, /u);
    expect(await region.getAttribute('aria-live')).toBe('polite');
  });

  it('say why they cannot be compared, and show no ratio then', async () => {
    const page = await open();
    await page.show(view(sampleRecord({ plan: sampleLocalPlan() }), after));
    expect(await page.page.textContent('h1')).toBe('No comparison: the two runs were not measured in the same way.');
    expect(await page.page.locator('.callout').allTextContents()).toEqual(
      comparisonView(sampleRecord({ plan: sampleLocalPlan() }), after).incomparable.map(
        (reason) => `Not comparable. ${reason}`,
      ),
    );
    expect(await page.page.locator('.ratio, .interval, .finding').count()).toBe(0);
  });

  it('give way to a run alone in the same page, and come back', async () => {
    const page = await open();
    await page.show(view(record, after));
    await page.show(recordView(record));
    expect(await page.page.locator('table.comparison').count()).toBe(0);
    await page.page.getByText('Compare with…').click();
    await page.waitForMessage('request');
    expect((await page.messages()).find((message) => message.type === 'request')).toMatchObject({
      request: { kind: 'compare' },
    });
    await page.show(view(record, after));
    expect(await page.page.locator('table.comparison').count()).toBe(1);
    expect(await page.page.locator('table.results').count()).toBe(0);
  });

  it.each(themeNames)('%s: have no serious finding of axe, nor a page wider than its column', async (theme) => {
    const page = await open({ theme });
    await page.show(view(record, after));
    expect(await accessibilityFindings(page.page)).toEqual([]);
    const overflow = await page.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });
});
