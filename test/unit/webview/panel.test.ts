import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { GpuPrice } from '../../../src/core/gpuPrice.ts';
import { profileOf } from '../../../src/core/profiles.ts';
import type { PhaseResult, RunRecord } from '../../../src/core/record.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { splitTable } from '../../../src/core/view/split.ts';
import type { PanelRequest } from '../../../src/protocol/messages.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { failedResult, sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { accessibilityFindings, paintedShares, pictureOf, themeNames, type ResultsPage } from './page.ts';
import { liveView, openPages, record, recordView } from './panelPage.ts';

/** The panel's page with a run that has ended. */

const open = openPages();
const partial = sampleRecord({
  change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
  record: { status: 'failed' },
});

/** The results table as it stands in the page: each row's texts in order, those of a second line after those above it. */
function tableText(page: ResultsPage): Promise<string[][]> {
  return page.page.$$eval('table.results tr', (rows) =>
    rows.map((row) =>
      [...row.children].flatMap((cell) => {
        const below = cell.querySelector(':scope > .below');
        const second = below?.textContent ?? '';
        const all = cell.textContent;
        return below === null ? [all] : [all.slice(0, all.length - second.length).trim(), second];
      }),
    ),
  );
}

/** RPS for each GPU is left out, as each topology of the samples holds one. */
const columnsInPage = [
  ...['topology', 'validity', 'p50', 'p95', 'p99', 'rps', 'samples', 'errors', 'batch'],
  ...['requests-per-gpu-hour', 'price-per-million'],
];

/** @param order the table's columns in the order of the page */
function expectedTable(
  shown: RunRecord,
  gpuPrice: GpuPrice | null = null,
  order: readonly string[] = columnsInPage,
): string[][] {
  const table = resultTable(rowsOf(measuredRecord(shown)), gpuPrice);
  const places = order.map((id) => table.columns.findIndex((column) => column.id === id)).filter((at) => at !== -1);
  const words = (id: string | undefined, text: string, gists: readonly string[]): string => {
    if (id === 'validity')
      return text.startsWith('no') ? `not valid: ${gists.join('; ')}${text.slice(2)}` : `valid${text.slice(3)}`;
    return id === 'errors' ? text.replace(/^\d+/u, '$& errors') : id === 'rps-per-gpu' ? `${text}/GPU` : text;
  };
  return [
    places.map((at) => table.columns[at]?.header ?? ''),
    ...table.groups.flatMap((group) => [
      [group.heading],
      ...group.rows.map(({ cells, gists }) =>
        places.map((at) => {
          const text = words(table.columns[at]?.id, cells[at]?.text ?? '', gists);
          return [text, cells[at]?.interval ?? null].filter((part) => part !== null).join(' ');
        }),
      ),
    ]),
  ];
}

