import { afterEach, expect, test, vi } from 'vitest';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { textColumn } = await import('../../../src/extension/textColumn.ts');

const { window } = fakeVscode;
afterEach(() => {
  Object.assign(window, { activeTextEditor: undefined, visibleTextEditors: [] });
});

test('texts open where the user has text, and in the first column where there is none but output', () => {
  expect(textColumn()).toBe(1);
  window.visibleTextEditors = [{ viewColumn: undefined }];
  expect(textColumn()).toBe(1);
  window.visibleTextEditors = [{ viewColumn: undefined }, { viewColumn: 3 }, { viewColumn: 2 }];
  expect(textColumn()).toBe(3);
  window.activeTextEditor = { viewColumn: 2 };
  expect(textColumn()).toBe(2);
});
