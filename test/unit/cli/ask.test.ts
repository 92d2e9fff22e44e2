import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirmed } from '../../../src/cli/ask.ts';
import type { CliContext } from '../../../src/cli/context.ts';

function ask(signal = new AbortController().signal): { stdin: PassThrough; answer: Promise<boolean> } {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const context = { stdin, stderr, signal } as unknown as CliContext;
  return { stdin, answer: confirmed('Remove 3?', 'asking', context) };
}

describe('a question on the terminal', () => {
  it.each([
    ['y', true],
    ['YES', true],
    ['', false],
    ['yesterday', false],
  ])('%j is %s', async (text, yes) => {
    const { stdin, answer } = ask();
    stdin.write(`${text}\n`);
    expect(await answer).toBe(yes);
  });

  it('is answered with no by the end of the input, and by a terminal that is closed', async () => {
    const ended = ask();
    ended.stdin.end();
    expect(await ended.answer).toBe(false);
    const closed = ask();
    closed.stdin.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' }));
    expect(await closed.answer).toBe(false);
  });

  it('is cancelled by Ctrl-C as a key, and by a signal', async () => {
    const { stdin, answer } = ask();
    stdin.write('\u0003');
    await expect(answer).rejects.toMatchObject({ reason: 'cancelled' });
    const controller = new AbortController();
    const asked = ask(controller.signal);
    controller.abort();
    await expect(asked.answer).rejects.toMatchObject({ reason: 'cancelled' });
  });
});