describe('a finished run', () => {
  it('shows what the record says, to the last cell', async () => {
    const page = await open();
    const drawn = await page.show(recordView(record));
    expect(drawn.runId).toBe(record.id);
    const byLevel = rowsOf(measuredRecord(record)).sort((a, b) => a.load.order - b.load.order);
    expect(drawn.figures).toEqual(
      byLevel.map(({ topology, phase, p50Ms, p95Ms, p99Ms, rps, errors }) => ({
        topology,
        phase,
        p50Ms,
        p95Ms,
        p99Ms,
        rps,
        errors,
      })),
    );
    expect(await tableText(page)).toEqual(expectedTable(record));
    const headline = (await page.page.textContent('h1'))?.replaceAll('\u00a0', ' ');
    expect(headline).toBe(headlineOf(measuredRecord(record)).text);
    expect(await page.page.getAttribute('body', 'data-drawn')).toBe('1');
  });

  it('tells times as its reader does', async () => {
    const page = await open();
    await page.show(recordView(record));
    expect(await page.page.textContent('.subtitle')).toMatch(/ · Jan 2, 2026, 4:30\sAM$/u);
    expect(await page.page.textContent('.how')).toMatch(/TimeJan 2, 2026, 4:30\sAM to Jan 2, 2026, 4:34\sAM/u);
  });

  it('fits a panel beside code without scrolling sideways, with what is not valid and why', async () => {
    const doubted = (phase: PhaseResult): PhaseResult => ({
      ...phase,
      validity: { valid: false, reasons: ['the load generator was late', 'insufficient samples'], caveats: ['quick'] },
    });
    const plan = samplePlan();
    const topologies = plan.topologies.flatMap((topology) =>
      topology.name === 'triton' ? [topology, { ...topology, variant: 'no-batching' }] : [topology],
    );
    const price = { perGpuHour: 2.5, currency: 'EUR' };
    const runs = [
      record,
      sampleRecord({ change: (result) => ({ ...result, phases: result.phases.map(doubted) }) }),
      sampleRecord({ plan: { ...plan, topologies } }),
    ];
    const page = await open({ width: 530 });
    for (const run of runs) {
      await page.show(recordView(run, null, { price, problem: null }));
      const region = page.page.locator('.table-scroll:has(table.results)');
      const [needed, there] = await region.evaluate((element) => [element.scrollWidth, element.clientWidth]);
      expect(needed).toBe(there);
    }
    await page.show(recordView(runs[1] ?? record));
    expect(await page.page.locator('.doubts li').allTextContents()).toEqual([
      'fastapi, triton and hybrid are not valid: the load generator was late; insufficient samples.',
    ]);
  });

  it('says why a row is not valid in sight, and folds what limits others until a number leads to it', async () => {
    const late = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({
          ...phase,
          validity: {
            valid: result.topology.name !== 'triton',
            reasons: result.topology.name === 'triton' ? ['the load generator was late: 9 ms'] : [],
            caveats: result.topology.name === 'triton' ? [] : ['the clock was set'],
          },
        })),
      }),
    });
    const page = await open({ width: 530 });
    await page.show(recordView(late));
    const row = page.page.locator('tr[data-topology=triton] [data-column=validity]').first();
    expect(await row.textContent()).toBe('not valid: the load generator was late [1]');
    expect(await row.locator('a').getAttribute('title')).toBe('the load generator was late: 9 ms');
    expect(await page.page.locator('.notes li:visible').allTextContents()).toEqual([
      'the load generator was late: 9 ms',
    ]);
    expect(await page.page.locator('.more-notes summary').textContent()).toBe('Notes (1)');
    await page.page.locator('tr[data-topology=fastapi] [data-column=validity] a').first().click();
    await expect.poll(() => page.page.locator('.notes li:visible').allTextContents()).toHaveLength(2);
  });

  it('gets narrower with its panel: charts that were painted before, tabs and table', async () => {
    const page = await open({ width: 1100 });
    const late = sampleRecord({
      plan: samplePlan({ allowCpuProvider: true }),
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({
          ...phase,
          validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
        })),
      }),
    });
    await page.show(recordView(late));
    const tabs = ['throughput', 'percentiles', 'split', 'time', 'paper'];
    for (const tab of tabs) {
      await page.page.click(`#tab-${tab}`);
      await page.page.waitForTimeout(100);
    }
    await page.page.click('#tab-throughput');
    await page.page.setViewportSize({ width: 402, height: 900 });
    const overflows = (selector: string): Promise<number> =>
      page.page.$$eval(selector, (elements) =>
        Math.max(...elements.map((element) => element.scrollWidth - element.clientWidth)),
      );
    for (const tab of tabs) {
      await page.page.click(`#tab-${tab}`);
      await expect.poll(() => overflows('html')).toBe(0);
      for (const figure of await page.page.locator(`#view-${tab} .chart-frame`).all())
        await expect.poll(async () => (await figure.boundingBox())?.width).toBeLessThanOrEqual(402);
    }
    expect(await overflows('.table-scroll:has(table.results)')).toBe(0);
    // No line of a tab's name is above or below it.
    const cut = await page.page.$$eval('vscode-panel-tab', (elements) =>
      elements
        .filter((element) => {
          const range = document.createRange();
          range.selectNodeContents(element);
          const [text, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
          return text.top < box.top - 1 || text.bottom > box.bottom + 1;
        })
        .map(({ id }) => id),
    );
    expect(cut).toEqual([]);
    const batch = page.page.locator('td[data-column=batch]', { hasText: '(!)' }).first();
    expect(await batch.getAttribute('title')).toBe('Not valid, as its row');
    expect(await batch.locator('.visually-hidden').textContent()).toBe('not valid');
  });

  it('has RPS for each GPU below RPS, where a topology holds several', async () => {
    const plan = samplePlan();
    if (plan.gpu === null) throw new Error('the sample holds a GPU');
    const two = sampleRecord({ plan: { ...plan, gpu: { ...plan.gpu, count: 2 } } });
    const page = await open({ width: 530 });
    await page.show(recordView(two));
    const order = columnsInPage.flatMap((id) => (id === 'rps' ? ['rps', 'rps-per-gpu'] : [id]));
    expect(await tableText(page)).toEqual(expectedTable(two, null, order));
  });

  it('shows a run on an endpoint, of which no model and no server is known', async () => {
    const page = await open({ width: 900 });
    const endpoint = sampleEndpointRecord();
    await page.show({ ...recordView(endpoint), subject: 'checkout' });
    expect(await tableText(page)).toEqual(expectedTable(endpoint));
    const headline = (await page.page.textContent('h1'))?.replaceAll('\u00a0', ' ');
    expect(headline).toBe(headlineOf(measuredRecord(endpoint)).text);
    const text = (await page.page.textContent('body')) ?? '';
    for (const known of ['POST over https', 'an endpoint that existed already', '120 bodies'])
      expect(text).toContain(known);
    for (const id of ['throughput', 'percentiles', 'time']) await page.page.click(`#tab-${id}`);
  });

  it('paints every chart, each with its numbers in a table behind it', async () => {
    const page = await open({ width: 900 });
    await page.show(recordView(record));
    const charts = { throughput: 1, percentiles: 2, split: 0, time: 2, paper: 1 };
    for (const [id, count] of Object.entries(charts)) {
      await page.page.click(`#tab-${id}`);
      await page.page.waitForFunction(
        (wanted) =>
          [...document.querySelectorAll('canvas')].filter((canvas) => canvas.clientWidth > 0).length === wanted,
        // The split of the latency stands above them all.
        count + 1,
      );
      expect(await paintedShares(page.page)).toHaveLength(count + 1);
      // A frame may lie between a canvas that has its place and one that is painted.
      await expect.poll(async () => Math.min(...(await paintedShares(page.page)))).toBeGreaterThan(0.01);
      const labels = await page.page.$$eval(`#view-${id} canvas`, (all) =>
        all.map((canvas) => canvas.getAttribute('aria-label')),
      );
      for (const label of labels) expect(label).not.toBe('');
      expect(await page.page.locator(`#view-${id} .chart-data table`).count()).toBe(count);
    }
  });

  it('says where the time of every topology and level goes, to the last cell', async () => {
    const page = await open({ width: 900 });
    await page.show(recordView(record));
    await page.page.click('#tab-split');
    const table = splitTable(rowsOf(measuredRecord(record)));
    const shown = await page.page.$$eval('table.split tr', (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent)),
    );
    expect(shown).toEqual([
      table?.columns.map((column) => column.header).filter((header) => header !== 'Conn.'),
      ...(table?.groups ?? []).flatMap((group) => [
        [group.heading],
        ...group.rows.map(([name, , ...cells]) => [name, ...cells]),
      ]),
    ]);
    expect(shown).toHaveLength(1 + 3 * 4);
  });

  it('shows why the figures are what they are between the cards and the table, with a line that reads the bars', async () => {
    const page = await open({ width: 530 });
    await page.show(recordView(record));
    const figures = page.page.locator('section[aria-label=Figures]');
    expect(await figures.locator('canvas').getAttribute('aria-label')).toMatch(
      /split into client, gateway, queue, compute and other/,
    );
    expect(await figures.locator('.chart-notes p').first().textContent()).toMatch(
      /^The largest part is queue in fastapi .*\. The gateway takes 1\.35 ms in hybrid, 0\.31 ms of it to de-identify\.$/u,
    );
    const tops = await Promise.all(
      ['.cards', 'figure', 'table.results'].map(async (part) => (await figures.locator(part).boundingBox())?.y ?? 0),
    );
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
    // Parts that were taken out of a whole would leave another whole.
    expect(await figures.locator('.series-name').allTextContents()).toEqual([
      'Client',
      'Gateway',
      'Queue',
      'Compute',
      'Other',
    ]);
    expect(await figures.locator('input').count()).toBe(0);
  });

  it('lets a part that is slightly below zero take no more room than it has', async () => {
    const withClient = (clientMs: number): typeof record =>
      sampleRecord({
        change: (result) => ({
          ...result,
          phases: result.phases.map((phase) => ({
            ...phase,
            split: {
              totalMs: 309 + clientMs,
              clientMs,
              gatewayMs: null,
              queueMs: 300,
              computeMs: 9,
              otherMs: 0,
              gateway: null,
              requests: 1000,
            },
          })),
        }),
      });
    const page = await open({ width: 900 });
    const inkOf = async (shown: typeof record): Promise<number> => {
      await page.show(recordView(shown));
      const [share = 0] = await paintedShares(page.page);
      return share;
    };
    const above = await inkOf(withClient(2.9));
    expect(above).toBeGreaterThan(0.01);
    // An axis from -100 on would leave the bars three quarters of it.
    expect((await inkOf(withClient(-2.9))) / above).toBeGreaterThan(0.93);
  });

  it('says of a run whose servers told no times that it cannot know, and paints no chart of nothing', async () => {
    const untold = sampleRecord({
      change: (result) => ({ ...result, phases: result.phases.map((phase) => ({ ...phase, split: null })) }),
    });
    const page = await open({ width: 900 });
    await page.show(recordView(untold));
    await page.page.click('#tab-split');
    await page.page.getByText("The servers' own timing was not read in this run.").waitFor();
    expect(await page.page.locator('section[aria-label=Figures] figure').isVisible()).toBe(false);
    expect(await page.page.locator('table.split').count()).toBe(0);
  });

  it('follows the level that is chosen, and keeps it for the next page', async () => {
    const page = await open();
    await page.show(recordView(record));
    expect(await page.page.locator('.card[data-topology=triton] .value').allTextContents()).toEqual([
      '917',
      '34.2',
      '47.3',
      '3303k',
    ]);
    await page.page.locator('vscode-dropdown').click();
    await page.page.locator('vscode-option', { hasText: '8 connections' }).click();
    await page.page.waitForFunction(
      () => document.querySelector('.card[data-topology=triton] .value')?.textContent === '886',
    );
    await page.page.click('#tab-time');
    const choice = { section: 'time', level: 'closed 8', hidden: [] };
    // What was clicked lies below the window, so that the page has scrolled.
    const wanted = { version: 1, runId: record.id, choice, place: { isHowOpen: false } };
    await expect.poll(() => page.keptState()).toMatchObject(wanted);
    const kept = await page.keptState();
    await page.page.close();

    const again = await open({ state: kept });
    await again.show(recordView(record));
    expect(await again.page.locator('.card[data-topology=triton] .value').first().textContent()).toBe('886');
    expect(await again.page.getAttribute('#tab-time', 'aria-selected')).toBe('true');
    await expect.poll(() => paintedShares(again.page)).toHaveLength(3);
  });

  it('is made anew where the reader was, and begins at the top for another run', async () => {
    const page = await open({ height: 400 });
    await page.show(recordView(record));
    await page.page.click('.how > summary');
    await page.page.evaluate(() => {
      window.scrollTo(0, 700);
    });
    await expect.poll(() => page.keptState()).toMatchObject({ place: { top: 700, isHowOpen: true } });
    const kept = await page.keptState();
    await page.page.close();

    const again = await open({ state: kept, height: 400 });
    await again.show(recordView(record));
    const top = (): Promise<number> => again.page.evaluate(() => window.scrollY);
    await expect.poll(top).toBe(700);
    expect(await again.page.locator('.how').getAttribute('open')).toBe('');
    // The same run once more, as when a price is entered.
    await again.show(recordView(record, 'The disk is full.'));
    expect(await top()).toBeGreaterThan(600);
    await again.show(recordView({ ...record, id: '20260105-080000-0001' }));
    expect(await top()).toBe(0);
    await expect.poll(() => again.keptState()).toMatchObject({ place: { top: 0, isHowOpen: true } });
  });

  it('is worked by the keyboard alone', async () => {
    const page = await open();
    await page.show(recordView(record));
    const reached: string[] = [];
    for (let press = 0; press < 30; press += 1) {
      await page.page.keyboard.press('Tab');
      reached.push(
        await page.page.evaluate(() => {
          const focused = document.activeElement;
          const name = focused?.getAttribute('aria-label') ?? focused?.closest('label')?.textContent;
          return `${focused?.localName ?? ''} ${name ?? focused?.textContent ?? ''}`.trim();
        }),
      );
    }
    expect(reached).toEqual(
      expect.arrayContaining([
        'vscode-button Benchmark again',
        'vscode-button Compare with…',
        'vscode-button Copy as Markdown',
        'vscode-button Export…',
        'vscode-button Open record JSON',
        'vscode-button Set GPU price',
        'vscode-dropdown Connections of the figures and charts',
        'div Results table',
        'div Where the time goes at 32 connections: arrow keys walk its points',
        'vscode-panel-tab Latency vs throughput',
        'input hybrid',
        'div Latency vs throughput: arrow keys walk its points',
        'summary Data of this chart',
        'vscode-button Save as PNG: Latency vs throughput',
        'summary How this was measured',
      ]),
    );
    await page.page.focus('#tab-throughput');
    await page.page.keyboard.press('ArrowRight');
    expect(await page.page.getAttribute('#tab-percentiles', 'aria-selected')).toBe('true');
  });

  it('sends its requests and says how they ended', async () => {
    const page = await open();
    await page.show(recordView(record));
    await page.page.getByText('Copy as Markdown').click();
    await page.waitForMessage('request');
    const request = (await page.messages()).find((message) => message.type === 'request');
    expect(request?.type === 'request' && request.request).toEqual({ kind: 'copy', text: recordMarkdown(record) });
    await page.send({ type: 'reply', id: 0, ok: true });
    await page.page.locator('.reply', { hasText: 'Copied.' }).waitFor();
    await page.page.getByText('Open record JSON').click();
    await page.send({ type: 'reply', id: 1, ok: false, message: 'The record was deleted.' });
    await page.page.locator('.reply', { hasText: 'The record was deleted.' }).waitFor();
  });

  it('asks the extension for an export', async () => {
    const page = await open();
    await page.show(recordView(record));
    expect(await requestOf(page, () => page.page.getByText('Export…').click())).toEqual({ kind: 'export' });
    await page.show({ kind: 'problem', subject: 's', message: 'm', nextStep: null, benchmarkAgain: 'possible' });
    expect(await page.page.getByText('Export…').isVisible()).toBe(false);
  });

  it('never takes text from a record for markup', async () => {
    const page = await open();
    const nasty = '<img src=x onerror="document.body.dataset.broken=1"><b>bold</b>';
    const hostile = sampleRecord({
      plan: samplePlan({ model: { ...samplePlan().model, labels: [nasty, 'POSITIVE'] } }),
      change: (result) =>
        result.topology.name === 'hybrid'
          ? { ...failedResult(result), failure: { reason: 'x', message: nasty, nextStep: nasty } }
          : result,
      record: { status: 'failed', warnings: [nasty], sameAnswers: { verdict: 'differed', detail: nasty } },
    });
    await page.show({ ...recordView(hostile, nasty), subject: nasty });
    expect(await page.page.locator('img, b').count()).toBe(0);
    expect(await page.page.getAttribute('body', 'data-broken')).toBeNull();
    expect((await page.page.textContent('main'))?.split(nasty).length).toBeGreaterThan(5);
  });
});

