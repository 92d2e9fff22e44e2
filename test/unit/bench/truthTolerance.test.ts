import { describe, expect, it } from 'vitest';
import { minimumSamples } from '../../../src/core/statistics.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import { type Quantiles, quantilesOf, type Repetition } from '../load/truthRun.ts';
import { isAsSeen, isBelow, isNear, quantileNames } from '../load/truthTolerance.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const level = { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 5 } as const;
const { measurement } = samplePhase(samplePlan(), sampleTopologies.fastapi, level, 1);

/** What an engine told of as many successes as were seen at its sockets. */
function told(quantiles: Partial<Quantiles>, accounts: Pick<Repetition, 'servedMs' | 'seenMs'>): Repetition {
  const { p50 = null, p95 = null, p99 = null } = quantiles;
  return {
    measured: {
      ...measurement,
      requests: { ...measurement.requests, ok: accounts.seenMs.length },
      latency: { ...measurement.latency, p50Ms: p50, p95Ms: p95, p99Ms: p99 },
    },
    entries: [],
    seen: [],
    ...accounts,
  };
}

/** 800 requests of 10 to 12 ms. */
const servedMs = Array.from({ length: 800 }, (_, index) => 10 + index / 400);
const quiet = { servedMs, seenMs: servedMs.map((ms) => ms + 0.2) };
/** Every tenth answer was read late by 40 ms. */
const paused = {
  servedMs,
  seenMs: servedMs.map((ms, index) => ms + (index % 10 === 9 ? 40 : 0.2)).sort((a, b) => a - b),
};
const shifted = ({ p50, p95, p99 }: Quantiles, ms: number): Quantiles => ({
  p50: p50 + ms,
  p95: p95 + ms,
  p99: p99 + ms,
});

describe('what the instrument is held to', () => {
  it.each([
    ['on a quiet machine', quiet],
    ['on one with pauses', paused],
  ])('lets pass what was seen at the sockets, %s', (_name, accounts) => {
    const right = told(shifted(quantilesOf(accounts.seenMs), 0.05), accounts);
    for (const quantile of quantileNames) {
      expect(isAsSeen(right, quantile)).toBe(true);
      expect(isBelow(right, quantile)).toBe(false);
    }
    expect(isNear(right)).toBe(true);
  });

  it.each([
    ['on a quiet machine', quiet],
    ['on one with pauses', paused],
  ])('finds what counts from the wrong moment by 3 ms, %s', (_name, accounts) => {
    const [early, late] = [-3, 3].map((ms) => told(shifted(quantilesOf(accounts.seenMs), ms), accounts));
    if (early === undefined || late === undefined) throw new Error('nothing was told');
    for (const quantile of quantileNames) {
      expect(isAsSeen(early, quantile)).toBe(false);
      expect(isAsSeen(late, quantile)).toBe(false);
    }
    // Pauses hide it from the server's account in the tail, and never at the median.
    expect(isBelow(early, 'p50')).toBe(true);
  });

  it('finds what reads each answer late by itself, which is seen at the sockets, too', () => {
    const seenMs = servedMs.map((ms) => ms + 3);
    const late = told(quantilesOf(seenMs), { servedMs, seenMs });
    expect(quantileNames.every((quantile) => isAsSeen(late, quantile))).toBe(true);
    expect(isNear(late)).toBe(false);
  });

  it('finds a quantile that is read from the wrong rank', () => {
    const right = quantilesOf(quiet.seenMs);
    expect(isAsSeen(told({ ...right, p95: right.p50 }, quiet), 'p95')).toBe(false);
    expect(isAsSeen(told({ ...right, p95: right.p99 + 1 }, quiet), 'p95')).toBe(false);
    expect(isBelow(told({ ...right, p99: right.p50 }, quiet), 'p99')).toBe(true);
  });

  it('finds an engine that tells no quantile though it has samples enough for it', () => {
    for (const [quantile, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const silent = (count: number): Repetition =>
        told({}, { servedMs, seenMs: Array.from({ length: count }, () => 10) });
      expect(isAsSeen(silent(minimumSamples(share) - 1), quantile)).toBe(true);
      expect(isAsSeen(silent(minimumSamples(share)), quantile)).toBe(false);
    }
  });
});
