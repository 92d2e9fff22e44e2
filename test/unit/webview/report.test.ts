import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportPage } from '../../../src/assets/report.ts';
import { writeWhole } from '../../../src/cli/files.ts';
import { compareRecords } from '../../../src/core/compare.ts';
import type { GpuPrice } from '../../../src/core/gpuPrice.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { failedResult, sampleRecord } from '../../support/sampleRecord.ts';
import { accessibilityFindings, buildBundles, PageServer, paintedShares, pictureOf } from './page.ts';

const nasty = '</script><script>document.body.dataset.broken = "1"</script><!-- <b>';
const record = sampleRecord({ record: { warnings: [nasty] } });
const failed = sampleRecord({ change: (result) => failedResult(result), record: { status: 'failed' } });
let folder: string;
let server: PageServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-report-'));
  const bundles = await buildBundles();
  await mkdir(join(folder, 'dist', 'webview'), { recursive: true });
  for (const name of ['shared.js', 'report.js', 'report.css'] as const)
    await writeFile(join(folder, 'dist', 'webview', name), bundles[name]);
  server = await PageServer.start(bundles);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function writeReport(file: string, records: readonly RunRecord[], gpuPrice: GpuPrice | null = null) {
  await writeWhole(file, await reportPage(records, gpuPrice, folder), 'The report');
}

