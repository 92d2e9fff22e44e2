import { beforeEach, describe, expect, test, vi } from 'vitest';
import { configSettingsText } from '../../../src/core/configSettings.ts';
import { BenchError } from '../../../src/core/errors.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { PanelContent } from '../../../src/extension/panel.ts';
import type { HostMessage, View } from '../../../src/protocol/messages.ts';
import { laterRecord, slowedBy } from '../../support/changedRecord.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { FakePanel, panels } from './fakePanel.ts';
import { contentProviders, fakeVscode, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { Panels } = await import('../../../src/extension/panel.ts');
const { createPanelContent } = await import('../../../src/extension/panelContent.ts');
const { registerConfigDocuments } = await import('../../../src/extension/configDocuments.ts');
const { registerPlanDocuments } = await import('../../../src/extension/planDocuments.ts');

const first = sampleRecord();
const second = laterRecord({ change: slowedBy(1.3), plan: samplePlan({ readyTimeoutSeconds: 1200 }) });
const samePlan = laterRecord({ id: '20260104-093000-0001' });
const endpoint = { ...sampleEndpointRecord(), id: '20260106-093000-0001' };
let records: readonly RunRecord[] = [];

const results = {
  read: async (id: string) => {
    const record = records.find((each) => each.id === id);
    if (record === undefined) throw new BenchError({ reason: 'record-unreadable', message: `There is no run ${id}.` });
    return record;
  },
  fileOf: async () => undefined,
};
/** By their hashes. */
const keptTexts = new Map<string, string>();
const configTexts = {
  of: async ({ modelConfig }: RunRecord) => keptTexts.get(modelConfig?.sha256 ?? ''),
};
const runs = { get: () => undefined, active: () => [] };
const memoryOf = (choices: unknown): object => ({
  choicesOf: () => choices,
  unfinished: () => [],
  stoppedEarly: () => undefined,
});
const log = { warn: vi.fn(), error: vi.fn(), debug: vi.fn(), show: vi.fn() };
const open = (): InstanceType<typeof Panels> =>
  new Panels(
    fakeVscode.Uri.file('/extension') as never,
    createPanelContent(
      runs as never,
      results as never,
      memoryOf(undefined) as never,
      log as never,
      configTexts as never,
    ),
    log as never,
  );

const contentOf = (view: () => Promise<View>): PanelContent => ({
  view,
  isUnderWay: () => false,
  answer: async () => undefined,
});

beforeEach(() => {
  records = [endpoint, samePlan, second, first];
  keptTexts.clear();
  panels.length = 0;
  useDefaults(settingDefaults);
  vi.clearAllMocks();
});

/** The last snapshot, once one has come of it. */
async function shownIn(panel: FakePanel | undefined, count: number): Promise<Extract<HostMessage, { type: 'show' }>> {
  await vi.waitFor(() => {
    expect(shows(panel).length).toBeGreaterThanOrEqual(count);
  });
  const last = shows(panel).at(-1);
  if (last === undefined) throw new Error('nothing was shown');
  return last;
}

const shows = (panel: FakePanel | undefined): Extract<HostMessage, { type: 'show' }>[] =>
  (panel?.posted ?? []).filter(
    (message): message is Extract<HostMessage, { type: 'show' }> => (message as HostMessage).type === 'show',
  );

async function reply(panel: FakePanel | undefined, request: unknown): Promise<HostMessage> {
  panel?.say({ type: 'request', id: 1, request });
  await vi.waitFor(() => {
    expect(panel?.posted.some((message) => (message as HostMessage).type === 'reply')).toBe(true);
  });
  return panel?.posted.find((message) => (message as HostMessage).type === 'reply') as HostMessage;
}

describe('a comparison', () => {
  test('has a panel of its own beside that of its run', async () => {
    const all = open();
    all.show({ runId: second.id }, 'second');
    panels[0]?.say({ type: 'ready' });
    expect((await shownIn(panels[0], 1)).view.kind).toBe('record');
    all.show({ runId: second.id, before: first.id }, 'first ↔ second');
    expect(panels).toHaveLength(2);
    const [, panel] = panels;
    panel?.say({ type: 'ready' });
    const compared = await shownIn(panel, 1);
    expect(panel?.title).toMatch(/^tiny-sentiment · Jan 2, 2026, .* ↔ Jan 3, 2026, /u);
    expect(compared).toMatchObject({
      keep: { version: 1, runId: second.id, before: first.id },
      view: {
        kind: 'comparison',
        subject: 'tiny-sentiment',
        comparison: { headline: expect.stringMatching(/^At 32 connections: .*1\.30x/u) as string },
      },
    });
    expect(all.reports()).toMatchObject([{ runId: second.id }, { runId: second.id, before: first.id }]);
    expect(all.inSight()).toEqual([second.id]);
    all.show({ runId: second.id }, 'second');
    expect(panels.map(({ title, reveals }) => [title, reveals])).toEqual([
      ['second', 1],
      [panel?.title, 0],
    ]);
  });

  test('of another pair has the panel of its own run', () => {
    const all = open();
    all.show({ runId: second.id, before: first.id }, 'a');
    all.show({ runId: samePlan.id, before: first.id }, 'b');
    all.show({ runId: second.id, before: first.id }, 'a');
    expect(panels.map(({ title, reveals }) => [title, reveals])).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
  });

  test('of the same two runs takes their panel, whichever way round it shows them', async () => {
    const all = open();
    all.show({ runId: second.id, before: first.id }, 'a');
    const [panel] = panels;
    panel?.say({ type: 'ready' });
    await shownIn(panel, 1);
    panel?.say({ type: 'request', id: 1, request: { kind: 'swap' } });
    await shownIn(panel, 2);
    all.show({ runId: second.id, before: first.id }, 'a');
    expect((await shownIn(panel, 3)).keep).toEqual({ version: 1, runId: second.id, before: first.id });
    expect(panels).toHaveLength(1);
  });

  test('is swapped in its place, and its tab with it', async () => {
    open().show({ runId: second.id, before: first.id }, 'first ↔ second');
    const [panel] = panels;
    panel?.say({ type: 'ready' });
    await shownIn(panel, 1);
    panel?.say({ type: 'request', id: 1, request: { kind: 'swap' } });
    const swapped = await shownIn(panel, 2);
    expect(swapped.keep).toEqual({ version: 1, runId: first.id, before: second.id });
    expect(swapped.view).toMatchObject({ comparison: { headline: expect.stringContaining('0.77x') as string } });
    expect(panel?.title).toMatch(/^tiny-sentiment · Jan 3, 2026, .* ↔ Jan 2, 2026, /u);
  });

  test('is there again after a reload of the window', async () => {
    const panel = new FakePanel('first ↔ second');
    await open().deserializeWebviewPanel(panel as never, {
      version: 1,
      runId: second.id,
      before: first.id,
      choice: {},
    });
    panel.say({ type: 'ready' });
    expect(await shownIn(panel, 1)).toMatchObject({
      keep: { version: 1, runId: second.id, before: first.id },
      view: { kind: 'comparison' },
    });
    const strange = new FakePanel('strange');
    await open().deserializeWebviewPanel(strange as never, { version: 1, runId: second.id, before: 7 });
    strange.say({ type: 'ready' });
    expect((await shownIn(strange, 1)).view).toMatchObject({ kind: 'problem', message: 'This panel was of no run.' });
  });

  test.each<[string, () => { readonly before: string; readonly says: RegExp }]>([
    [
      'a record that was deleted',
      () => ({
        before: '20250701-120000-0000',
        says: /^The run of Jul 1, 2025, .* cannot be compared: There is no run/u,
      }),
    ],
    [
      'an endpoint beside topologies',
      () => ({ before: endpoint.id, says: /it runs on an endpoint in one and a cluster/u }),
    ],
    ['a run beside itself', () => ({ before: second.id, says: /not compared with itself/u })],
  ])('of %s says why there is none', async (_what, make) => {
    const { before, says } = make();
    open().show({ runId: second.id, before }, 'x');
    const [panel] = panels;
    panel?.say({ type: 'ready' });
    const { view } = await shownIn(panel, 1);
    expect(view).toMatchObject({ kind: 'problem', message: expect.stringMatching(says) as string });
  });
});

test('a comparison whose panel is closed while it is made is no failure', async () => {
  let finish: (view: View) => void = () => undefined;
  const made = new Promise<View>((resolve) => {
    finish = resolve;
  });
  const comparison = comparisonView(first, second);
  const all = new Panels(
    fakeVscode.Uri.file('/extension') as never,
    contentOf(() => made),
    log as never,
  );
  const failed = vi.fn();
  process.on('unhandledRejection', failed);
  try {
    all.show({ runId: second.id, before: first.id }, 'x');
    const [panel] = panels;
    panel?.say({ type: 'ready' });
    panel?.dispose();
    finish({ kind: 'comparison', comparison, subject: 'sentiment', times: { locale: 'en', timeZone: 'UTC' } });
    // A rejection is told of after all that was waiting for it has run.
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(failed).not.toHaveBeenCalled();
    expect(shows(panel)).toEqual([]);
  } finally {
    process.off('unhandledRejection', failed);
  }
});

test('a snapshot that cannot be made is a page that says why, and is asked for anew the next time', async () => {
  let view = (): Promise<View> => Promise.reject(new Error('The memory is full.'));
  const content = contentOf(() => view());
  const all = new Panels(fakeVscode.Uri.file('/extension') as never, content, log as never);
  all.show({ runId: second.id }, 'second');
  const [panel] = panels;
  panel?.say({ type: 'ready' });
  expect((await shownIn(panel, 1)).view).toMatchObject({
    kind: 'problem',
    subject: expect.stringMatching(/^Jan 3, 2026, /u) as string,
    message: 'Failed while loading the results: The memory is full.',
    nextStep: 'Close this panel, and open the results again.',
  });
  expect(log.error).toHaveBeenCalledWith('Failed while loading the results: The memory is full.');
  view = async () => ({ kind: 'queued', subject: 'sentiment', message: '', cancelling: false });
  all.refresh(second.id);
  expect((await shownIn(panel, 2)).view.kind).toBe('queued');
});

test('a run can be benchmarked again while others are under way, where it is known what it was started with', async () => {
  const busy = { get: () => undefined, active: () => [{}] };
  const viewOf = (choices: unknown): Promise<View> =>
    createPanelContent(
      busy as never,
      results as never,
      memoryOf(choices) as never,
      log as never,
      configTexts as never,
    ).view({ runId: second.id });
  expect(await viewOf({ subject: { kind: 'built-in' } })).toMatchObject({ benchmarkAgain: 'possible' });
  expect(await viewOf(undefined)).toMatchObject({ benchmarkAgain: 'unknown' });
  fakeVscode.workspace.isTrusted = false;
  try {
    expect(await viewOf({ subject: { kind: 'built-in' } })).toMatchObject({ benchmarkAgain: 'needs-trust' });
    expect(await viewOf(undefined)).toMatchObject({ benchmarkAgain: 'unknown' });
  } finally {
    fakeVscode.workspace.isTrusted = true;
  }
});

test('a page that fails again and again fills neither memory nor log', () => {
  const all = open();
  all.show({ runId: second.id }, 'second');
  for (let time = 0; time < 1000; time += 1)
    panels[0]?.say({ type: 'page-problem', message: `failed ${String(time)}` });
  expect(all.reports()[0]?.problems).toHaveLength(50);
  expect(log.error).toHaveBeenCalledTimes(51);
  expect(log.error).toHaveBeenLastCalledWith('The results page: its further problems are left out.');
});

describe('what a comparison may ask for', () => {
  const compared = { runId: second.id, before: first.id };

  test("the plans' difference, in a diff editor of documents that cannot be written", async () => {
    registerPlanDocuments(runs as never, results as never);
    open().show(compared, 'x');
    expect(await reply(panels[0], { kind: 'show-plans' })).toMatchObject({ ok: true });
    const [command, from, to, title, place] = fakeVscode.commands.executeCommand.mock.calls[0] ?? [];
    expect([command, title]).toEqual(['vscode.diff', expect.stringMatching(/^Plans: Jan 2, 2026, .* ↔ Jan 3, 2026/u)]);
    expect(place).toEqual({ viewColumn: 1 });
    const texts = await Promise.all(
      [from, to].map(async (uri) => {
        const { scheme } = uri as { scheme: string };
        return contentProviders.get(scheme)?.provideTextDocumentContent(uri as never);
      }),
    );
    expect(texts.map((text) => JSON.parse(text ?? '') as unknown)).toEqual(
      [first, second].map(({ plan, modelConfig }) => ({ modelConfig, plan })),
    );
    expect(texts[0]).toContain('\n  "plan": {\n    "version": 1,\n');
  });

  test('no diff of plans that are the same, but the word that they are', async () => {
    open().show({ runId: samePlan.id, before: first.id }, 'x');
    expect(await reply(panels[0], { kind: 'show-plans' })).toMatchObject({
      ok: false,
      message: 'Both runs had the same plan, and the same model config.',
    });
    expect(fakeVscode.commands.executeCommand).not.toHaveBeenCalled();
  });

  describe('the model configs of its runs', () => {
    const config = { format: 'config.pbtxt', sha256: '1'.repeat(64), settingsSha256: null } as const;
    const edited = laterRecord({ record: { modelConfig: { ...config, sha256: '2'.repeat(64) } } });
    const original = { ...first, modelConfig: config };
    const both = { runId: edited.id, before: original.id };
    const openedTexts = async (): Promise<unknown[]> => {
      const [, from, to] = fakeVscode.commands.executeCommand.mock.calls[0] ?? [];
      return Promise.all(
        [from, to].map(async (uri) => {
          const { scheme, path } = uri as { scheme: string; path: string };
          return [path, await contentProviders.get(scheme)?.provideTextDocumentContent(uri as never)];
        }),
      );
    };

    beforeEach(() => {
      records = [edited, original];
      registerConfigDocuments(runs as never, results as never, configTexts as never);
    });

    test('in a diff editor, as they stood', async () => {
      keptTexts.set(original.modelConfig.sha256, 'max_batch_size: 8\n');
      keptTexts.set(edited.modelConfig?.sha256 ?? '', 'max_batch_size: 16\n');
      open().show(both, 'x');
      expect(await reply(panels[0], { kind: 'show-configs' })).toMatchObject({ ok: true });
      expect(fakeVscode.commands.executeCommand.mock.calls[0]?.[3]).toMatch(/^Model configs: Jan 2, 2026, .* ↔ Jan 3/u);
      expect(await openedTexts()).toEqual([
        [`/${original.id}/config.pbtxt`, 'max_batch_size: 8\n'],
        [`/${edited.id}/config.pbtxt`, 'max_batch_size: 16\n'],
      ]);
      expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
    });

    test('by what the records hold, where a text is not kept any more, which is said', async () => {
      keptTexts.set(original.modelConfig.sha256, 'max_batch_size: 8\n');
      open().show(both, 'x');
      expect(await reply(panels[0], { kind: 'show-configs' })).toMatchObject({ ok: true });
      expect(await openedTexts()).toEqual([
        [`/${original.id}/settings.txt`, configSettingsText(original)],
        [`/${edited.id}/settings.txt`, configSettingsText(edited)],
      ]);
      expect(fakeVscode.window.showInformationMessage.mock.calls).toEqual([
        [expect.stringMatching(/^The text of the model config is not kept here .* for the run of Jan 3, 2026/u)],
      ]);
    });

    test.each([
      ['that are the same', original, 'Both runs had the same model config, to the letter.'],
      [
        'of which one is not known',
        { ...original, modelConfig: null },
        /^The record of Jan 3, 2026.* names no model config\.$/u,
      ],
    ])('not %s, but the word that they are', async (_what, other, message) => {
      records = [{ ...other, id: edited.id }, original];
      open().show(both, 'x');
      expect(await reply(panels[0], { kind: 'show-configs' })).toMatchObject({
        ok: false,
        message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
      });
      expect(fakeVscode.commands.executeCommand).not.toHaveBeenCalled();
    });
  });

  test('each of its runs alone', async () => {
    open().show(compared, 'x');
    await reply(panels[0], { kind: 'show-run', which: 'before' });
    panels[0]?.say({ type: 'request', id: 2, request: { kind: 'show-run', which: 'after' } });
    await vi.waitFor(() => {
      expect(fakeVscode.commands.executeCommand.mock.calls).toEqual([
        ['topologyBench.openResults', first.id],
        ['topologyBench.openResults', second.id],
      ]);
    });
  });

  test('and a run alone, to be compared', async () => {
    open().show({ runId: second.id }, 'x');
    expect(await reply(panels[0], { kind: 'compare' })).toMatchObject({ ok: true });
    expect(fakeVscode.commands.executeCommand).toHaveBeenCalledWith('topologyBench.compareWith', second.id);
    panels.length = 0;
    open().show({ runId: second.id }, 'x');
    expect(await reply(panels[0], { kind: 'show-plans' })).toMatchObject({ ok: false });
  });
});
