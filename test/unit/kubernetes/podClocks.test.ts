import { describe, expect, it } from 'vitest';
import { type ClockReading, clockSkew } from '../../../src/kubernetes/podClocks.ts';

const read = (podMs: number, afterMs: number, beforeMs: number): ClockReading => ({ podMs, afterMs, beforeMs });

describe('the clocks of pods', () => {
  it('are one on one node', () => {
    expect(clockSkew([])).toEqual({ leastMs: 0, mostMs: 0 });
    expect(clockSkew([[]])).toEqual({ leastMs: 0, mostMs: 0 });
  });

  it('are not found to differ by less than what it takes to read them, and may differ by all of that', () => {
    expect(clockSkew([[read(1_000, 0, 100)], [read(1_080, 20, 90)]])).toEqual({ leastMs: 0, mostMs: 161 });
  });

  it('differ at least by what cannot be the way there and back', () => {
    // The first is 900 to 1001 ahead of this machine, the second 2950 to 3001.
    expect(clockSkew([[read(1_000, 0, 100)], [read(3_000, 0, 50)]])).toEqual({ leastMs: 1_949, mostMs: 2_101 });
  });

  it('are known the better, the shorter one of their readings took', () => {
    const long = read(1_050, 0, 100);
    expect(
      clockSkew([
        [long, read(1_202, 200, 204)],
        [long, read(1_302, 300, 305)],
      ]),
    ).toEqual({
      leastMs: 0,
      mostMs: 6,
    });
  });

  it('are not known where one was not read, or was set between two readings', () => {
    expect(clockSkew([[read(1_000, 0, 100)], []])).toBeNull();
    expect(clockSkew([[read(1_000, 0, 10), read(5_000, 20, 30)], [read(1_000, 0, 10)]])).toBeNull();
  });
});