describe('a chart in use', () => {
  const throughput = (page: ResultsPage): Locator => page.page.locator('#view-throughput figure');
  /** The chart as it is painted now. */
  const pixels = (page: ResultsPage): Promise<string> =>
    throughput(page)
      .locator('canvas')
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const ladder = (search: Parameters<typeof profileOf>[0] | null): RunRecord => {
    const { plan } = record;
    return { ...record, plan: { ...plan, load: { ...plan.load, search: search && profileOf(search).search } } };
  };

  it('shows and hides a topology by its checkbox in every chart, keeps that, and says it in the picture', async () => {
    const page = await open();
    await page.show(recordView(record));
    const before = await pixels(page);
    const box = throughput(page).getByRole('checkbox', { name: 'hybrid' });
    await box.focus();
    await page.page.keyboard.press('Space');
    await expect.poll(() => pixels(page)).not.toBe(before);
    expect(await box.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.page.click('#tab-percentiles');
    const others = page.page.locator('#view-percentiles').getByRole('checkbox', { name: 'hybrid' });
    expect(await others.first().isChecked()).toBe(false);
    expect(await page.keptState()).toMatchObject({ choice: { hidden: ['hybrid'] } });
    // The table behind the chart holds all that was measured.
    expect(await throughput(page).locator('tbody tr').count()).toBe(9);

    await page.page.click('#tab-throughput');
    await box.check();
    await expect.poll(() => pixels(page)).toBe(before);
    expect(await page.keptState()).toMatchObject({ choice: { hidden: [] } });
  });

  it('is walked by the arrow keys, which tell each point to a screen reader and show it', async () => {
    const page = await open();
    await page.show(recordView(record));
    const told = page.page.locator('body > [role=status]');
    const before = await pixels(page);
    await throughput(page).locator('.chart-frame').focus();
    await page.page.keyboard.press('ArrowRight');
    expect(await told.textContent()).toMatch(
      /^fastapi, 1 connection: p95 5\.7\d ms \[5\.59–5\.88\] at 290 RPS \[276–305\]$/u,
    );
    await expect.poll(() => pixels(page)).not.toBe(before);
    await page.page.keyboard.press('End');
    expect(await told.textContent()).toMatch(/^fastapi, 32 connections: p95 113 ms/u);
    await page.page.keyboard.press('ArrowDown');
    expect(await told.textContent()).toMatch(/^triton, 1 connection: /u);
    await page.page.keyboard.press('Escape');
    await expect.poll(() => pixels(page)).toBe(before);
    // Other keys stay the page's own.
    await page.page.keyboard.press('Tab');
    expect(await page.page.evaluate(() => document.activeElement?.localName)).toBe('summary');
  });

  it('takes the arrow keys from a screen reader that browses by them, and has its picture in words for who does not browse it', async () => {
    const page = await open();
    await page.show(recordView(record));
    const chart = throughput(page).getByRole('application', {
      name: 'Latency vs throughput: arrow keys walk its points',
      exact: true,
    });
    expect(await chart.getAttribute('aria-roledescription')).toBe('chart');
    expect(
      await chart.evaluate((frame) => {
        const picture = document.getElementById(frame.getAttribute('aria-describedby') ?? '');
        return frame.contains(picture) ? picture?.getAttribute('aria-label') : 'described by something else';
      }),
    ).toMatch(/^Latency vs throughput\. \S/u);
  });

  it('shows the point that the pointer is over', async () => {
    const page = await open();
    await page.show(recordView(record));
    const before = await pixels(page);
    await throughput(page).locator('canvas').hover();
    await expect.poll(() => pixels(page)).not.toBe(before);
    await page.page.locator('h1').hover();
    await expect.poll(() => pixels(page)).toBe(before);
  });

  it.each([
    ['the knee of a ladder', 'ladder', /Knee: fastapi at 8 connections/u, 'A ring marks the knee'],
    [
      'the bound of a search for a rate',
      'server',
      /A line marks the bound of 100 ms\./u,
      'The dashed line is the bound',
    ],
  ] as const)('has %s in its picture and its words', async (_, profile, described, noted) => {
    const page = await open();
    await page.show(recordView(ladder(null)));
    const without = await pixels(page);
    await page.show(recordView(ladder(profile)));
    await expect.poll(() => pixels(page)).not.toBe(without);
    expect(await throughput(page).locator('canvas').getAttribute('aria-label')).toMatch(described);
    expect(await throughput(page).locator('.chart-notes').textContent()).toContain(noted);
  });
});

/** What the page asks for when this is done. */
async function requestOf(page: ResultsPage, action: () => Promise<void>): Promise<PanelRequest> {
  const requests = async (): Promise<PanelRequest[]> =>
    (await page.messages()).flatMap((message) => (message.type === 'request' ? [message.request] : []));
  const before = (await requests()).length;
  await action();
  await expect.poll(async () => (await requests()).length, { timeout: 20_000 }).toBe(before + 1);
  const last = (await requests()).at(-1);
  if (last === undefined) throw new Error('The page asked for nothing.');
  return last;
}

describe('a chart of what is not valid', () => {
  const late = (change: (name: string) => boolean): RunRecord =>
    sampleRecord({
      change: (result) =>
        change(result.topology.name)
          ? {
              ...result,
              phases: result.phases.map((phase) => ({
                ...phase,
                validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
              })),
            }
          : result,
    });
  /** Pixels of a figure's canvas in the colour of fastapi. */
  const inked = (page: ResultsPage, figure: string): Promise<number> =>
    page.page.locator(`${figure} canvas`).evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const data = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      const colour = getComputedStyle(document.body).getPropertyValue('--vscode-charts-blue').trim();
      const own = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
      let count = 0;
      for (let at = 0; at < data.length; at += 4)
        if (own.every((part, channel) => Math.abs(part - (data[at + channel] ?? 0)) < 8)) count += 1;
      return count;
    });

  it.each(themeNames)('is hollow, with what is valid as before, in the theme %s', async (theme) => {
    const page = await open({ theme });
    await page.show(recordView(record));
    const filled = await inked(page, '#view-throughput figure');
    await page.page.click('#tab-percentiles');
    const bars = '#view-percentiles figure >> nth=0 >> css=.chart-frame';
    await expect.poll(() => inked(page, bars)).toBeGreaterThan(0);
    const solid = await inked(page, bars);
    await page.show(recordView(late((name) => name === 'fastapi')));
    // All that is left of bars is their outline.
    await expect.poll(() => inked(page, bars)).toBeLessThan(solid / 2);
    expect(await inked(page, bars)).toBeGreaterThan(0);
    await page.page.click('#tab-throughput');
    await expect.poll(() => inked(page, '#view-throughput figure')).toBeLessThan(filled * 0.6);
    expect(await inked(page, '#view-throughput figure')).toBeGreaterThan(0);
    await page.show(recordView(late((name) => name === 'triton')));
    await expect.poll(() => inked(page, '#view-throughput figure')).toBeGreaterThan(filled * 0.9);
  });

  it('tells a screen reader so, point by point', async () => {
    const page = await open();
    await page.show(recordView(late(() => true)));
    await page.page.locator('#view-throughput figure .chart-frame').focus();
    await page.page.keyboard.press('ArrowRight');
    expect(await page.page.locator('body > [role=status]').textContent()).toMatch(
      /^fastapi, 1 connection: p95 5\.7\d ms at 290 RPS, not valid$/u,
    );
  });
});

