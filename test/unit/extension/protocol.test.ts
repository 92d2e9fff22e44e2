import { expect, test } from 'vitest';
import type { WebviewMessage } from '../../../src/protocol/messages.ts';
import { maxCopyCharacters, maxDrawnFigures, maxPngBytes, maxTitleCharacters } from '../../../src/protocol/messages.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { createRequests } from '../../../src/protocol/requests.ts';
import { isPanelState, parseHostMessage, parseWebviewMessage } from '../../../src/protocol/validate.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const noPrice = { price: null, problem: null };
const times = { locale: 'en', timeZone: 'Europe/Berlin' };
const figure = { topology: 'triton', phase: 'c8', p50Ms: 1.2, p95Ms: null, p99Ms: null, rps: 780, errors: 0 };

test.each<WebviewMessage>([
  { type: 'ready' },
  { type: 'request', id: 0, request: { kind: 'cancel' } },
  { type: 'request', id: 7, request: { kind: 'copy', text: '| a |' } },
  { type: 'request', id: 8, request: { kind: 'set-gpu-price' } },
  { type: 'request', id: 9, request: { kind: 'export' } },
  { type: 'request', id: 9, request: { kind: 'open-image-settings' } },
  { type: 'request', id: 10, request: { kind: 'save-chart', title: 'Percentiles', png: 'iVBORw0KGgo=' } },
  { type: 'request', id: 11, request: { kind: 'show-run', which: 'before' } },
  { type: 'request', id: 12, request: { kind: 'swap' } },
  { type: 'drawn', kind: 'comparison', runId: '20261122-164310-3f9a', figures: [] },
  { type: 'drawn', kind: 'record', runId: '20261122-164310-3f9a', figures: [figure] },
  { type: 'drawn', kind: 'queued', runId: null, figures: [] },
  { type: 'page-problem', message: 'violated script-src' },
])('the host takes $type', (message) => {
  expect(parseWebviewMessage(JSON.parse(JSON.stringify(message)))).toEqual(message);
});

test.each<[string, unknown]>([
  ['no object', 'ready'],
  ['null', null],
  ['an unknown type', { type: 'run', command: 'rm' }],
  ['an unknown request', { type: 'request', id: 1, request: { kind: 'execute', command: 'x' } }],
  ['a run of neither side', { type: 'request', id: 1, request: { kind: 'show-run', which: 'other' } }],
  ['a request without an id', { type: 'request', request: { kind: 'cancel' } }],
  ['a negative id', { type: 'request', id: -1, request: { kind: 'cancel' } }],
  ['a fraction as id', { type: 'request', id: 0.5, request: { kind: 'cancel' } }],
  [
    'more text than a table has',
    { type: 'request', id: 1, request: { kind: 'copy', text: 'x'.repeat(maxCopyCharacters + 1) } },
  ],
  ['a picture without a title', { type: 'request', id: 1, request: { kind: 'save-chart', png: 'AAAA' } }],
  ['a picture without bytes', { type: 'request', id: 1, request: { kind: 'save-chart', title: 't', png: '' } }],
  ['what is not base64', { type: 'request', id: 1, request: { kind: 'save-chart', title: 't', png: 'AAA*' } }],
  ['half of base64', { type: 'request', id: 1, request: { kind: 'save-chart', title: 't', png: 'AAAAA' } }],
  [
    'a picture larger than any chart',
    {
      type: 'request',
      id: 1,
      request: { kind: 'save-chart', title: 't', png: 'AAAA'.repeat(Math.ceil(maxPngBytes / 3) + 1) },
    },
  ],
  ['figures of the wrong kind', { type: 'drawn', kind: 'record', runId: null, figures: [{ ...figure, rps: '780' }] }],
  ['an unknown view', { type: 'drawn', kind: 'secret', runId: null, figures: [] }],
  [
    'more figures than any run has',
    { type: 'drawn', kind: 'record', runId: null, figures: Array.from({ length: maxDrawnFigures + 1 }, () => figure) },
  ],
  [
    'a name that is none',
    { type: 'drawn', kind: 'record', runId: null, figures: [{ ...figure, phase: 'c'.repeat(maxTitleCharacters + 1) }] },
  ],
  ['a run id that is none', { type: 'drawn', kind: 'record', runId: '2'.repeat(maxTitleCharacters + 1), figures: [] }],
])('the host refuses %s', (_what, value) => {
  expect(parseWebviewMessage(value)).toBeNull();
});

test('what a request or a figure brings besides is dropped', () => {
  const drawn = { type: 'drawn', kind: 'record', runId: null, figures: [figure] };
  expect(parseWebviewMessage({ ...drawn, figures: [{ ...figure, note: 'x'.repeat(9999) }] })).toEqual(drawn);
  const message = { type: 'request', id: 1, request: { kind: 'cancel', command: 'x' }, extra: 1 };
  expect(parseWebviewMessage(message)).toEqual({ type: 'request', id: 1, request: { kind: 'cancel' } });
});

