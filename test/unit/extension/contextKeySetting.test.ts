import { expect, test, vi } from 'vitest';
import { contextKeys } from '../../../src/extension/contributions.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { setContextKey } = await import('../../../src/extension/contextKeySetting.ts');

test('VS Code hears of a key when its value is another one, and not otherwise', async () => {
  const { running, clusterState, modelConfigs } = contextKeys;
  for (const value of [false, false, true, true, false]) await setContextKey(running, value);
  for (const value of [undefined, undefined, 'shown']) await setContextKey(clusterState, value);
  for (const value of [['a'], ['a'], ['a', 'b']]) await setContextKey(modelConfigs, value);
  expect(fakeVscode.commands.executeCommand.mock.calls).toEqual([
    ['setContext', running, false],
    ['setContext', running, true],
    ['setContext', running, false],
    ['setContext', clusterState, undefined],
    ['setContext', clusterState, 'shown'],
    ['setContext', modelConfigs, ['a']],
    ['setContext', modelConfigs, ['a', 'b']],
  ]);
});
