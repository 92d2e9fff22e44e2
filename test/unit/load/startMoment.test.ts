import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilMoment } from '../../../src/load/phase.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const never = new AbortController().signal;

describe('the moment at which several workers start', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** How long a worker waits for it. */
  async function waitMs(atMs: number | null): Promise<number> {
    const begin = performance.now();
    let waited: number | undefined;
    void untilMoment(atMs, never).then(() => {
      waited = performance.now() - begin;
    });
    await vi.advanceTimersByTimeAsync(7_200_000);
    if (waited === undefined) throw new Error('still waiting after two hours');
    return waited;
  }

  it.each<[string, number | null, number]>([
    ['is waited for', now + 3_000, 3_000],
    ['is at once when it has passed', now - 3_000, 0],
    ['is at once when none is named', null, 0],
    [
      'is not waited for any longer than a start ever takes, since the clock was set after it was named',
      now + 3_600_000,
      10_000,
    ],
  ])('%s', async (_name, atMs, wanted) => {
    expect(await waitMs(atMs)).toBe(wanted);
  });

  it('does not move when the clock is set while it is waited for', async () => {
    const begin = performance.now();
    const waiting = untilMoment(now + 3_000, never).then(() => performance.now() - begin);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.setSystemTime(now - 3_600_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await waiting).toBe(3_000);
  });
});
