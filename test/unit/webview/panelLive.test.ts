import { describe, expect, it } from 'vitest';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import { failedResult, sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';
import type { View } from '../../../src/protocol/messages.ts';
import type { ResultsPage } from './page.ts';
import { liveView, openPages, record, recordView } from './panelPage.ts';

/** The panel's page while a run is under way, and when it ends. */

const open = openPages();

describe('a run under way', () => {
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
    expect((await page.show(liveView('waiting'))).figures).toHaveLength(3);
    expect(await page.page.textContent('.waiting')).toBe('0/3 nodes are available: 3 Insufficient nvidia.com/gpu.');
    // As the host counts it: the page's own clock may be another machine's.
    expect(await page.page.textContent('.clock')).toMatch(/^1:[23]\d$/);
    const drawn = await page.show(liveView('loading'));
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
    expect((await page.show(liveView('cleaning'))).figures).toHaveLength(9);
    expect((await page.show(recordView(record))).figures).toHaveLength(9);
    expect(await page.page.locator('.live').count()).toBe(0);
  });

  it('says beside how it is measured what all rows carry so far', async () => {
    const page = await open();
    const noted = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({
          ...phase,
          validity: { ...phase.validity, caveats: ['the clock of the node was set'] },
        })),
      }),
    });
    const live = liveView('loading');
    if (live.kind !== 'live') throw new Error('it is under way');
    await page.show({ ...live, state: sampleState(noted, 'loading') });
    expect(await page.page.textContent('details.how .caveats')).toContain('The clock of the node was set.');
    expect(await page.page.textContent('table.results')).not.toContain('[1]');
  });

  it('keeps what the reader has hold of while snapshots arrive', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    await page.page.click('#tab-percentiles');
    await page.page.focus('vscode-dropdown');
    const row = await page.page.$('table.results tr[data-topology]');
    await page.show(liveView('loading'));
    expect(await page.page.evaluate(() => document.activeElement?.localName)).toBe('vscode-dropdown');
    expect(await page.page.getAttribute('#tab-percentiles', 'aria-selected')).toBe('true');
    expect(await row?.evaluate((element) => element.isConnected)).toBe(true);
  });

  it('cancels once', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    await page.page.getByText('Cancel', { exact: true }).click();
    await page.waitForMessage('request');
    await page.show(liveView('loading', true));
    expect(await page.page.getByText('Cancel', { exact: true }).getAttribute('disabled')).toBe('');
    expect(await page.page.textContent('.live h2')).toBe('Cancelling: stopping the load and cleaning up');
  });

  it('tells a screen reader of phases, not of every second', async () => {
    const page = await open();
    await page.show(liveView('loading'));
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
    for (let second = 0; second < 3; second += 1) await page.show(liveView('loading'));
    expect(first).toBe('Measuring triton at 8 connections. Topology 2 of 3, phase 5 of 7.');
    expect(await page.page.evaluate(() => (window as unknown as { changes: string[] }).changes)).toEqual([]);
  });
});

it('a ring turns only where nobody asked for less motion, by the editor or by the system', async () => {
  const page = await open();
  const shown = async (): Promise<boolean> => page.page.locator('.live-head > [aria-hidden=true]').first().isVisible();
  await page.show(liveView('loading'));
  expect(await shown()).toBe(false);
  await page.page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await shown()).toBe(true);
  await page.page.evaluate(() => {
    document.body.classList.add('vscode-reduce-motion');
  });
  expect(await shown()).toBe(false);
});

