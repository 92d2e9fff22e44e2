import { beforeEach, expect, test, vi } from 'vitest';
import type { Choice, Note, Question } from '../../../src/extension/questions/pick.ts';
import type { Services } from '../../../src/extension/services.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/questions/pick.ts', () => ({ pickOne: (question: never) => pickOne(question) }));
const { openRecord } = await import('../../../src/extension/commands/results.ts');

const record = sampleRecord();
const path = `/runs/${record.id}.json`;
const services = {
  runs: { active: () => [] },
  results: {
    list: async () => [{ id: record.id, record, path, directory: '/runs' }],
    fileOf: async (id: string) => (id === record.id ? fakeVscode.Uri.file(path) : undefined),
  },
} as unknown as Services;

let offered: readonly (Choice<unknown> | Note)[] | undefined;
let isLeft = false;
const pickOne = async (question: Question<unknown>): Promise<unknown> => {
  offered = await question.choices(new AbortController().signal);
  const [first] = offered;
  return isLeft || first === undefined || !('value' in first)
    ? { kind: 'left' }
    : { kind: 'value', value: first.value };
};
const opened = () => fakeVscode.window.showTextDocument.mock.calls.map(([uri]) => (uri as { fsPath: string }).fsPath);

beforeEach(() => {
  offered = undefined;
  isLeft = false;
  fakeVscode.window.showTextDocument.mockClear();
});

test('the file of a row is opened, also of one that cannot be read', async () => {
  await openRecord(
    { result: { id: 'dead', path: '/runs/dead.json', directory: '/runs', problem: 'damaged' } },
    services,
  );
  expect(opened()).toEqual(['/runs/dead.json']);
  expect(offered).toBeUndefined();
});

test('a press that comes without its row, as while the list is drawn anew, asks which run is meant', async () => {
  await openRecord(undefined, services);
  expect(offered).toHaveLength(1);
  expect(opened()).toEqual([path]);
  isLeft = true;
  await openRecord(undefined, services);
  expect(opened()).toEqual([path]);
});