describe('the report', () => {
  it.each(['light', 'dark'] as const)(
    'is one %s file with all figures and charts, that asks for nothing else',
    async (colorScheme) => {
      const file = join(folder, 'new', 'folder', `report-${colorScheme}.html`);
      await writeReport(file, [record, failed]);
      expect(await readdir(join(folder, 'new', 'folder'))).not.toContainEqual(expect.stringMatching(/\.tmp$/));
      const page = await server.openFile(pathToFileURL(file).href, { colorScheme, width: 900 });
      const requested: string[] = [];
      page.on('request', (request) => requested.push(request.url()));
      await page.reload();
      await page.waitForSelector('body[data-drawn]');
      expect(requested).toEqual([pathToFileURL(file).href]);
      expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
      expect(await page.getAttribute('body', 'data-broken')).toBeNull();

      const rows = await page.$$eval('table.results tr[data-topology]', (all) =>
        all.map((row) =>
          Object.fromEntries(
            [...row.querySelectorAll<HTMLElement>('[data-column][data-value]')].map((cell): [string, string] => [
              cell.dataset['column'] ?? '',
              `${cell.dataset['value'] ?? ''} ${cell.querySelector(':scope > .interval')?.textContent ?? ''}`,
            ]),
          ),
        ),
      );
      const table = resultTable(rowsOf(measuredRecord(record)));
      expect(rows).toEqual(
        table.groups.flatMap((group) =>
          group.rows.map(({ cells }) =>
            Object.fromEntries(
              table.columns.flatMap(({ id }, at) => {
                const { value, interval } = cells[at] ?? { value: null, interval: null };
                // On one GPU each it is RPS.
                return value === null || id === 'rps-per-gpu' ? [] : [[id, `${String(value)} ${interval ?? ''}`]];
              }),
            ),
          ),
        ),
      );
      const shares = await paintedShares(page);
      expect(shares).toHaveLength(7);
      for (const share of shares) expect(share).toBeGreaterThan(0.01);
      expect(await page.textContent('details.how .caveats')).toContain(nasty);
      expect(await page.locator('h1').allTextContents()).toHaveLength(2);
      expect(await accessibilityFindings(page)).toEqual([]);
      await page.close();
    },
  );

  it('shows a run beside the one it repeats, with the ratios of both', async () => {
    const file = join(folder, 'repeat.html');
    const repeat = sampleRecord({ record: { id: '20260103-093000-0001', repeats: record.id } });
    await writeReport(file, [repeat, record]);
    const page = await server.openFile(pathToFileURL(file).href, { colorScheme: 'light', width: 900 });
    await page.waitForSelector('body[data-drawn]');
    const section = page
      .locator('article')
      .first()
      .locator('section', { has: page.getByText('which it repeats') })
      .last();
    const { headline } = comparisonView(record, repeat);
    expect(await section.locator('strong').first().textContent()).toBe(headline);
    expect(await section.locator('tbody tr:not(.group)').count()).toBe(9);
    const first = await section.locator('tbody tr:not(.group)').first().locator('th, td').allTextContents();
    const { changes } = compareRecords(record, repeat)[0] ?? {};
    const p50 = changes?.p50.before?.toFixed(2) ?? '';
    expect(first.slice(0, 2)).toEqual([
      '1',
      expect.stringMatching(new RegExp(`^${p50} .*${p50} 1\\.00x \\[0\\.9\\d–1\\.0\\d\\] no difference shown$`, 'u')),
    ]);
    expect(await page.locator('article').nth(1).textContent()).not.toContain('Beside run');
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.close();
  });

  it('shows the price of a million requests, with JavaScript and without, where a price was given', async () => {
    const file = join(folder, 'priced.html');
    const gpuPrice = { perGpuHour: 2.5, currency: '$' };
    await writeReport(file, [record], gpuPrice);
    const page = await server.openFile(pathToFileURL(file).href, { colorScheme: 'light', width: 900 });
    await page.waitForSelector('body[data-drawn]');
    expect((await page.locator('table.results thead th').allTextContents()).at(-1)).toBe('Req/GPU-h $/1M req');
    const shown = await page.locator('[data-column="price-per-million"]').allTextContents();
    expect(shown).toHaveLength(9);
    expect(shown.at(-2)).toBe('0.757 [0.730–0.786]');
    const noscript = /<noscript>(.*)<\/noscript>/s.exec(await readFile(file, 'utf8'))?.[1] ?? '';
    expect(noscript).toMatch(/triton +32 +47\.3 +3303k +0\.757/);
    await page.close();
  });

  it('saves a chart as PNG by itself, under a name that says of what', async () => {
    const file = join(folder, 'pictures.html');
    await writeReport(file, [record]);
    const page = await server.openFile(pathToFileURL(file).href, { colorScheme: 'dark', width: 900 });
    await page.waitForSelector('body[data-drawn]');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as PNG: Percentiles at 32 connections' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`tiny-sentiment-${record.id}-percentiles-at-32-connections.png`);
    const bytes = await readFile(await download.path());
    const picture = await pictureOf(page, bytes.toString('base64'));
    expect(picture).toMatchObject({ width: 1800, opaque: true });
    expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
    await page.close();
  });

  it('says in sight of the reader that a chart could not be saved, and why, until one is', async () => {
    const file = join(folder, 'no-pictures.html');
    await writeReport(file, [record]);
    const page = await server.openFile(pathToFileURL(file).href, { colorScheme: 'light', width: 900 });
    await page.waitForSelector('body[data-drawn]');
    await page.evaluate(() => {
      const whole: unknown = Reflect.get(HTMLCanvasElement.prototype, 'toBlob');
      Object.assign(window, { mend: () => Reflect.set(HTMLCanvasElement.prototype, 'toBlob', whole) });
      HTMLCanvasElement.prototype.toBlob = (told) => {
        told(null);
      };
    });
    const save = page.getByRole('button', { name: 'Save as PNG: Percentiles at 32 connections' });
    await save.click();
    const reply = page.locator('[role=status]', { hasText: 'was not saved' });
    await reply.waitFor();
    expect(await reply.textContent()).toBe(
      '“Percentiles at 32 connections” was not saved: The browser could not make a picture of the chart. Try another browser.',
    );
    const box = await reply.boundingBox();
    expect(box === null ? 0 : box.y + box.height).toBeLessThanOrEqual(900);
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.evaluate(() => {
      (window as unknown as { mend: () => void }).mend();
    });
    await Promise.all([page.waitForEvent('download'), save.click()]);
    expect(await page.locator('.reply').textContent()).toBe('');
    await page.close();
  });

  it('says its figures without JavaScript too', async () => {
    const file = join(folder, 'plain.html');
    await writeReport(file, [record]);
    const html = await readFile(file, 'utf8');
    const noscript = /<noscript>(.*)<\/noscript>/s.exec(html)?.[1] ?? '';
    expect(noscript).toMatch(/triton +32 +34\.2 +47\.3 +55\.0 +917/);
    expect(html).not.toContain(nasty);
    expect((await stat(file)).size).toBeLessThan(500_000);
  });

  it('leaves nothing behind where it cannot be written', async () => {
    const taken = join(folder, 'taken');
    await mkdir(join(taken, 'report.html'), { recursive: true });
    await expect(writeReport(join(taken, 'report.html'), [record])).rejects.toMatchObject({ reason: 'save-failed' });
    expect(await readdir(taken)).toEqual(['report.html']);
  });

  it('says when the program itself is not whole', async () => {
    await expect(reportPage([record], null, join(folder, 'nowhere'))).rejects.toMatchObject({ reason: 'internal' });
  });
});