describe('a chart that is saved', () => {
  /** Presses the button of the chart in view, as the keyboard does, and gives what was sent. */
  async function saved(page: ResultsPage, title: string): Promise<Extract<PanelRequest, { kind: 'save-chart' }>> {
    const request = await requestOf(page, async () => {
      await page.page.locator(`vscode-button[aria-label="Save as PNG: ${title}"]`).focus();
      await page.page.keyboard.press('Enter');
    });
    if (request.kind !== 'save-chart') throw new Error(`It asked for ${JSON.stringify(request)}`);
    expect(request.title).toBe(title);
    return request;
  }

  it.each(themeNames)('is opaque, legible and large in the theme %s, and says what it is of', async (theme) => {
    const page = await open({ theme });
    await page.show(recordView(record));
    const { png } = await saved(page, 'Latency vs throughput');
    const picture = await pictureOf(page.page, png);
    expect(picture.width).toBe(1800);
    expect(picture.opaque).toBe(true);
    // Title, chart and what is written below it.
    for (const share of picture.ink) expect(share).toBeGreaterThan(0.002);
    await page.send({ type: 'reply', id: 0, ok: false, message: 'The disk is full.' });
    await page.page.locator('.reply', { hasText: 'The disk is full.' }).waitFor();
  });

  it('is opaque where the theme is not', async () => {
    const page = await open();
    await page.page.evaluate(() => {
      document.documentElement.style.setProperty('--vscode-editor-background', '#1f1f1f80');
    });
    await page.show(recordView(record));
    const { png } = await saved(page, 'Latency vs throughput');
    expect((await pictureOf(page.page, png)).opaque).toBe(true);
  });

  it('names the phases that are not valid, and takes the room for it', async () => {
    const page = await open();
    await page.show(recordView(record));
    const { png } = await saved(page, 'Latency vs throughput');
    const doubtful = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({
          ...phase,
          validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
        })),
      }),
    });
    await page.show(recordView(doubtful));
    const longer = await saved(page, 'Latency vs throughput');
    const heights = [png, longer.png].map(async (each) => (await pictureOf(page.page, each)).height);
    const [before = 0, after = 0] = await Promise.all(heights);
    expect(after).toBeGreaterThan(before);
  });

  it('may be of a run under way', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    expect((await pictureOf(page.page, (await saved(page, 'Latency vs throughput')).png)).opaque).toBe(true);
  });
});

