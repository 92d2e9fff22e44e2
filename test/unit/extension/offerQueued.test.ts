/** What waited for another run when its window closed. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BenchmarkChoices } from '../../../src/extension/choices.ts';
import type { QueuedRun } from '../../../src/extension/memory.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { offerQueued } = await import('../../../src/extension/offerQueued.ts');

const gone = 999;
const there = 1_000;
let queued: QueuedRun[] = [];
const choices: Record<string, Pick<BenchmarkChoices, 'subject'>> = {
  one: { subject: { kind: 'built-in' } },
  two: { subject: { kind: 'config', uri: 'file:///models/sentiment/config.pbtxt' } },
};
const services = {
  memory: {
    queued: () => queued,
    choicesOf: (id: string) => choices[id],
    async forgetQueued(id: string) {
      queued = queued.filter(({ runId }) => runId !== id);
    },
  },
  runs: { get: (id: string) => (id === 'own' ? {} : undefined) },
  failures: { note: vi.fn() },
} as unknown as Services;
let living = [there];

beforeEach(() => {
  vi.clearAllMocks();
  vi.useFakeTimers();
  living = [there];
  vi.spyOn(process, 'kill').mockImplementation((pid) => {
    if (!living.includes(pid)) throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('is told of once by the next window, and started on request, in its order', async () => {
  queued = [
    { runId: 'one', pid: gone },
    { runId: 'two', pid: gone },
    { runId: 'own', pid: process.pid },
  ];
  fakeVscode.window.showInformationMessage.mockResolvedValueOnce('Start Them');
  const offering = offerQueued(services);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fakeVscode.window.showInformationMessage.mock.calls).toEqual([
    [
      '2 benchmarks waited for another one when their window closed, and were not started: tiny-sentiment, sentiment.',
      'Start Them',
    ],
  ]);
  expect(fakeVscode.commands.executeCommand.mock.calls).toEqual([
    ['topologyBench.benchmarkAgain', 'one'],
    ['topologyBench.benchmarkAgain', 'two'],
  ]);
  expect(queued).toEqual([{ runId: 'own', pid: process.pid }]);
  offering.dispose();
});

test('is left alone while its window is there, and told of when that has gone after all', async () => {
  queued = [{ runId: 'one', pid: there }];
  const offering = offerQueued(services);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
  expect(queued).toHaveLength(1);
  living = [];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(fakeVscode.window.showInformationMessage).toHaveBeenCalledWith(
    'The benchmark of tiny-sentiment waited for another one when its window closed, and was not started.',
    'Start It',
  );
  expect(fakeVscode.commands.executeCommand).not.toHaveBeenCalled();
  offering.dispose();
});
