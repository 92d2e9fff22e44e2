/** What is said of a run in which topologies failed, and what can be done then. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { Reason } from '../../../src/core/errors.ts';
import type { RunEnd } from '../../../src/extension/prepare.ts';
import type { LiveRun } from '../../../src/extension/runs.ts';
import type { Services } from '../../../src/extension/services.ts';
import { failedResult, sampleRecord } from '../../support/sampleRecord.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { tellOutcome } = await import('../../../src/extension/startRun.ts');

const run = { id: '20260102-093000-0001', subject: 'sentiment' } as unknown as LiveRun;
const services = {
  failures: { note: vi.fn(), show: vi.fn() },
  panels: { shows: () => true },
  log: { show: vi.fn() },
} as unknown as Services;
const { showWarningMessage } = fakeVscode.window;

beforeEach(() => {
  vi.clearAllMocks();
});

/** The topologies fail for these reasons, in their order. */
function tell(reasons: readonly Reason[], retry: () => void): void {
  const record = sampleRecord({
    change: (result) => failedResult(result),
    record: { status: 'failed' },
  });
  const topologies = record.topologies.map((result, index) => ({
    ...result,
    failure: { reason: reasons[index] ?? 'pod-failed', message: 'It failed.', nextStep: null },
  }));
  const end: RunEnd = {
    record: { ...record, topologies },
    failure: null,
    notSaved: null,
    leftBehind: null,
    kept: null,
  };
  tellOutcome(run, end, services, retry);
}

test('the setting that mends the first failure that one mends is at hand', async () => {
  showWarningMessage.mockResolvedValueOnce('Open Settings');
  tell(['pod-failed', 'image-unavailable', 'not-ready'], () => undefined);
  expect(showWarningMessage.mock.calls).toEqual([
    [
      'Benchmark of sentiment: fastapi: It failed. triton: It failed. hybrid: It failed.',
      'Retry',
      'Open Settings',
      'Show Log',
    ],
  ]);
  await vi.waitFor(() => {
    expect(fakeVscode.commands.executeCommand.mock.calls).toEqual([
      ['workbench.action.openSettings', 'topologyBench.images'],
    ]);
  });
});

test('where no setting mends it, the log and another try are', async () => {
  const retry = vi.fn();
  showWarningMessage.mockResolvedValueOnce('Retry');
  tell(['pod-failed', 'pod-failed', 'pod-failed'], retry);
  expect(showWarningMessage.mock.calls[0]?.slice(1)).toEqual(['Retry', 'Show Log']);
  await vi.waitFor(() => {
    expect(retry).toHaveBeenCalledTimes(1);
  });
});