describe('what requests cost', () => {
  const price = { perGpuHour: 2.5, currency: 'EUR' };
  const headers = (page: ResultsPage): Promise<string[]> =>
    page.page.locator('table.results thead th').allTextContents();
  const cardNames = (page: ResultsPage): Promise<string[]> =>
    page.page.locator('.card[data-topology=triton] dt').allTextContents();

  it('stands in table and cards beside p95, and follows the price that is entered', async () => {
    const page = await open();
    await page.show(recordView(record));
    expect((await headers(page)).at(-1)).toBe('Req/GPU-h');
    expect(await cardNames(page)).toEqual(['throughput', 'p50', 'p95', 'per GPU-hour']);
    await page.show(recordView(record, null, { price, problem: null }));
    expect((await headers(page)).at(-1)).toBe('Req/GPU-h EUR/1M req');
    expect(await tableText(page)).toEqual(expectedTable(record, price));
    expect(await cardNames(page)).toEqual(['throughput', 'p50', 'p95', 'per GPU-hour', 'per million requests']);
    expect(await page.page.locator('.card[data-topology=triton] .cost').last().textContent()).toBe(
      'per million requests0.757 EUR',
    );
    expect(await page.page.textContent('main')).toContain(
      'at 2.50 EUR a GPU-hour, if the GPU is this busy all the time.',
    );
    expect(await accessibilityFindings(page.page)).toEqual([]);
    await page.page.getByText('Copy as Markdown').click();
    await page.waitForMessage('request');
    const request = (await page.messages()).find((message) => message.type === 'request');
    expect(request?.type === 'request' && request.request).toEqual({
      kind: 'copy',
      text: recordMarkdown(record, price),
    });
  });

  it('is asked for by a button', async () => {
    const page = await open();
    await page.show(recordView(record));
    await page.page.getByText('Set GPU price').click();
    await page.waitForMessage('request');
    expect((await page.messages()).find((message) => message.type === 'request')).toMatchObject({
      request: { kind: 'set-gpu-price' },
    });
  });

  it('says why a price in the settings is none', async () => {
    const page = await open();
    await page.show(recordView(record, null, { price: null, problem: 'the price is -1' }));
    expect(await page.page.textContent('.callout')).toBe('No price is shown. In the settings: the price is -1.');
    expect((await headers(page)).at(-1)).toBe('Req/GPU-h');
  });

  it('is nowhere in a run without a GPU, whatever price is entered', async () => {
    const page = await open();
    await page.show(recordView(sampleRecord({ plan: sampleLocalPlan() }), null, { price, problem: null }));
    expect((await headers(page)).filter((header) => /GPU|EUR/u.test(header))).toEqual([]);
    expect(await cardNames(page)).toEqual(['throughput', 'p50', 'p95']);
    expect(await page.page.getByText('Set GPU price').isVisible()).toBe(false);
    await page.show(recordView(sampleRecord({ plan: sampleLocalPlan() }), null, { price: null, problem: 'bad' }));
    expect(await page.page.locator('.callout').count()).toBe(0);
  });
});

