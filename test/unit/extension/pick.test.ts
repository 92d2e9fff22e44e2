/** A question whose answer may be typed as well as picked. */
import { expect, test, vi } from 'vitest';
import { reply, shown } from './fakeQuickInput.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { askNamespace } = await import('../../../src/extension/questions/namespace.ts');

const known = {
  context: 'staging',
  names: ['default', 'models'],
  selected: 'models',
  followed: 'default',
  elsewhere: [],
} as const;

test('what is typed stands after the choices, and is taken where it can be', async () => {
  reply({ type: ' New ' }, { type: 'new' }, { pick: ['new'] });
  expect(await askNamespace(known)).toEqual({ kind: 'value', value: 'new' });
  const rows = ['models', 'Follow settings and context', 'default'];
  expect(shown.map((box) => box.rows)).toEqual([rows, rows, [...rows, 'new']]);
  expect(shown[0]?.picked).toEqual(['models']);
  expect(shown[1]?.notes[0]).toContain('lower-case letters');
});

test('to follow settings and context again is an answer, and to leave is none', async () => {
  reply({ pick: ['Follow settings and context'] });
  expect(await askNamespace(known)).toEqual({ kind: 'value', value: undefined });
  reply('leave');
  expect(await askNamespace(known)).toEqual({ kind: 'left' });
});
