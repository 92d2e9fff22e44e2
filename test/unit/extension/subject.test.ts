import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Subject } from '../../../src/extension/choices.ts';
import type { Answer, Choice, Note, Question } from '../../../src/extension/questions/pick.ts';
import { FakeDocument, fakeEditor, files } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
vi.mock('../../../src/extension/questions/pick.ts', () => ({ pickOne: (question: never) => pickOne(question) }));
const { askAbout, chooseSubject, findConfigs, pickSubject } =
  await import('../../../src/extension/questions/subject.ts');

const tritonConfig = `name: "m"
backend: "onnxruntime"
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }, { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
`;
const huggingFaceConfig = JSON.stringify({
  model_type: 'distilbert',
  architectures: ['DistilBertForSequenceClassification'],
});

let offered: readonly (Choice<Subject> | Note)[] = [];
/** What is picked of it. */
let pick: Subject | undefined;
const pickOne = async (question: Question<Subject>): Promise<Answer<Subject>> => {
  offered = await question.choices(new AbortController().signal);
  return pick === undefined ? { kind: 'left' } : { kind: 'value', value: pick };
};
const pickedBefore = (): string[] =>
  offered.flatMap((entry) => ('label' in entry && entry.picked === true ? [entry.description ?? ''] : []));
const places = (): string[] => offered.flatMap((entry) => ('label' in entry ? [entry.description ?? ''] : []));
const notes = (): string[] => offered.flatMap((entry) => ('note' in entry ? [entry.note] : []));
/** As any repository of other programs has them. */
function haveOtherConfigs(count: number): void {
  for (let number = 0; number < count; number += 1) files.set(`/project/apps/${String(number)}/config.json`, '{}');
}

beforeEach(() => {
  files.clear();
  offered = [];
  pick = undefined;
  fakeEditor.window.activeTextEditor = undefined;
});

test('models are offered however many other files are called config.json', async () => {
  haveOtherConfigs(300);
  files.set('/project/models/b/config.json', huggingFaceConfig);
  files.set('/project/models/a/config.pbtxt', tritonConfig);
  await pickSubject('Benchmark Topology', undefined);
  expect(places()).toEqual(['models/a/config.pbtxt', 'models/b/config.json', 'tiny-sentiment']);
  expect(notes()).toEqual([]);
});

test('that there were too many files to look at them all is said', async () => {
  haveOtherConfigs(2000);
  files.set('/project/models/b/config.json', huggingFaceConfig);
  files.set('/project/models/a/config.pbtxt', tritonConfig);
  await pickSubject('Benchmark Topology', undefined);
  expect(places()).toEqual(['models/a/config.pbtxt', 'tiny-sentiment']);
  expect(notes()).toEqual(['Only the first 2000 files named config.json were looked at']);
});

test('who leaves the question waits for no more files', async () => {
  haveOtherConfigs(200);
  files.set('/project/models/a/config.pbtxt', tritonConfig);
  const left = new AbortController();
  const finding = findConfigs(left.signal);
  left.abort();
  expect(await finding).toEqual({ configs: [], cutShort: [] });
});

test('files that lie on no disk, as those of a virtual workspace, are neither read nor offered', async () => {
  const { Uri, workspace } = fakeEditor;
  const read = vi.spyOn(workspace.fs, 'readFile');
  files.set('/repository/a/config.json', huggingFaceConfig);
  files.set('/project/b/config.json', huggingFaceConfig);
  const found = ['vscode-vfs://github/repository/a/config.json', 'file:///project/b/config.json'].map((uri) =>
    Uri.parse(uri),
  );
  workspace.findFiles.mockResolvedValueOnce([]).mockResolvedValueOnce(found);
  await pickSubject('Benchmark Topology', undefined);
  expect(places()).toEqual(['b/config.json', 'tiny-sentiment']);
  expect(read.mock.calls.map(([{ fsPath }]) => fsPath)).toEqual(['/project/b/config.json']);
});

describe('the model that was answered the last time', () => {
  const last: Subject = { kind: 'config', uri: 'file:///project/models/b/config.json' };
  beforeEach(() => {
    files.set('/project/models/a/config.pbtxt', tritonConfig);
    files.set('/project/models/b/config.json', huggingFaceConfig);
  });

  test('stands first and is chosen beforehand', async () => {
    await pickSubject('Benchmark Topology', last);
    expect(places()).toEqual(['models/b/config.json', 'models/a/config.pbtxt', 'tiny-sentiment']);
    expect(pickedBefore()).toEqual(['models/b/config.json']);
    await pickSubject('Benchmark Topology', { kind: 'built-in' });
    expect(places()).toEqual(['tiny-sentiment', 'models/a/config.pbtxt', 'models/b/config.json']);
    expect(pickedBefore()).toEqual(['tiny-sentiment']);
  });

  test('is with what a question about no model begins, and the one that was picked since comes before it', async () => {
    pick = { kind: 'built-in' };
    const pickedAtEach: string[][] = [];
    const ask = async (): Promise<Answer<string>> => {
      pickedAtEach.push(pickedBefore());
      return pickedAtEach.length === 1 ? { kind: 'back' } : { kind: 'value', value: 'done' };
    };
    expect(await askAbout(undefined, 'Benchmark Topology', last, ask)).toBe('done');
    expect(pickedAtEach).toEqual([['models/b/config.json'], ['tiny-sentiment']]);
  });

  test('is not offered once it is gone', async () => {
    files.delete('/project/models/b/config.json');
    await pickSubject('Benchmark Topology', last);
    expect(places()).toEqual(['models/a/config.pbtxt', 'tiny-sentiment']);
    expect(pickedBefore()).toEqual([]);
  });

  test('gives way to the one of the active editor', async () => {
    const document = new FakeDocument('/project/models/a/config.pbtxt', tritonConfig);
    fakeEditor.window.activeTextEditor = { document };
    await chooseSubject('Upload Model Again', last);
    expect(pickedBefore()).toEqual(['models/a/config.pbtxt']);
  });
});

describe('a command that is about no editor', () => {
  const builtIn = { kind: 'built-in' } as const;
  const inEditor = (path: string, text: string): void => {
    fakeEditor.window.activeTextEditor = { document: new FakeDocument(path, text) };
  };

  test('asks for the model, with the one of the active editor chosen beforehand', async () => {
    files.set('/project/models/a/config.pbtxt', tritonConfig);
    files.set('/project/models/b/config.json', huggingFaceConfig);
    inEditor('/project/models/a/config.pbtxt', tritonConfig);
    pick = builtIn;
    expect(await chooseSubject('Upload Model Again', undefined)).toEqual(builtIn);
    expect(places()).toEqual(['models/a/config.pbtxt', 'models/b/config.json', 'tiny-sentiment']);
    expect(pickedBefore()).toEqual(['models/a/config.pbtxt']);
    pick = undefined;
    expect(await chooseSubject('Upload Model Again', undefined)).toBeUndefined();
  });

  test('offers that one also where it lies outside of the workspace', async () => {
    inEditor('/elsewhere/m/config.pbtxt', tritonConfig);
    await chooseSubject('Upload Model Again', undefined);
    expect(places()).toEqual(['/elsewhere/m/config.pbtxt', 'tiny-sentiment']);
    expect(pickedBefore()).toEqual(['/elsewhere/m/config.pbtxt']);
  });

  test('does not ask where there is one model alone, whatever else is open', async () => {
    inEditor('/project/app/config.json', '{ "port": 8080 }');
    expect(await chooseSubject('Upload Model Again', undefined)).toEqual(builtIn);
    expect(offered).toEqual([]);
  });
});
