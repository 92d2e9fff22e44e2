import { expect, it } from 'vitest';
import { minimumSamples } from '../../../src/core/statistics.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import type { Repetition } from '../load/truthRun.ts';
import { isClose, suiteFails } from '../load/truthTolerance.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

it('a suite fails as often as the shares of its quantiles say, and never seen is not never', () => {
  // By numerical integration of x^8 over Beta(0.5, 12.5), Beta(3.5, 9.5) and Beta(12.5, 0.5).
  expect(suiteFails([{ missed: 0, of: 12 }])).toBeCloseTo(1.56e-6, 8);
  expect(suiteFails([{ missed: 3, of: 12 }])).toBeCloseTo(7.05e-4, 5);
  expect(suiteFails([{ missed: 12, of: 12 }])).toBeCloseTo(0.777, 2);
  // Of many cases: the sum.
  expect(suiteFails(Array.from({ length: 60 }, () => ({ missed: 0, of: 12 })))).toBeCloseTo(60 * 1.56e-6, 6);
  expect(suiteFails([{ missed: 6, of: 12 }], 1)).toBe(0.5);
});

it('an engine that tells no quantile though it has samples enough for it is not close to the truth', () => {
  const level = { name: 'c1', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 5 } as const;
  const { measurement } = samplePhase(samplePlan(), sampleTopologies.fastapi, level, 1);
  const silent = (ok: number): Repetition => ({
    measured: {
      ...measurement,
      requests: { ...measurement.requests, ok },
      latency: { ...measurement.latency, p50Ms: null, p95Ms: null, p99Ms: null },
    },
    entries: [],
    truthMs: [1, 2, 3],
    arrivalDelaysMs: [],
  });
  for (const [quantile, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    expect(isClose(silent(minimumSamples(share) - 1), 'open', quantile)).toBe(true);
    expect(isClose(silent(minimumSamples(share)), 'open', quantile)).toBe(false);
  }
});
