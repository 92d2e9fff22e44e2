/** Whether a results panel can be seen, for what is shown only while one is. */
import { expect, test, vi } from 'vitest';
import type { LogOutputChannel, Uri } from 'vscode';
import type { PanelContent } from '../../../src/extension/panel.ts';
import { panels as pages } from './fakePanel.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { Panels } = await import('../../../src/extension/panel.ts');

test('a panel is seen from when it is shown until it is hidden or closed, and who draws by it is told each time', () => {
  const root = fakeVscode.Uri.file('/extension') as unknown as Uri;
  const content = { view: async () => ({ kind: 'problem' }), isUnderWay: () => false } as unknown as PanelContent;
  const panels = new Panels(root, content, { error: vi.fn() } as unknown as LogOutputChannel);
  const told: boolean[] = [];
  panels.onDidChangeSight(() => {
    told.push(panels.isAnySeen());
  });
  expect(panels.isAnySeen()).toBe(false);
  panels.show({ runId: 'first' }, 'First');
  const [page] = pages;
  if (page === undefined) throw new Error('A panel was to be opened.');
  page.hide();
  page.reveal();
  page.dispose();
  expect(told).toEqual([true, false, true, false]);
});