describe('the end of a run', () => {
  const problem: View = {
    kind: 'problem',
    subject: 'sentiment',
    message: 'The cluster went away.',
    nextStep: 'Start it again.',
    benchmarkAgain: 'unknown',
  };
  const focused = (page: ResultsPage): Promise<string> =>
    page.page.evaluate(() => {
      const { activeElement: element } = document;
      return `${element?.localName ?? ''} ${element?.getAttribute('aria-label') ?? element?.textContent ?? ''}`;
    });
  async function tabTo(page: ResultsPage, control: string): Promise<void> {
    for (let press = 0; press < 20 && (await focused(page)) !== control; press += 1)
      await page.page.keyboard.press('Tab');
    expect(await focused(page)).toBe(control);
  }

  it('is told to a screen reader by the region that was there all along, and that alone', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    const region = await page.page.$('[role=status]');
    await page.show(recordView(record));
    expect(await region?.evaluate((element) => element.isConnected)).toBe(true);
    expect(await region?.textContent()).toBe(`The run has ended. ${headlineOf(measuredRecord(record)).text}`);
    expect(await page.page.locator('[aria-live], [role=status]').count()).toBe(1);

    await page.show(liveView('loading'));
    await page.show(problem);
    expect(await region?.textContent()).toBe('Nothing to show. The cluster went away. Start it again.');
  });

  it('is no failure where the user asked for it: what was measured, and what became of what was made', async () => {
    const page = await open({ width: 530 });
    const stopped = sampleRecord({
      change: (result) => (result.topology.name === 'hybrid' ? failedResult(result, 'cancelled') : result),
      record: { status: 'cancelled' },
    });
    await page.show(liveView('loading'));
    await page.show(recordView(stopped));
    expect(await page.page.locator('.callout').allTextContents()).toEqual([
      'Cancelled. Measured until then: fastapi in full; triton in full; hybrid not yet. What it had made on the cluster was removed.',
    ]);
    expect(await page.page.locator('.callout').getAttribute('class')).toBe('callout note');
    expect(await page.page.getByText('Benchmark again').getAttribute('disabled')).toBeNull();
    expect(await page.page.textContent('[role=status]')).toMatch(/^The run was cancelled\./u);

    const message = 'No load was measured to its end, so there are no figures.';
    await page.show(liveView('upload'));
    await page.show({ kind: 'cancelled', subject: 'sentiment', message, benchmarkAgain: 'possible' });
    expect(await page.page.locator('.callout.note').textContent()).toBe(`Cancelled. ${message}`);
    expect(await page.page.textContent('[role=status]')).toBe(`Cancelled. ${message}`);
    expect(await page.page.locator('.callout.problem').count()).toBe(0);
    await page.page.getByText('Benchmark again').click();
    await page.waitForMessage('request');
    expect((await page.messages()).findLast(({ type }) => type === 'request')).toMatchObject({
      request: { kind: 'benchmark-again' },
    });
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
    await page.show(liveView('loading'));
    await tabTo(page, 'div Results table');
    await page.show(recordView(record));
    expect(await focused(page)).toBe('div Results table');

    await page.show(liveView('loading'));
    await page.page.focus('#tab-percentiles');
    await page.show(recordView(record));
    expect(await page.page.evaluate(() => document.activeElement?.id)).toBe('tab-percentiles');
  });

  it('leaves the reader at "Show log" where there still is one', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    await tabTo(page, 'vscode-button Show log');
    await page.show(problem);
    expect(await focused(page)).toBe('vscode-button Show log');
    await page.page.keyboard.press('Enter');
    await page.waitForMessage('request');
  });

  it('brings a reader whose control is gone to the heading', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    await tabTo(page, 'vscode-button Cancel');
    await page.show(liveView('loading', true));
    expect(await focused(page)).toBe('h1 Benchmarking sentiment');
    await page.show(recordView(record));
    expect(await focused(page)).toBe(`h1 ${(await page.page.textContent('h1')) ?? ''}`);
    await page.page.keyboard.press('Tab');
    expect(await focused(page)).toBe('vscode-button Benchmark again');
  });

  it('takes no focus that the page does not have', async () => {
    const page = await open();
    await page.show(liveView('loading'));
    await page.show(recordView(record));
    expect(await page.page.evaluate(() => document.activeElement === document.body)).toBe(true);
  });
});
