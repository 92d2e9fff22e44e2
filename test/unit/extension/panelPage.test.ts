import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import type { PanelContent } from '../../../src/extension/panel.ts';
import type { View } from '../../../src/protocol/messages.ts';
import { document as textDocument } from '../../../webview/textDocument.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { panels } from './fakePanel.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadFirstPaint: () => import('../../../webview/firstPaint.ts'),
}));
// As the build does it for the host.
vi.stubGlobal('document', textDocument);
const { Panels } = await import('../../../src/extension/panel.ts');

const record = sampleRecord();
const recordView: View = {
  kind: 'record',
  record,
  subject: 'sentiment',
  benchmarkAgain: 'possible',
  notSaved: null,
  cleanedUp: null,
  gpuPrice: { price: null, problem: null },
  times: { locale: 'en', timeZone: 'UTC' },
};
const headline = headlineOf(measuredRecord(record)).text.split(':')[0] ?? '';
const nonceOf = (html: string): string | undefined => /'nonce-([\w+/=]+)'/u.exec(html)?.[1];

let root: string;
let view: () => Promise<View>;
const error = vi.fn();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'topology-bench-panel-'));
  await mkdir(join(root, 'dist', 'webview'), { recursive: true });
  await writeFile(join(root, 'dist', 'webview', 'style.css'), 'h1{color:red}');
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
beforeEach(() => {
  panels.length = 0;
  error.mockClear();
  view = async () => recordView;
});

/** @returns the panel that a run is shown in, and what it was written */
async function opened(runId = record.id) {
  const content = { view: () => view(), isUnderWay: () => false } as unknown as PanelContent;
  const all = new Panels(fakeVscode.Uri.file(root) as never, content, { error } as unknown as LogOutputChannel);
  all.show({ runId }, 'title');
  const panel = panels.at(-1);
  if (panel === undefined) throw new Error('no panel');
  await vi.waitFor(() => {
    expect(panel.webview.html).not.toBe('');
  });
  return { all, panel, html: panel.webview.html };
}

test('the page is written with headline, table and style in it, and names no file that VS Code would wait for', async () => {
  const { html } = await opened();
  expect(html).toContain(headline);
  expect(html).toContain('<table class="results">');
  expect(html).toContain('h1{color:red}');
  expect(html).not.toMatch(/<(?:link|img|script[^>]* src)/u);
  expect(html).not.toMatch(/ style="|unsafe/u);
  expect(nonceOf(html)).not.toBe(nonceOf((await opened()).html));
});

test('a page whose run takes long to be found is written without it, and gets it when it runs', async () => {
  let found: (one: View) => void = () => undefined;
  const later = new Promise<View>((resolve) => {
    found = resolve;
  });
  view = () => later;
  const { panel, html } = await opened();
  expect(html).toContain('<main id="app" aria-busy="true"></main>');
  panel.say({ type: 'ready' });
  found(recordView);
  await vi.waitFor(() => {
    expect(panel.posted).toMatchObject([{ type: 'show', view: { kind: 'record' } }]);
  });
  expect(panel.webview.html).toBe(html);
});

test('the state is sent once: again only when it is another one, or the page is', async () => {
  const { all, panel } = await opened();
  const sent = async (count: number): Promise<void> => {
    await vi.waitFor(() => {
      expect(panel.posted.length).toBeGreaterThanOrEqual(count);
    });
    // And no more than that.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(panel.posted).toHaveLength(count);
  };
  panel.say({ type: 'ready' });
  await sent(1);
  all.refresh();
  await sent(1);
  view = async () => ({ ...recordView, benchmarkAgain: 'unknown' });
  all.refresh();
  await sent(2);
  panel.say({ type: 'ready' });
  await sent(3);
});

test('what cannot be shown first is logged, and the page comes all the same', async () => {
  view = async () => ({ kind: 'record', subject: '' }) as unknown as View;
  const { html } = await opened();
  expect(html).toContain('id="app"');
  expect(error.mock.lastCall?.[0]).toContain('The results are shown later than they might be: ');
});

test('a page that is hidden comes back with what it is about now, and never with what it was opened with', async () => {
  const { all, panel } = await opened();
  const other = sampleRecord({ record: { id: '20260105-080000-0001' } });
  panel.hide();
  // Until it is known what it is about, it shows nothing.
  expect(panel.webview.html).toContain('<main id="app" aria-busy="true"></main>');
  await vi.waitFor(() => {
    expect(panel.webview.html).toContain(headline);
  });
  view = async () => ({ ...recordView, record: other, subject: 'toxicity' });
  all.show({ runId: other.id }, 'toxicity');
  const { html } = panel.webview;
  expect(panel.reveals).toBe(1);
  expect(html).toContain('<main id="app" aria-busy="true"></main>');
  // In sight it is not loaded anew.
  all.refresh();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(panel.webview.html).toBe(html);
  panel.hide();
  await vi.waitFor(() => {
    expect(panel.webview.html).toContain('toxicity');
  });
});

test('a hidden page follows what changes, but keeps nothing of a run that goes on', async () => {
  const { all, panel } = await opened();
  view = async () => ({
    kind: 'queued',
    subject: 'sentiment',
    message: 'It waits for another run.',
    cancelling: false,
  });
  panel.hide();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(panel.webview.html).toContain('<main id="app" aria-busy="true"></main>');
  view = async () => recordView;
  all.refresh(record.id);
  await vi.waitFor(() => {
    expect(panel.webview.html).toContain(headline);
  });
  const { html } = panel.webview;
  all.refresh();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(panel.webview.html).toBe(html);
});

test('a page that is hidden before it was written shows nothing of what it was to show', async () => {
  let found: (one: View) => void = () => undefined;
  const later = new Promise<View>((resolve) => {
    found = resolve;
  });
  view = () => later;
  const content = { view: () => view() } as unknown as PanelContent;
  const all = new Panels(fakeVscode.Uri.file(root) as never, content, { error } as unknown as LogOutputChannel);
  all.show({ runId: record.id }, 'title');
  const [panel] = panels;
  panel?.hide();
  view = async () => ({ kind: 'problem', subject: '', message: 'gone', nextStep: '', benchmarkAgain: 'unknown' });
  found(recordView);
  await vi.waitFor(() => {
    expect(panel?.webview.html).toContain('gone');
  });
  expect(panel?.webview.html).not.toContain(headline);
});
