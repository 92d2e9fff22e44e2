import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { shownWait } = await import('../../../src/extension/shownWait.ts');

const { withProgress } = fakeVscode.window;

beforeEach(() => {
  vi.clearAllMocks();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a short wait is not shown, and ends as its work does', async () => {
  expect(await shownWait('Waiting', 'waiting', async () => 'done')).toBe('done');
  await expect(shownWait('Waiting', 'waiting', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(withProgress).not.toHaveBeenCalled();
});

test('a long one is shown as long as it lasts, and can be left at once, whatever the work does', async () => {
  let isShown = true;
  withProgress.mockImplementationOnce(async (_options, work) => {
    const token = { onCancellationRequested: (listener: () => void) => setTimeout(listener, 1_000) };
    await work({}, token);
    isShown = false;
    return undefined;
  });
  let stop: AbortSignal | undefined;
  const waiting = shownWait('Looking at [a](b)', 'looking', (signal) => {
    stop = signal;
    return new Promise(() => undefined);
  });
  const left = expect(waiting).rejects.toMatchObject({ reason: 'cancelled', message: 'Cancelled while looking.' });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(withProgress.mock.lastCall?.[0]).toMatchObject({ cancellable: true });
  expect((withProgress.mock.lastCall?.[0] as { title: string }).title).not.toContain('[a](b)');
  expect([isShown, stop?.aborted]).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(500);
  await left;
  expect([isShown, stop?.aborted]).toEqual([false, true]);
});
