/** What is marked in a model config, and which ones the explorer's menu offers a benchmark on. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TextDocument } from 'vscode';
import { contextKeys } from '../../../src/extension/contributions.ts';
import { documentOpened, FakeDocument, fakeEditor, files, haveOpen, marks } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
const { Diagnostics } = await import('../../../src/extension/diagnostics.ts');
const { modelOfFile, readDocument } = await import('../../../src/extension/modelDocument.ts');
const { modelCheck } = await import('../../../src/extension/modelCheck.ts');

const classifier = JSON.stringify({
  model_type: 'distilbert',
  architectures: ['DistilBertForSequenceClassification'],
});
const hints = { of: () => [], onDidChange: () => ({ dispose: () => undefined }) };
const told = (): unknown[] =>
  fakeEditor.commands.executeCommand.mock.calls.flatMap(([name, key, value]) =>
    name === 'setContext' && key === contextKeys.modelConfigs ? [value] : [],
  );

beforeEach(() => {
  vi.clearAllMocks();
  vi.useFakeTimers();
});
afterEach(() => {
  fakeEditor.env.remoteName = undefined;
  haveOpen();
  vi.useRealTimers();
});

test('it knows the models by their text, with lenses or without, and forgets one that is none any more', async () => {
  const model = new FakeDocument('/project/distilbert/config.json', classifier);
  haveOpen(model);
  const marks = new Diagnostics('test', modelCheck(hints), { note: vi.fn() });
  expect(told()).toEqual([['/project/distilbert/config.json']]);
  documentOpened.fire(new FakeDocument('/project/website/config.json', '{ "port": 8080 }'));
  expect(told()).toHaveLength(1);
  model.type('{}');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told()).toEqual([['/project/distilbert/config.json'], undefined]);
  model.type(classifier);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told()).toHaveLength(3);
  marks.dispose();
});

test('in a remote window a path is told as a client on Windows writes it, too', () => {
  fakeEditor.env.remoteName = 'wsl';
  haveOpen(new FakeDocument('/project/remote/config.json', classifier));
  new Diagnostics('test', modelCheck(hints), { note: vi.fn() }).dispose();
  expect(told()).toEqual([['/project/remote/config.json', '\\project\\remote\\config.json']]);
});

describe('a byte order mark, which the text of a document does not have,', () => {
  const pbtxt = `name: "m"
max_batch_size: "8"
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }, { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] } ]
`;
  const checked = (document: FakeDocument): readonly (readonly [string, number, number])[] => {
    haveOpen(document);
    const diagnostics = new Diagnostics('test', modelCheck(hints), { note: vi.fn() });
    const found = (marks.get(document.fileName) ?? []).map(
      ({ message, range: { start } }) => [message, start.line, start.character] as const,
    );
    diagnostics.dispose();
    return found;
  };

  test.each([
    ['config.pbtxt', pbtxt.replace('"8"', '8'), 'utf8bom', 'Triton refuses it'],
    ['config.pbtxt', pbtxt.replace('"8"', '8'), 'utf16le', 'Triton refuses it'],
    ['config.json', classifier, 'utf8bom', 'transformers refuses it'],
  ])('is marked where %s begins', (name, text, encoding, message) => {
    const document = new FakeDocument(`/project/marked/${name}`, text);
    expect(checked(document)).toEqual([]);
    document.encoding = encoding;
    expect(checked(document)).toEqual([[expect.stringContaining(message), 0, 0]]);
    document.encoding = 'utf8';
    expect(checked(document)).toEqual([]);
  });

  test('moves no other mark and no lens', () => {
    const document = new FakeDocument('/project/marked/config.pbtxt', pbtxt);
    document.encoding = 'utf8bom';
    expect(checked(document)).toMatchObject([
      [expect.stringContaining('byte order mark'), 0, 0],
      [expect.stringContaining('whole number'), 1, 16],
    ]);
    const { model, text } = readDocument(document as unknown as TextDocument);
    expect(text.slice(model?.lensOffset)).toBe(pbtxt);
  });

  test('is no other model, and of what is none it is no problem', async () => {
    files.set('/project/marked/config.json', `\uFEFF${classifier}`);
    expect((await modelOfFile('/project/marked/config.json'))?.task).toBe('text-classification');
    const settings = new FakeDocument('/project/marked/config.json', '{ "port": 8080 }');
    settings.encoding = 'utf8bom';
    expect(checked(settings)).toEqual([]);
  });
});
