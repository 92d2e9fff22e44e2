import { expect, test } from 'vitest';
import type * as vscode from 'vscode';
import type { Engine } from '../../../src/extension/engine.ts';
import { Hold } from '../../../src/extension/hold.ts';

test('a window that asks while it is being answered waits for that answer, and keeps what it has won', async () => {
  const answers: ((isOurs: boolean) => void)[] = [];
  const engine = {
    takeHold: () => new Promise<boolean>((resolve) => answers.push(resolve)),
    processOf: async () => ({ pid: 7, startedAt: null }),
    isRunning: async () => false,
    releaseHold: () => undefined,
  } as unknown as Engine;
  const hold = new Hold(engine, '/journal', 'mine', {} as vscode.LogOutputChannel);
  const taken = [hold.take(), hold.take()];
  await expect.poll(() => answers.length).toBeGreaterThan(0);
  // The second to be asked would find that another one was faster, namely this window.
  answers.forEach((answer, index) => {
    answer(index === 0);
  });
  expect(await Promise.all(taken)).toEqual([true, true]);
  expect(hold.isOurs).toBe(true);

  const later = hold.take();
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.(false);
  expect(await later).toBe(false);
  expect(hold.isOurs).toBe(false);
});
