import { beforeEach, expect, test, vi } from 'vitest';
import type { Subject } from '../../../src/extension/choices.ts';
import type { Answer, Choice, Note, Question } from '../../../src/extension/questions/pick.ts';
import { fakeEditor, files } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
vi.mock('../../../src/extension/questions/pick.ts', () => ({ pickOne: (question: never) => pickOne(question) }));
const { findConfigs, pickSubject } = await import('../../../src/extension/questions/subject.ts');

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
const pickOne = async (question: Question<Subject>): Promise<Answer<Subject>> => {
  offered = await question.choices(new AbortController().signal);
  return { kind: 'left' };
};
const places = (): string[] => offered.flatMap((entry) => ('label' in entry ? [entry.description ?? ''] : []));
const notes = (): string[] => offered.flatMap((entry) => ('note' in entry ? [entry.note] : []));
/** As any repository of other programs has them. */
function haveOtherConfigs(count: number): void {
  for (let number = 0; number < count; number += 1) files.set(`/project/apps/${String(number)}/config.json`, '{}');
}

beforeEach(() => {
  files.clear();
  offered = [];
});

test('models are offered however many other files are called config.json', async () => {
  haveOtherConfigs(300);
  files.set('/project/models/b/config.json', huggingFaceConfig);
  files.set('/project/models/a/config.pbtxt', tritonConfig);
  await pickSubject('Benchmark Topology');
  expect(places()).toEqual(['models/a/config.pbtxt', 'models/b/config.json', 'tiny-sentiment']);
  expect(notes()).toEqual([]);
});

test('that there were too many files to look at them all is said', async () => {
  haveOtherConfigs(2000);
  files.set('/project/models/b/config.json', huggingFaceConfig);
  files.set('/project/models/a/config.pbtxt', tritonConfig);
  await pickSubject('Benchmark Topology');
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
  await pickSubject('Benchmark Topology');
  expect(places()).toEqual(['b/config.json', 'tiny-sentiment']);
  expect(read.mock.calls.map(([{ fsPath }]) => fsPath)).toEqual(['/project/b/config.json']);
});
