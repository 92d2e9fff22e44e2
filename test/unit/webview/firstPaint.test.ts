import { describe, expect, it, vi } from 'vitest';
import { comparedSubject, comparisonView } from '../../../src/core/view/comparisonView.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import type { View } from '../../../src/protocol/messages.ts';
import { firstPaint } from '../../../webview/firstPaint.ts';
import { document as textDocument } from '../../../webview/textDocument.ts';
import { laterRecord, slowedBy } from '../../support/changedRecord.ts';
import { failedResult, sampleRecord } from '../../support/sampleRecord.ts';
import type { ResultsPage } from './page.ts';
import { liveView, openPages, record, recordView, times } from './panelPage.ts';

/** What is seen of a panel before its scripts run, and what becomes of it. */

// As the build does it for the host.
vi.stubGlobal('document', textDocument);

const open = openPages();
const failed = sampleRecord({
  change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
  record: { status: 'failed' },
});
const later = laterRecord({ change: slowedBy(1.5) });

const views: readonly (readonly [string, View])[] = [
  ['a record', recordView(record)],
  ['a record of which a part failed and that was not saved', recordView(failed, 'The disk is full.')],
  ['a run under way', liveView('loading')],
  [
    'a run that was cancelled before it had a figure',
    { kind: 'cancelled', subject: 'sentiment', message: 'Nothing was measured.', benchmarkAgain: 'possible' },
  ],
  [
    'two runs beside each other',
    { kind: 'comparison', comparison: comparisonView(record, later), subject: comparedSubject(record, later), times },
  ],
];

/** Headline, warnings and tables as they stand in the page. */
function partsOf(page: ResultsPage): Promise<string[]> {
  return page.page.$$eval(
    '#app > header, #app > .callouts:not([hidden]) > *, #app table.results, #app table.comparison',
    (parts) => parts.map((part) => part.innerHTML),
  );
}

describe.each(views)('of %s', (_what, view) => {
  it('headline, warnings and tables are there at once, as they are once the scripts run', async () => {
    const page = await open({ firstPaint: firstPaint(view), width: 800 });
    const first = await partsOf(page);
    expect(first.length).toBeGreaterThan(1);
    expect(await page.page.getAttribute('#app', 'aria-busy')).toBe('true');
    await page.show(view);
    expect(await partsOf(page)).toEqual(first);
    expect(await page.page.getAttribute('#app', 'aria-busy')).toBeNull();
  });
});

it('nothing in it is markup but our own', async () => {
  const subject = `<img src=x onerror="document.title='!'"> & "co"`;
  const view: View = {
    kind: 'problem',
    subject,
    message: '</main><script>',
    nextStep: null,
    benchmarkAgain: 'unknown',
  };
  const page = await open({ firstPaint: firstPaint(view) });
  expect(await page.page.textContent('h1')).toBe(`Benchmark of ${subject}`);
  expect(await page.page.textContent('.callout')).toContain('</main><script>');
  expect(await page.page.$$('img')).toEqual([]);
});

it('a page of which nothing is known yet says so until the first snapshot', async () => {
  const page = await open();
  expect(await page.page.textContent('#app')).toContain('Loading the results');
  await page.show(recordView(record));
  expect((await page.page.textContent('h1'))?.replaceAll('\u00a0', ' ')).toBe(headlineOf(measuredRecord(record)).text);
});

it('how a run stands to its baseline is there from the first paint on, below the headline, and goes when it has none', async () => {
  const lines = [
    'Not shown to be worse than the baseline of Jan 2 by more than 10 %.',
    '<b>Nothing</b> can be said of c8.',
  ];
  const view = { ...recordView(record), besideBaseline: lines } as View;
  const page = await open({ firstPaint: firstPaint(view) });
  const shown = page.page.locator('header .baseline p');
  expect(await shown.allTextContents()).toEqual(lines);
  await page.show(view);
  expect(await shown.allTextContents()).toEqual(lines);
  await page.show(recordView(record));
  expect(await shown.count()).toBe(0);
});
