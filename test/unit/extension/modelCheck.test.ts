/** Which configs the explorer's menu offers a benchmark on. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { contextKeys } from '../../../src/extension/contributions.ts';
import { documentOpened, FakeDocument, fakeEditor, haveOpen } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
const { Diagnostics } = await import('../../../src/extension/diagnostics.ts');
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
