import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/core/record.ts';
import type { EnteredGpuPrice, GpuPrice } from '../../../src/core/gpuPrice.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { comparisonMarkdown } from '../../../src/core/view/comparisonMarkdown.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { splitTable } from '../../../src/core/view/split.ts';
import type { PanelRequest, View } from '../../../src/protocol/messages.ts';
import { laterRecord, notValid, slowedBy } from '../../support/changedRecord.ts';
import { failedResult, sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { sampleState } from '../../support/sampleState.ts';
import {
  accessibilityFindings,
  buildBundles,
  PageServer,
  paintedShares,
  pictureOf,
  themeNames,
  type ResultsPage,
} from './page.ts';

/** The real page in a real Chromium, under the policy that VS Code's panel gives it. */

const record = sampleRecord();
const partial = sampleRecord({
  change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
  record: { status: 'failed' },
});
let server: PageServer;
let opened: ResultsPage | undefined;

beforeAll(async () => {
  server = await PageServer.start(await buildBundles());
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
/** Whatever a test did: the policy was never violated and the page never threw. */
afterEach(async () => {
  expect(await opened?.violations()).toEqual([]);
  expect((await opened?.messages())?.filter((message) => message.type === 'page-problem')).toEqual([]);
  await opened?.page.close();
  opened = undefined;
});

async function open(options: Partial<Parameters<PageServer['open']>[0]> = {}): Promise<ResultsPage> {
  opened = await server.open({ theme: 'dark', ...options });
  return opened;
}

const noPrice: EnteredGpuPrice = { price: null, problem: null };

function recordView(shown: RunRecord, notSaved: string | null = null, gpuPrice = noPrice): View {
  return { kind: 'record', record: shown, subject: 'sentiment', canBenchmarkAgain: true, notSaved, gpuPrice };
}

/** The results table as it stands in the page. */
function tableText(page: ResultsPage): Promise<string[][]> {
  return page.page.$$eval('table.results tr', (rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.textContent)),
  );
}

function expectedTable(shown: RunRecord, gpuPrice: GpuPrice | null = null): string[][] {
  const table = resultTable(rowsOf(measuredRecord(shown)), gpuPrice);
  return [
    table.columns.map((column) => column.header),
    ...table.groups.flatMap((group) => [
      [group.heading],
      ...group.rows.map((row) =>
        row.cells.map((cell) => [cell.text, cell.interval].filter((text) => text !== null).join(' ')),
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
    const charts = { throughput: 1, percentiles: 2, split: 1, time: 1, paper: 1 };
    for (const [id, count] of Object.entries(charts)) {
      await page.page.click(`#tab-${id}`);
      await page.page.waitForFunction(
        (wanted) =>
          [...document.querySelectorAll('canvas')].filter((canvas) => canvas.clientWidth > 0).length === wanted,
        count,
      );
      const shares = await paintedShares(page.page);
      expect(shares).toHaveLength(count);
      for (const share of shares) expect(share).toBeGreaterThan(0.01);
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
    expect(await page.page.locator('#view-split canvas').getAttribute('aria-label')).toMatch(
      /split into client, gateway, queue, compute and other/,
    );
  });

  it('says of a run whose servers told no times that it cannot know, and paints no chart of nothing', async () => {
    const untold = sampleRecord({
      change: (result) => ({ ...result, phases: result.phases.map((phase) => ({ ...phase, split: null })) }),
    });
    const page = await open({ width: 900 });
    await page.show(recordView(untold));
    await page.page.click('#tab-split');
    await page.page.getByText("The servers' own timing was not read in this run.").waitFor();
    expect(await page.page.locator('#view-split figure').isVisible()).toBe(false);
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
    const kept = await page.keptState();
    expect(kept).toEqual({ version: 1, runId: record.id, choice: { section: 'time', level: 'closed 8' } });
    await page.page.close();

    const again = await open({ state: kept });
    await again.show(recordView(record));
    expect(await again.page.locator('.card[data-topology=triton] .value').first().textContent()).toBe('886');
    expect(await again.page.getAttribute('#tab-time', 'aria-selected')).toBe('true');
    expect(await paintedShares(again.page)).toHaveLength(1);
  });

  it('is worked by the keyboard alone', async () => {
    const page = await open();
    await page.show(recordView(record));
    const reached: string[] = [];
    for (let press = 0; press < 17; press += 1) {
      await page.page.keyboard.press('Tab');
      reached.push(
        await page.page.evaluate(() => {
          const focused = document.activeElement;
          return `${focused?.localName ?? ''} ${focused?.getAttribute('aria-label') ?? focused?.textContent ?? ''}`.trim();
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
        'vscode-panel-tab Latency vs throughput',
        'summary Data of this chart',
        'vscode-button Save as PNG: Latency against throughput',
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
    await page.show({ kind: 'problem', subject: 's', message: 'm', nextStep: null, canBenchmarkAgain: true });
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
    const { png } = await saved(page, 'Latency against throughput');
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
    const { png } = await saved(page, 'Latency against throughput');
    expect((await pictureOf(page.page, png)).opaque).toBe(true);
  });

  it('names the phases that are not valid, and takes the room for it', async () => {
    const page = await open();
    await page.show(recordView(record));
    const { png } = await saved(page, 'Latency against throughput');
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
    const longer = await saved(page, 'Latency against throughput');
    const heights = [png, longer.png].map(async (each) => (await pictureOf(page.page, each)).height);
    const [before = 0, after = 0] = await Promise.all(heights);
    expect(after).toBeGreaterThan(before);
  });

  it('may be of a run under way', async () => {
    const page = await open();
    await page.show({
      kind: 'live',
      state: sampleState(record, 'loading'),
      elapsedMs: 60_000,
      subject: 's',
      cancelling: false,
      gpuPrice: noPrice,
    });
    expect((await pictureOf(page.page, (await saved(page, 'Latency against throughput')).png)).opaque).toBe(true);
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
    expect((await headers(page)).at(-1)).toBe('EUR/1M req');
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

describe('two runs beside each other', () => {
  const after = laterRecord({
    topology: 'triton',
    change: (phase) => (phase.name === 'c1' ? notValid(phase) : slowedBy(1.3)(phase)),
    record: { software: { ...record.software, topologyBench: '0.2.0' } },
  });
  const view = (before: RunRecord, later: RunRecord): View => ({
    kind: 'comparison',
    comparison: comparisonView(before, later),
    subject: 'tiny-sentiment',
  });
  const cells = (page: ResultsPage): Promise<string[][]> =>
    page.page.$$eval('table.comparison tr', (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent)),
    );

  it('say the answer first, then every figure of both, to the last cell', async () => {
    const page = await open();
    expect(await page.show(view(record, after))).toMatchObject({ kind: 'comparison', runId: after.id, figures: [] });
    const { headline, worth, columns, groups, notes, differences } = comparisonView(record, after);
    expect(await page.page.textContent('h1')).toBe(headline);
    expect(await page.page.locator('.worth').allTextContents()).toEqual([worth.join(' ')]);
    expect(await cells(page)).toEqual([
      columns.map(({ header }) => header),
      ...groups.flatMap(({ topology, rows }) => [
        [topology],
        ...rows.map((row) => [
          row.level,
          ...row.cells.map((cell) =>
            [
              cell.after === null ? cell.before : `${cell.before} →  to ${cell.after}`,
              cell.reference,
              cell.ratio,
              cell.interval,
              cell.finding,
            ]
              .filter((part) => part !== null && part !== '')
              .join(' '),
          ),
        ]),
      ]),
    ]);
    expect(await page.page.locator('.finding.bad').count()).toBe(8);
    expect(await page.page.locator('ol.notes li').allTextContents()).toEqual(notes);
    expect(await page.page.locator('.differences li').allTextContents()).toEqual(
      differences.flatMap(({ texts }) => texts),
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
    for (let press = 0; press < 6; press += 1) {
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
      'Copy as Markdown',
      'Open “before”',
      'Open “after”',
      'Both runs side by side',
    ]);
  });

  it('ask for what their buttons say', async () => {
    const page = await open();
    await page.show(view(record, after));
    for (const label of ['Swap', "Show the plans' difference", 'Copy as Markdown', 'Open “before”', 'Open “after”'])
      await page.page.getByText(label, { exact: true }).click();
    await page.page.waitForFunction(
      () =>
        (window as unknown as { messages: { type: string }[] }).messages.filter(({ type }) => type === 'request')
          .length === 5,
    );
    const requests = (await page.messages()).flatMap((message) =>
      message.type === 'request' ? [message.request] : [],
    );
    expect(requests).toEqual([
      { kind: 'swap' },
      { kind: 'show-plans' },
      { kind: 'copy', text: comparisonMarkdown(comparisonView(record, after)) },
      { kind: 'show-run', which: 'before' },
      { kind: 'show-run', which: 'after' },
    ]);
    await page.send({ type: 'reply', id: 1, ok: false, message: 'Both runs had the same plan.' });
    await page.page.locator('.reply', { hasText: 'Both runs had the same plan.' }).waitFor();
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
      canBenchmarkAgain: false,
    });
    expect(await page.page.textContent('.callout')).toBe('Nothing to show. No record. Run again.');
    expect(await page.page.getByText('Benchmark again').getAttribute('disabled')).toBe('');
  });
});

describe('a run under way', () => {
  const live = (upTo: Parameters<typeof sampleState>[1], cancelling = false): View => ({
    kind: 'live',
    state: sampleState(record, upTo),
    elapsedMs: 83_000,
    subject: 'sentiment',
    cancelling,
    gpuPrice: noPrice,
  });

  it('goes from waiting to numbers to the record in one page', async () => {
    const page = await open();
    expect(await page.page.textContent('main')).toContain('Loading');
    await page.show({
      kind: 'queued',
      subject: 'sentiment',
      message: 'Another run holds the GPUs.',
      cancelling: false,
    });
    expect(await page.page.textContent('.waiting')).toBe('Another run holds the GPUs.');
    expect((await page.show(live('waiting'))).figures).toHaveLength(3);
    expect(await page.page.textContent('.waiting')).toBe('0/3 nodes are available: 3 Insufficient nvidia.com/gpu.');
    // As the host counts it: the page's own clock may be another machine's.
    expect(await page.page.textContent('.clock')).toMatch(/^1:[23]\d$/);
    const drawn = await page.show(live('loading'));
    expect(drawn.figures.map((figure) => `${figure.topology} ${figure.phase}`)).toEqual([
      'fastapi c1',
      'triton c1',
      'fastapi c8',
      'fastapi c32',
    ]);
    expect(await page.page.textContent('.running')).toBe('p50 8.92 ms, p95 12.4 ms, 886 RPS, 0 errors');
    // The figures follow the level that two topologies share now, and the picker says so.
    expect(await page.page.$eval('vscode-dropdown', (element) => (element as unknown as { value: string }).value)).toBe(
      'closed 1',
    );
    expect((await page.show(live('cleaning'))).figures).toHaveLength(9);
    expect((await page.show(recordView(record))).figures).toHaveLength(9);
    expect(await page.page.locator('.live').count()).toBe(0);
  });

  it('keeps what the reader has hold of while snapshots arrive', async () => {
    const page = await open();
    await page.show(live('loading'));
    await page.page.click('#tab-percentiles');
    await page.page.focus('vscode-dropdown');
    const row = await page.page.$('table.results tr[data-topology]');
    await page.show(live('loading'));
    expect(await page.page.evaluate(() => document.activeElement?.localName)).toBe('vscode-dropdown');
    expect(await page.page.getAttribute('#tab-percentiles', 'aria-selected')).toBe('true');
    expect(await row?.evaluate((element) => element.isConnected)).toBe(true);
  });

  it('cancels once', async () => {
    const page = await open();
    await page.show(live('loading'));
    await page.page.getByText('Cancel', { exact: true }).click();
    await page.waitForMessage('request');
    await page.show(live('loading', true));
    expect(await page.page.getByText('Cancel', { exact: true }).getAttribute('disabled')).toBe('');
    expect(await page.page.textContent('.live h2')).toBe('Cancelling: stopping the load and cleaning up');
  });

  it('tells a screen reader of phases, not of every second', async () => {
    const page = await open();
    await page.show(live('loading'));
    const region = page.page.locator('body > [role=status]');
    const first = await region.evaluate((element) => element.firstChild?.nodeValue);
    await page.page.evaluate(() => {
      const changes: string[] = [];
      Object.assign(window, { changes });
      const target = document.querySelector('body > [role=status]');
      if (target !== null)
        new MutationObserver(() => changes.push('changed')).observe(target, {
          childList: true,
          characterData: true,
          subtree: true,
        });
    });
    for (let second = 0; second < 3; second += 1) await page.show(live('loading'));
    expect(first).toBe('Measuring triton at 8 connections. Topology 2 of 3, phase 5 of 7.');
    expect(await page.page.evaluate(() => (window as unknown as { changes: string[] }).changes)).toEqual([]);
  });
});

describe('the end of a run', () => {
  const live = (cancelling = false): View => ({
    kind: 'live',
    state: sampleState(record, 'loading'),
    elapsedMs: 83_000,
    subject: 'sentiment',
    cancelling,
    gpuPrice: noPrice,
  });
  const problem: View = {
    kind: 'problem',
    subject: 'sentiment',
    message: 'The cluster went away.',
    nextStep: 'Start it again.',
    canBenchmarkAgain: false,
  };
  const focused = (page: ResultsPage): Promise<string> =>
    page.page.evaluate(() => {
      const { activeElement: element } = document;
      return `${element?.localName ?? ''} ${element?.getAttribute('aria-label') ?? element?.textContent ?? ''}`;
    });
  async function tabTo(page: ResultsPage, control: string): Promise<void> {
    for (let press = 0; press < 12 && (await focused(page)) !== control; press += 1)
      await page.page.keyboard.press('Tab');
    expect(await focused(page)).toBe(control);
  }

  it('is told to a screen reader by the region that was there all along, and that alone', async () => {
    const page = await open();
    await page.show(live());
    const region = await page.page.$('[role=status]');
    await page.show(recordView(record));
    expect(await region?.evaluate((element) => element.isConnected)).toBe(true);
    expect(await region?.textContent()).toBe(`The run has ended. ${headlineOf(measuredRecord(record)).text}`);
    expect(await page.page.locator('[aria-live], [role=status]').count()).toBe(1);

    await page.show(live());
    await page.show(problem);
    expect(await region?.textContent()).toBe('Nothing to show. The cluster went away. Start it again.');
  });

  it('is not told of a record that is opened', async () => {
    const page = await open();
    await page.show(recordView(record));
    expect(await page.page.textContent('[role=status]')).toBe('');
    await page.page.getByText('Copy as Markdown').click();
    await page.send({ type: 'reply', id: 0, ok: true });
    await page.page.locator('[role=status]', { hasText: 'Copied.' }).waitFor({ state: 'attached' });
  });

  it('leaves the reader at the control that was in use, wherever it stands now', async () => {
    const page = await open();
    await page.show(live());
    await tabTo(page, 'div Results table');
    await page.show(recordView(record));
    expect(await focused(page)).toBe('div Results table');

    await page.show(live());
    await page.page.focus('#tab-percentiles');
    await page.show(recordView(record));
    expect(await page.page.evaluate(() => document.activeElement?.id)).toBe('tab-percentiles');
  });

  it('leaves the reader at "Show log" where there still is one', async () => {
    const page = await open();
    await page.show(live());
    await tabTo(page, 'vscode-button Show log');
    await page.show(problem);
    expect(await focused(page)).toBe('vscode-button Show log');
    await page.page.keyboard.press('Enter');
    await page.waitForMessage('request');
  });

  it('brings a reader whose control is gone to the heading', async () => {
    const page = await open();
    await page.show(live());
    await tabTo(page, 'vscode-button Cancel');
    await page.show(live(true));
    expect(await focused(page)).toBe('h1 Benchmarking sentiment');
    await page.show(recordView(record));
    expect(await focused(page)).toBe(`h1 ${(await page.page.textContent('h1')) ?? ''}`);
    await page.page.keyboard.press('Tab');
    expect(await focused(page)).toBe('vscode-button Benchmark again');
  });

  it('takes no focus that the page does not have', async () => {
    const page = await open();
    await page.show(live());
    await page.show(recordView(record));
    expect(await page.page.evaluate(() => document.activeElement === document.body)).toBe(true);
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
    const state = sampleState(record, 'loading');
    await page.show({
      kind: 'live',
      state,
      elapsedMs: 83_000,
      subject: 'sentiment',
      cancelling: false,
      gpuPrice: noPrice,
    });
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
      page.page.$eval('canvas', (canvas) => {
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
