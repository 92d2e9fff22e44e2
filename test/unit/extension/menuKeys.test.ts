import { beforeEach, expect, test, vi } from 'vitest';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { forgetChangedKeys } = await import('../../../src/extension/menuKeys.ts');

const resultsChanged = new fakeVscode.EventEmitter<void>();
const clusterChanged = new fakeVscode.EventEmitter<void>();
const looked = new fakeVscode.EventEmitter<{ readonly context: string; readonly namespace: string } | undefined>();
const said = () => fakeVscode.commands.executeCommand.mock.calls;

beforeEach(() => {
  vi.clearAllMocks();
});

test('what a hidden view found last hides nothing from the palette once it has changed', () => {
  const keys = forgetChangedKeys(
    { onDidChange: resultsChanged.event },
    { onDidChange: clusterChanged.event, onDidLook: looked.event },
  );
  expect(said()).toEqual([]);
  resultsChanged.fire();
  clusterChanged.fire();
  looked.fire(undefined);
  looked.fire({ context: 'staging', namespace: 'models' });
  expect(said()).toEqual([
    ['setContext', 'topologyBench.noResults', false],
    ['setContext', 'topologyBench.clusterState', undefined],
    ['setContext', 'topologyBench.clusterState', 'shown'],
  ]);
  keys.dispose();
  resultsChanged.fire();
  clusterChanged.fire();
  expect(said()).toHaveLength(3);
});
