import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createServerClock } from '../../../src/kubernetes/serverClock.ts';

const hour = 3_600_000;
const here = Date.parse('2026-11-22T12:00:00Z');
const there = Date.parse('2026-11-22T12:00:30Z');

describe("the API server's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: here, toFake: ['Date', 'performance', 'setTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is this machine's until an answer was heard, and then goes on from what it said", () => {
    const clock = createServerClock();
    expect(clock.now()).toBe(here);
    clock.heard(there);
    vi.advanceTimersByTime(5_000);
    expect(clock.now()).toBe(there + 5_000);
  });

  it('goes on when the clock of this machine is set back', () => {
    const clock = createServerClock();
    clock.heard(there);
    vi.setSystemTime(here - hour);
    vi.advanceTimersByTime(5_000);
    expect(clock.now()).toBe(there + 5_000);
  });

  it('has gone on while this machine slept, and its steady clock with it', () => {
    const clock = createServerClock();
    clock.heard(there);
    vi.setSystemTime(here + hour);
    expect(clock.now()).toBe(there + hour);
  });
});