test('the page takes whole snapshots and replies, and refuses halves', () => {
  const keep = { version: 1, runId: null };
  const view = { kind: 'queued', subject: 'sentiment', message: 'waits', cancelling: false };
  expect(parseHostMessage({ type: 'show', view, keep })).toEqual({ type: 'show', view, keep });
  expect(parseHostMessage({ type: 'show', view: { ...view, cancelling: undefined }, keep })).toBeNull();
  expect(
    parseHostMessage({
      type: 'show',
      view: {
        kind: 'record',
        subject: 's',
        record: {},
        benchmarkAgain: 'possible',
        notSaved: null,
        cleanedUp: null,
        gpuPrice: noPrice,
        times,
      },
      keep,
    }),
  ).toBeNull();
  expect(parseHostMessage({ type: 'show', view })).toBeNull();
  expect(parseHostMessage({ type: 'reply', id: 3, ok: true })).toEqual({ type: 'reply', id: 3, ok: true });
  expect(parseHostMessage({ type: 'reply', id: 3, ok: false, message: 'no' })).toEqual({
    type: 'reply',
    id: 3,
    ok: false,
    message: 'no',
  });
  expect(parseHostMessage({ type: 'reply', id: 3, ok: false })).toBeNull();
});

test('the page takes a price that is one, none, or what is wrong with it', () => {
  const keep = { version: 1, runId: '20260102-093000-5a3e' };
  const record = { version: 1, id: '20260102-093000-5a3e', plan: {}, topologies: [] };
  const taken = (gpuPrice: unknown): boolean => {
    const saved = { benchmarkAgain: 'possible', notSaved: null, cleanedUp: true };
    const ended = { kind: 'record', subject: 's', record, ...saved, gpuPrice, times };
    const live = { kind: 'live', subject: 's', state: record, elapsedMs: 1_000, cancelling: false, gpuPrice };
    const both = [ended, live].map((view) => parseHostMessage({ type: 'show', view, keep }) !== null);
    expect(both[0]).toBe(both[1]);
    return both[0] === true;
  };
  expect(taken({ price: null, problem: null })).toBe(true);
  expect(taken({ price: null, problem: 'it is none' })).toBe(true);
  expect(taken({ price: { perGpuHour: 2.5, currency: 'EUR' }, problem: null })).toBe(true);
  expect(taken({ price: { perGpuHour: '2.5', currency: 'EUR' }, problem: null })).toBe(false);
  expect(taken({ price: { perGpuHour: 2.5 }, problem: null })).toBe(false);
  expect(taken({ price: null })).toBe(false);
  expect(taken(undefined)).toBe(false);
});

test('the page takes how a run stands to its baseline in lines, and may have none', () => {
  const record = { version: 1, id: '20260102-093000-5a3e', plan: {}, topologies: [] };
  const taken = (more: object): boolean => {
    const saved = { benchmarkAgain: 'possible', notSaved: null, cleanedUp: true, gpuPrice: noPrice, times };
    const view = { kind: 'record', subject: 's', record, ...saved, ...more };
    return parseHostMessage({ type: 'show', view, keep: { version: 1, runId: record.id } }) !== null;
  };
  expect(taken({})).toBe(true);
  expect(taken({ besideBaseline: ['Not shown to be worse.'] })).toBe(true);
  expect(taken({ besideBaseline: 'Not shown to be worse.' })).toBe(false);
  expect(taken({ besideBaseline: [1] })).toBe(false);
});

test('the page takes a comparison that is whole', () => {
  const keep = { version: 1, runId: '20260103-093000-0001', before: '20260102-093000-5a3e' };
  const comparison = comparisonView(sampleRecord(), sampleRecord());
  const view = { kind: 'comparison', comparison, subject: 'tiny-sentiment', times };
  expect(parseHostMessage({ type: 'show', view, keep })).toEqual({ type: 'show', view, keep });
  for (const part of ['headline', 'runs', 'groups', 'notes'] as const) {
    const half = { ...comparison, [part]: undefined };
    expect(parseHostMessage({ type: 'show', view: { ...view, comparison: half }, keep }), part).toBeNull();
  }
  expect(parseHostMessage({ type: 'show', view: { ...view, times: { locale: 'en' } }, keep })).toBeNull();
});

test('what a restored panel kept is checked too', () => {
  expect(isPanelState({ version: 1, runId: '20261122-164310-3f9a' })).toBe(true);
  expect(isPanelState({ version: 1, runId: 'x', before: 'y' })).toBe(true);
  expect(isPanelState({ version: 1, runId: 'x', before: null })).toBe(false);
  expect(isPanelState({ version: 2, runId: 'x' })).toBe(false);
  expect(isPanelState(undefined)).toBe(false);
});

test('requests are answered or rejected, each by its own reply', async () => {
  const sent: WebviewMessage[] = [];
  const requests = createRequests((message) => sent.push(message));
  const first = requests.send({ kind: 'cancel' });
  const second = requests.send({ kind: 'open-log' });
  requests.settle({ type: 'reply', id: 99, ok: true });
  requests.settle({ type: 'reply', id: 1, ok: true });
  requests.settle({ type: 'reply', id: 0, ok: false, message: 'The run has ended already.' });
  requests.settle({ type: 'reply', id: 0, ok: true });
  await expect(second).resolves.toBeUndefined();
  await expect(first).rejects.toThrow('The run has ended already.');
  expect(sent.map((message) => (message.type === 'request' ? message.id : null))).toEqual([0, 1]);
});
