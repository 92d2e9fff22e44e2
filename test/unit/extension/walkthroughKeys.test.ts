import { expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { contextKeys } from '../../../src/extension/contributions.ts';
import type { View } from '../../../src/protocol/messages.ts';
import { laterRecord, slowedBy } from '../../support/changedRecord.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { panels } from './fakePanel.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { Panels } = await import('../../../src/extension/panel.ts');

const record = sampleRecord();
const later = laterRecord({ change: slowedBy(1.3) });
const queued: View = { kind: 'queued', subject: 'sentiment', message: 'It waits.', cancelling: false };
const times = { locale: 'en', timeZone: 'UTC' };
const recordView: View = {
  kind: 'record',
  record,
  subject: 'sentiment',
  benchmarkAgain: 'possible',
  notSaved: null,
  cleanedUp: null,
  gpuPrice: { price: null, problem: null },
  times,
};

test('the walkthrough hears of the first results and the first comparison that are shown, however they were opened', async () => {
  let view: View = queued;
  const content = { view: async () => view, isUnderWay: () => false, answer: async () => undefined };
  const all = new Panels(fakeVscode.Uri.file('/extension') as never, content, {
    error: vi.fn(),
  } as unknown as LogOutputChannel);
  all.show({ runId: record.id }, 'sentiment');
  const [panel] = panels;
  panel?.say({ type: 'ready' });
  const keys = async (shown: number): Promise<unknown[]> => {
    await vi.waitFor(() => {
      expect(panel?.posted).toHaveLength(shown);
    });
    return fakeVscode.commands.executeCommand.mock.calls.map(([, key, value]) => [key, value]);
  };
  expect(await keys(1)).toEqual([]);
  view = recordView;
  all.refresh();
  expect(await keys(2)).toEqual([[contextKeys.resultsSeen, true]]);
  view = { kind: 'comparison', comparison: comparisonView(record, later), subject: 'sentiment', times };
  all.refresh();
  expect(await keys(3)).toEqual([
    [contextKeys.resultsSeen, true],
    [contextKeys.comparisonSeen, true],
  ]);
});
