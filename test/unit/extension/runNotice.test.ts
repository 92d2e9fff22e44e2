/** The notification of a run under way, beside the panels that VS Code shows or hides. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LiveRun } from '../../../src/extension/runs.ts';
import { panels as made } from './fakePanel.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { Panels } = await import('../../../src/extension/panel.ts');
const { RunNotice } = await import('../../../src/extension/runNotice.ts');

const run = { id: '20260102-093000-0a0a', subject: 'sentiment', state: null, waitsFor: 'Waits.', cancelling: false };
const cancel = vi.fn();
const changed = new fakeVscode.EventEmitter<LiveRun>();
const runs = { get: () => run, cancel, onDidChange: changed.event };
/** Those that are in sight: what each says, and its Cancel. */
let notices: { readonly title: string; readonly says: () => string | undefined; readonly cancel: () => void }[] = [];
let panels: InstanceType<typeof Panels>;
let notice: InstanceType<typeof RunNotice> | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  made.length = 0;
  notices = [];
  cancel.mockClear();
  const log = { error: vi.fn(), warn: vi.fn(), debug: vi.fn() };
  const content = {
    view: () => new Promise<never>(() => undefined),
    isUnderWay: () => true,
    answer: async () => undefined,
  };
  panels = new Panels(fakeVscode.Uri.file('/extension') as never, content, log as never);
  fakeVscode.window.withProgress.mockImplementation(async (options, work) => {
    const says = vi.fn<(step: { readonly message: string }) => void>();
    let stop = (): void => undefined;
    const own = {
      title: (options as { title: string }).title,
      says: () => says.mock.lastCall?.[0].message,
      cancel: () => {
        stop();
      },
    };
    notices.push(own);
    const onCancellationRequested = (listener: () => void) => {
      stop = listener;
      return { dispose: () => undefined };
    };
    await work({ report: says }, { isCancellationRequested: false, onCancellationRequested });
    notices = notices.filter((other) => other !== own);
  });
});
afterEach(() => {
  notice?.dispose();
  panels.dispose();
  fakeVscode.window.withProgress.mockReset();
  vi.useRealTimers();
});

const begin = (): void => {
  notice = new RunNotice(run as never, { runs, panels } as never);
};
const aWhile = (): Promise<unknown> => vi.advanceTimersByTimeAsync(2_000);

test('there is none while a panel in sight shows the run, and there is one as soon as it is hidden', async () => {
  panels.show({ runId: run.id }, 'sentiment');
  begin();
  await aWhile();
  expect(notices).toEqual([]);
  made[0]?.hide();
  await aWhile();
  expect(notices.map(({ title }) => title)).toEqual([expect.stringContaining('Benchmark of sentiment ([results]')]);
  made[0]?.reveal();
  await aWhile();
  expect(notices).toEqual([]);
  made[0]?.dispose();
  await aWhile();
  expect(notices).toHaveLength(1);
  notice?.dispose();
  await aWhile();
  expect(notices).toEqual([]);
});

test('a tab that is passed by, or a panel that comes back with its window, has none flash up', async () => {
  begin();
  await vi.advanceTimersByTimeAsync(500);
  panels.show({ runId: run.id }, 'sentiment');
  await aWhile();
  made[0]?.hide();
  await vi.advanceTimersByTimeAsync(500);
  made[0]?.reveal();
  await aWhile();
  expect(fakeVscode.window.withProgress).not.toHaveBeenCalled();
});

test('a panel of another run, or of this one compared, leaves it where it is', async () => {
  panels.show({ runId: '20260102-093000-0b0b' }, 'another');
  panels.show({ runId: run.id, before: '20260102-093000-0c0c' }, 'compared');
  begin();
  await aWhile();
  expect(notices).toHaveLength(1);
});

test('it says what the run does, once and again, and stops it', async () => {
  begin();
  await aWhile();
  expect(notices[0]?.says()).toBe('Waits.');
  changed.fire({ ...run, id: 'another', waitsFor: 'Not this one.' } as never);
  changed.fire({ ...run, cancelling: true } as never);
  expect(notices[0]?.says()).toBe('stopping and cleaning up');
  notices[0]?.cancel();
  expect(cancel).toHaveBeenCalledWith(run.id);
});
