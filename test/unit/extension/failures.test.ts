import { beforeEach, expect, test, vi } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { createFailures } = await import('../../../src/extension/failures.ts');

const log = { info: vi.fn(), error: vi.fn(), debug: vi.fn(), show: vi.fn() };
const failures = createFailures(log as never);
const { showErrorMessage, showInformationMessage } = fakeVscode.window;
const { executeCommand } = fakeVscode.commands;

beforeEach(() => {
  vi.clearAllMocks();
});

test('that there is nothing to choose from is told as it is: no error, and no button for another try', () => {
  const nextStep = 'Deploy a topology first, or select another namespace.';
  const nothing = new BenchError({
    reason: 'nothing-there',
    message: 'Nothing is deployed in this namespace.',
    nextStep,
  });
  failures.show(nothing, 'reading the logs', () => undefined);
  expect(showInformationMessage.mock.calls).toEqual([[`Nothing is deployed in this namespace. ${nextStep}`]]);
  expect(showErrorMessage).not.toHaveBeenCalled();
  expect(log.error).not.toHaveBeenCalled();
  expect(log.info).toHaveBeenCalledWith('Nothing is deployed in this namespace.');
});

test('that a command is not for what it was called on is told as it is, too', () => {
  const itself = 'The run of Jan 2 is itself the baseline.';
  const problem = new BenchError({ reason: 'not-meant-for', message: itself, nextStep: 'Choose another run of it.' });
  failures.show(problem, 'comparing the run with the baseline', () => undefined);
  expect(showInformationMessage.mock.calls).toEqual([[`${itself} Choose another run of it.`]]);
  expect(showErrorMessage).not.toHaveBeenCalled();
  expect(log.error).not.toHaveBeenCalled();
});

test('what failed is an error, with the log, and another try where there can be one', async () => {
  const retry = vi.fn();
  showErrorMessage.mockResolvedValueOnce('Retry');
  failures.show(new BenchError({ reason: 'record-unreadable', message: 'It is damaged.' }), 'opening', retry);
  expect(showErrorMessage.mock.calls).toEqual([['It is damaged.', 'Retry', 'Show Log']]);
  await vi.waitFor(() => {
    expect(retry).toHaveBeenCalledTimes(1);
  });
  expect(showInformationMessage).not.toHaveBeenCalled();
});

test.each([
  [
    'a setting mends it',
    'image-unavailable',
    'Open Settings',
    ['workbench.action.openSettings', 'topologyBench.images'],
  ],
  ['a context must be selected first', 'context-missing', 'Select Context', ['topologyBench.selectContext']],
] as const)('where %s, a button leads there', async (_what, reason, button, command) => {
  showErrorMessage.mockResolvedValueOnce(button);
  failures.show(new BenchError({ reason, message: 'It failed.' }), 'trying');
  expect(showErrorMessage.mock.calls).toEqual([['It failed.', button, 'Show Log']]);
  await vi.waitFor(() => {
    expect(executeCommand.mock.calls).toEqual([command]);
  });
});
