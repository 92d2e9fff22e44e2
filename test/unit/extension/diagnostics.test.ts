/** Marks of a check that takes its time. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CheckedProblem } from '../../../src/extension/diagnostics.ts';
import { documentClosed, documentOpened, FakeDocument, fakeEditor, haveOpen, marks } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
const { Diagnostics } = await import('../../../src/extension/diagnostics.ts');

const path = '/project/topology-bench.yaml';
const again = new fakeEditor.EventEmitter<undefined>();
const note = vi.fn();
let document = new FakeDocument(path, 'a');
/** The checks that were begun, in their order. */
let begun: { readonly end: (message: string) => void; readonly fail: () => void }[] = [];
let shown: InstanceType<typeof Diagnostics>;

beforeEach(() => {
  begun = [];
  note.mockClear();
  document = new FakeDocument(path, 'a');
  shown = new Diagnostics(
    'test',
    {
      selector: { pattern: '**/topology-bench.yaml' },
      problems: () =>
        new Promise<CheckedProblem[]>((resolve, reject) => {
          const end = (message: string): void => {
            resolve([{ message, start: 0, end: 1, severity: 'error' }]);
          };
          begun.push({
            end,
            fail: () => {
              reject(new Error('no disk'));
            },
          });
        }),
      onDidChange: again.event as never,
    },
    { note },
  );
  haveOpen(document);
  documentOpened.fire(document);
});

afterEach(() => {
  shown.dispose();
  haveOpen();
});

const marked = () => marks.get(path)?.map(({ message }) => message);
const settled = () => new Promise(setImmediate);

test('the check that was begun last decides, whichever ends last', async () => {
  again.fire(undefined);
  expect(begun).toHaveLength(2);
  begun[1]?.end('new');
  await settled();
  begun[0]?.end('old');
  await settled();
  expect(marked()).toEqual(['new']);
});

test('nothing is marked in a file that was closed meanwhile, nor by its failure', async () => {
  documentClosed.fire(document);
  begun[0]?.end('late');
  await settled();
  expect(marked()).toBeUndefined();
  documentOpened.fire(document);
  again.fire(undefined);
  begun[1]?.fail();
  await settled();
  expect(note).not.toHaveBeenCalled();
  begun[2]?.fail();
  await settled();
  expect(note).toHaveBeenCalledTimes(1);
});

test('nothing is marked after the end', async () => {
  shown.dispose();
  begun[0]?.end('late');
  await settled();
  expect(marked()).toBeUndefined();
  expect(note).not.toHaveBeenCalled();
});