describe('a run that is not whole', () => {
  it('shows the topologies that have numbers and why the other has none', async () => {
    const page = await open();
    await page.show(recordView(partial));
    expect(await tableText(page)).toEqual(expectedTable(partial));
    expect(await page.page.locator('.callout.problem').allTextContents()).toEqual([
      'triton failed. triton ended while it was waited for: OOMKilled (exit code 137), last log line "loading model". Raise the memory of the topology in the plan and start again.',
    ]);
    expect(await page.page.locator('.card').count()).toBe(2);
  });

  it('says of an image that cannot be pulled what to do before the long words of the cluster, which it has once', async () => {
    const message = 'triton: ImagePullBackOff: Back-off pulling image "nvcr.io/x": dial tcp: network is unreachable';
    const failure = { reason: 'image-unavailable', message, nextStep: "Check the image's name." };
    const unpulled = sampleRecord({
      change: (result) => ({ ...failedResult(result), failure }),
      record: { status: 'failed' },
    });
    const page = await open();
    await page.show(recordView(unpulled));
    expect(await page.page.textContent('h1')).toBe('No numbers: the image of triton could not be pulled.');
    expect(await page.page.locator('.callout.problem').allTextContents()).toEqual([
      `fastapi failed, triton failed, hybrid failed. The image of triton could not be pulled. Check the image's name. In the cluster's words: ${message}.`,
    ]);
    expect((await page.page.textContent('main'))?.split('Back-off').length).toBe(2);
    expect(await requestOf(page, () => page.page.getByText('Open image settings').click())).toEqual({
      kind: 'open-image-settings',
    });
    await page.show(recordView(record));
    expect(await page.page.getByText('Open image settings').isVisible()).toBe(false);
  });

  it('shows no empty table or chart where nothing was measured', async () => {
    const page = await open();
    await page.show(
      recordView(
        sampleRecord({ change: (result) => failedResult(result, 'cancelled'), record: { status: 'cancelled' } }),
      ),
    );
    expect(await page.page.textContent('h1')).toBe('Cancelled before anything was measured.');
    expect(await page.page.locator('table:visible, canvas:visible, .card:visible').count()).toBe(0);
  });

  it('says that a record was not saved', async () => {
    const page = await open();
    await page.show(recordView(record, 'The disk is full (ENOSPC).'));
    expect(await page.page.textContent('.callout')).toBe('Not saved. The disk is full (ENOSPC).');
  });

  it('shows a problem with what to do next', async () => {
    const page = await open();
    await page.show({
      kind: 'problem',
      subject: 'sentiment',
      message: 'No record.',
      nextStep: 'Run again.',
      benchmarkAgain: 'unknown',
    });
    expect(await page.page.textContent('.callout')).toBe('Nothing to show. No record. Run again.');
    expect(await page.page.getByText('Benchmark again').isVisible()).toBe(false);
  });

  it('offers to benchmark again what can be; what trust alone is missing for is greyed, and says so', async () => {
    const page = await open();
    const again = page.page.locator('vscode-button', { hasText: 'Benchmark again' });
    const record = recordView(partial);
    if (record.kind !== 'record') throw new Error('no record');
    await page.show({ ...record, benchmarkAgain: 'needs-trust' });
    expect(await again.getAttribute('disabled')).toBe('');
    expect(await again.getAttribute('title')).toMatch(/^Trust the workspace first/u);
    await page.show(record);
    expect([await again.getAttribute('disabled'), await again.getAttribute('title')]).toEqual([null, null]);
    await page.show({ ...record, benchmarkAgain: 'unknown' });
    expect(await again.isVisible()).toBe(false);
  });
});

