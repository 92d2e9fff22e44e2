import { describe, expect, it } from 'vitest';
import { startRunTimes } from '../../../src/core/runTimes.ts';
import { SettableClock } from '../../support/settableClock.ts';

const hour = 3_600_000;

describe('the times of a run', () => {
  async function minuteWith(setMs: number): Promise<{ lengthMs: number; warning: string | null }> {
    const clock = new SettableClock();
    const times = startRunTimes(clock);
    await clock.sleep(20_000);
    clock.set(setMs);
    await clock.sleep(40_000);
    const { endedAt, warning } = times.end();
    return { lengthMs: Date.parse(endedAt) - Date.parse(times.startedAt), warning };
  }

  it.each([0, 1_900, -1_900])('are its start and end, and no word is lost on a drift of %d ms', async (driftMs) => {
    expect(await minuteWith(driftMs)).toEqual({ lengthMs: 60_000 + Math.max(0, driftMs), warning: null });
  });

  it('are its start and its length when the clock was set back, and say so', async () => {
    const { lengthMs, warning } = await minuteWith(-hour);
    expect(lengthMs).toBe(60_000);
    expect(warning).toMatch(/^This machine's clock was set back by 3600\.0 s while the run was under way/);
  });

  it('are its start and the present when the clock went ahead, and say so', async () => {
    const { lengthMs, warning } = await minuteWith(hour);
    expect(lengthMs).toBe(hour + 60_000);
    expect(warning).toMatch(/^This machine's clock went ahead by 3600\.0 s .* it was set, or the machine slept/);
  });
});
