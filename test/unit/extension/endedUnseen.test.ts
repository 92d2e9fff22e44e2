/** What is said of a run that ended with figures while no panel in sight showed it. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { RunRecord } from '../../../src/core/record.ts';
import type { PreparedRun, RunEnd } from '../../../src/extension/prepare.ts';
import type { Services } from '../../../src/extension/services.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { startRun } = await import('../../../src/extension/startRun.ts');

const run = { id: '20260102-093000-0001', subject: 'sentiment' };
const prepared = { runId: run.id, warnings: [] } as unknown as PreparedRun;
const nothing = { dispose: () => undefined };

beforeEach(() => {
  vi.clearAllMocks();
});

function endingAs(status: RunRecord['status']): Services {
  const record = sampleRecord({ record: { status } });
  const end: RunEnd = { record, failure: null, notSaved: null, leftBehind: null, kept: null };
  return {
    runs: { start: () => ({ run, ended: Promise.resolve(end) }) },
    panels: { show: () => undefined, shows: () => false, onDidChangeSight: () => nothing },
    results: { changed: () => undefined },
    cluster: { changed: () => undefined },
    failures: { note: vi.fn(), show: vi.fn() },
    log: { warn: vi.fn() },
  } as unknown as Services;
}

test.each([
  ['completed', 'The benchmark of sentiment is complete.'],
  ['cancelled', 'The benchmark of sentiment was cancelled.'],
  ['failed', 'The benchmark of sentiment has failed.'],
] as const)('a run that is %s says so, and offers its results', async (status, text) => {
  await startRun(prepared, endingAs(status));
  expect(fakeVscode.window.showInformationMessage.mock.calls).toEqual([[text, 'Open Results']]);
});