describe('every theme', () => {
  it.each(themeNames)('%s: no serious finding of axe, at the width of a column beside code', async (theme) => {
    const page = await open({ theme });
    await page.show(recordView(partial));
    await page.page.click('.how > summary');
    // What differs between themes is colour, so that one of them is enough for every tab.
    for (const id of theme === 'dark' ? ['split', 'time', 'paper', 'throughput', 'percentiles'] : ['percentiles']) {
      await page.page.click(`#tab-${id}`);
      expect(await accessibilityFindings(page.page), id).toEqual([]);
    }
    await page.show(liveView('loading'));
    expect(await accessibilityFindings(page.page), 'live').toEqual([]);
    const overflow = await page.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });

  it('is followed when it changes', async () => {
    const page = await open({ theme: 'dark' });
    await page.show(recordView(record));
    const colours = (): Promise<string> =>
      page.page.$eval('#view-throughput canvas', (element) => {
        const canvas = element as HTMLCanvasElement;
        const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
        const seen = new Map<string, number>();
        for (let at = 0; at < data.length; at += 4) {
          const key = [data[at], data[at + 1], data[at + 2]].join(',');
          if (data[at + 3] === 255) seen.set(key, (seen.get(key) ?? 0) + 1);
        }
        return JSON.stringify(
          [...seen]
            .sort(([, a], [, b]) => b - a)
            .slice(0, 12)
            .map(([key]) => key),
        );
      });
    // charts.blue of each theme (see themes.json).
    expect(await colours()).toContain('87,163,248');
    await page.changeTheme('light');
    await page.page.waitForFunction(() => document.body.dataset['drawn'] !== '1');
    expect(await colours()).toContain('26,92,255');
  });
});
