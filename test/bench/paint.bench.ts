/**
 * From the click on a stored run, among 1,000 of them, to the first paint of its panel in a real VS Code (the newest of the
 * tests), and to its charts; in turns with a panel that loads nothing, which is VS Code's own part.
 * Prints a table, then one line of JSON; 1 when our own part is over its limit.
 */
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { RunRecord } from '../../src/core/record.ts';
import { drive } from '../extension/harness/drive.ts';
import { packExtension, ownPackage } from '../extension/harness/package.ts';
import { makeSampleWorkspace } from '../extension/harness/sampleWorkspace.ts';
import { eventually } from '../extension/harness/waiting.ts';
import type { Workbench } from '../extension/harness/workbench.ts';
import { sampleRecord } from '../support/sampleRecord.ts';
import { noteClicks, openedPanel, type Opening } from './paint/opening.ts';

const records = 1000;
const pairs = 7;
/** Of the whole; two busy cores take as long for VS Code's own part alone, so that the exit code goes by ours. */
const limitMs = 200;
/** What we may add to a panel that loads nothing. */
const ownLimitMs = 50;

const openings: { readonly empty: Opening; readonly own: Opening }[] = [];
await drive(
  'paint',
  {
    version: 'newest',
    vsix: [ownPackage(), await packExtension(join(import.meta.dirname, 'paint', 'empty-panel'), 'empty-panel')],
    prepare: (folder) => makeSampleWorkspace(folder, storedRecords()),
  },
  async ({ workbench }) => {
    const { page } = workbench;
    await noteClicks(page);
    for (let pair = 0; pair < pairs; pair += 1) {
      const rows = await workbench.view('Empty Panel', 'Rows');
      const empty = await openedBy(workbench, rows.row('Open').locator, false);
      const results = await workbench.view('Topology Bench', 'Results');
      if (pair === 0) await everyRecordIsRead(page, results.locator);
      openings.push({
        empty,
        own: await openedBy(workbench, results.locator.locator('.monaco-list-row').nth(pair + 1), true),
      });
    }
    if (workbench.policyViolations.length > 0) throw new Error(workbench.policyViolations.join('\n'));
  },
);
report();

async function openedBy(workbench: Workbench, row: Locator, hasCharts: boolean): Promise<Opening> {
  await row.click();
  const opening = await openedPanel(workbench.page, hasCharts);
  await workbench.runCommand('View: Close All Editors');
  return opening;
}

/** Below the newest stands a row that says so as long as the others are read. */
async function everyRecordIsRead(page: Page, list: Locator): Promise<void> {
  await list.locator('.monaco-list-row').first().hover();
  await eventually(
    'all results to be read',
    async () => {
      await page.mouse.wheel(0, 1_000_000);
      return list.locator('.monaco-list-row').allInnerTexts();
    },
    (texts) => texts.some((text) => text.includes('2025')),
  );
  // Away from the rows, over which a tooltip comes.
  await page.mouse.move(900, 450);
}

/** The same figures under 1,000 ids, an hour apart. */
function storedRecords(): RunRecord[] {
  const record = sampleRecord();
  return Array.from({ length: records }, (_none, index) => {
    const startedAt = new Date(Date.parse(record.startedAt) - index * 3_600_000).toISOString();
    const time = startedAt.slice(0, 19).replaceAll(/[-:]/gu, '').replace('T', '-');
    return { ...record, id: `${time}-${index.toString(16).padStart(4, '0')}`, startedAt };
  });
}

function report(): void {
  const own = openings.map((opening) => opening.own);
  const empty = median(openings.map((opening) => opening.empty.paintedMs));
  const painted = median(own.map(({ paintedMs }) => paintedMs));
  const added = median(openings.map((opening) => opening.own.paintedMs - opening.empty.paintedMs));
  const lines: [string, number][] = [
    ['a panel that loads nothing: from the click to its first paint', empty],
    ['a stored run: from the click until VS Code has a frame for it', median(own.map(({ frameMs }) => frameMs))],
    ['  until the page is there to be written', median(own.map(({ contentMs }) => contentMs))],
    ['  until the page is written', median(own.map(({ writtenMs }) => writtenMs))],
    [`  until headline and table are painted (limit ${String(limitMs)} ms)`, painted],
    ['  until the charts are painted', median(own.map(({ drawnMs }) => drawnMs ?? Number.NaN))],
    [`our own part, median of ${String(pairs)} pairs (limit ${String(ownLimitMs)} ms)`, added],
  ];
  for (const [what, ms] of lines) console.log(`${what.padEnd(66)} ${ms.toFixed(0).padStart(5)} ms`);
  console.log(`the first opening of the window: ${(own[0]?.paintedMs ?? Number.NaN).toFixed(0)} ms`);
  console.log(JSON.stringify({ openings, limitMs, ownLimitMs }));
  if (added > ownLimitMs) process.exitCode = 1;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
