import { describe, expect, it } from 'vitest';
import {
  pricePerMillionRequests,
  priceIntervalPerMillionRequests,
  requestsPerGpuHour,
} from '../../../src/core/cost.ts';
import { findKnee, type LadderLevel } from '../../../src/core/knee.ts';

const level = (
  connections: number,
  rps: number,
  reachShare = 0.02,
  valid = true,
  generatorBound = false,
): LadderLevel => ({
  connections,
  rps,
  interval: { low: rps * (1 - reachShare), high: rps * (1 + reachShare) },
  valid,
  generatorBound,
});

describe('the knee of a ladder', () => {
  it('is the first level after which the gain is confidently small', () => {
    const ladder = [level(1, 100), level(2, 190), level(4, 330), level(8, 340), level(16, 335)];
    expect(findKnee(ladder)).toEqual({ kind: 'knee', connections: 4, rps: 330 });
    expect(findKnee(ladder.toReversed())).toEqual({ kind: 'knee', connections: 4, rps: 330 });
  });

  it('is not where the intervals leave room for a gain', () => {
    expect(findKnee([level(1, 100), level(2, 190), level(4, 195, 0.1)])).toEqual({
      kind: 'not reached',
      connections: 4,
    });
  });

  it('is not reached while the rate still climbs', () => {
    expect(findKnee([level(1, 100), level(2, 190), level(4, 350)])).toEqual({ kind: 'not reached', connections: 4 });
  });

  it('puts wider steps on the scale of doublings', () => {
    // 25% more for 8 times the connections is 7.7% for each doubling.
    expect(findKnee([level(1, 100, 0.001), level(8, 125, 0.001)]).kind).toBe('knee');
    expect(findKnee([level(1, 100, 0.001), level(2, 125, 0.001)]).kind).toBe('not reached');
  });

  it('believes valid levels only', () => {
    expect(findKnee([level(1, 100), level(2, 100, 0.01, false), level(4, 300)]).kind).toBe('not reached');
    expect(findKnee([level(1, 100), level(2, 190, 0.01, false)])).toEqual({
      kind: 'unknown',
      why: 'fewer than two levels are valid',
    });
    expect(findKnee([level(1, 100), { ...level(2, 101), interval: null }]).kind).toBe('not reached');
  });
});

describe('the knee of a ladder at which the load generator had no time left', () => {
  it('is not where it set the rate: it names the generator', () => {
    const ladder = [level(1, 100), level(2, 190), level(4, 330), level(8, 335, 0.02, true, true)];
    expect(findKnee(ladder)).toEqual({ kind: 'generator', connections: 8 });
    expect(findKnee([level(1, 100, 0.02, true, true), level(2, 100)])).toEqual({ kind: 'generator', connections: 1 });
  });

  it('is still the one below it, which the server had', () => {
    const ladder = [level(1, 100), level(2, 190), level(4, 192), level(8, 335, 0.02, true, true)];
    expect(findKnee(ladder)).toEqual({ kind: 'knee', connections: 2, rps: 190 });
  });
});

describe('what requests cost', () => {
  it('counts requests for each GPU and hour', () => {
    expect(requestsPerGpuHour(100, 1)).toBe(360_000);
    expect(requestsPerGpuHour(100, 4)).toBe(90_000);
    expect(() => requestsPerGpuHour(100, 0)).toThrow(RangeError);
  });

  it('prices a million requests, and turns the limits of the rate round', () => {
    expect(pricePerMillionRequests({ requestsPerSecond: 1000, gpus: 2, pricePerGpuHour: 1.8 })).toBeCloseTo(1, 12);
    expect(pricePerMillionRequests({ requestsPerSecond: 0, gpus: 1, pricePerGpuHour: 1 })).toBeNull();
    const interval = priceIntervalPerMillionRequests({
      requestsPerSecond: { low: 500, high: 1000 },
      gpus: 1,
      pricePerGpuHour: 3.6,
    });
    expect(interval).toEqual({ low: 1, high: 2 });
    expect(
      priceIntervalPerMillionRequests({ requestsPerSecond: { low: 0, high: 1000 }, gpus: 1, pricePerGpuHour: 3.6 }),
    ).toEqual({ low: 1, high: null });
  });
});
