import { describe, expect, it } from 'vitest';
import {
  coverageTable,
  exemptionList,
  exemptionOf,
  failedRows,
  judgeCoverage,
  type CoverageRow,
} from '../../support/coverageReport.ts';
import { likenessSeconds } from '../../support/phaseSimulation.ts';

const row = (parts: Partial<CoverageRow>): CoverageRow => ({
  simulation: 'lognormal',
  seconds: 5,
  rps: 200,
  statistic: 'p95Ms',
  phases: 2000,
  given: 2000,
  covered: 1900,
  meanWidth: 0.123,
  ...parts,
});

describe('the judgement of the coverage simulation', () => {
  it('is two-sided, and leaves room for the chance of the simulation alone', () => {
    expect(judgeCoverage(1900, 2000)).toBe('within');
    // By hand: 93% less 3.1 times 0.571% is 91.23%; 97% and 3.1 times 0.381% are 98.18%.
    expect(judgeCoverage(1825, 2000)).toBe('within');
    expect(judgeCoverage(1824, 2000)).toBe('too few');
    expect(judgeCoverage(1963, 2000)).toBe('within');
    expect(judgeCoverage(1964, 2000)).toBe('too many');
    // So few phases cannot tell 100% from 97%.
    expect(judgeCoverage(20, 20)).toBe('within');
  });

  it('exempts what is alike for longer than a fiftieth of the phase, and what seldom gets an interval, and says so', () => {
    // By hand: likeness of 0.99 falls to 1/e in 99.5 requests.
    expect(likenessSeconds('AR(1) 0.99', 200)).toBeCloseTo(0.4975, 4);
    expect(likenessSeconds('rate drifts 300 ms', 200)).toBe(0.3);
    expect(likenessSeconds('bimodal 3%', 200)).toBe(0);
    const long = row({ simulation: 'AR(1) 0.99', covered: 1600 });
    expect(exemptionOf(long)).toMatch(/^likeness reaches further than a fiftieth/);
    expect(exemptionOf({ ...long, statistic: 'rps' })).toBeUndefined();
    expect(exemptionOf(row({ simulation: 'AR(1) 0.99', seconds: 60 }))).toBeUndefined();
    // 97 ms of 5 s: within a fiftieth, and not within a hundredth.
    expect(exemptionOf(row({ simulation: 'AR(1) 0.95', statistic: 'p50Ms' }))).toBeUndefined();
    expect(exemptionOf(row({ simulation: 'AR(1) 0.95' }))).toMatch(/^likeness/);
    expect(exemptionOf(row({ given: 999, covered: 900 }))).toMatch(/^fewer than half/);
    const narrow = { meanWidth: 0.009, covered: 1999 };
    expect(exemptionOf(row(narrow))).toMatch(/^it is less than ten slots/);
    expect(failedRows([row({ ...narrow, statistic: 'rps' }), row({ ...narrow, covered: 1700 })])).toHaveLength(2);
    const bad = row({ statistic: 'rps', covered: 1700 });
    expect(failedRows([row({}), long, bad])).toEqual([bad]);
    expect(exemptionList([row({}), long, bad])).toBe(
      '- Not held to it, because likeness reaches further than a fiftieth of the phase (for p95 a hundredth, for p99 a three-hundredth), which is more than the intervals are made for: AR(1) 0.99 at 200/s for 5 s (p95).\n' +
        '- Outside: lognormal at 200/s for 5 s (RPS).',
    );
  });

  it('stands in the table: outside in bold, exempt in parentheses', () => {
    const table = coverageTable([
      row({ statistic: 'p50Ms' }),
      row({ covered: 1700 }),
      row({ statistic: 'p99Ms', given: 0, covered: 0 }),
      row({ statistic: 'rps', given: 800, covered: 780 }),
    ]);
    expect(table.split('\n')).toEqual([
      '| load | RPS | seconds | p50 | p95 | p99 | RPS |',
      '| :-- | --: | --: | --: | --: | --: | --: |',
      '| lognormal | 200 | 5 | 95.0 / 100, 12.3 | **85.0** / 100, 12.3 | – / 0 | (97.5 / 40, 12.3) |',
    ]);
  });
});
