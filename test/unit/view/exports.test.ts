import { describe, expect, it } from 'vitest';
import { chartSource } from '../../../src/core/view/chartSource.ts';
import { exportName } from '../../../src/core/view/exportName.ts';
import { measuredRecord, measuredState } from '../../../src/core/view/measured.ts';
import { sampleEndpointPlan } from '../../support/sampleEndpoint.ts';
import { samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';

describe('the name of an export', () => {
  const id = '20260102-093000-5a3e';

  it('says what was measured, when, and which part of it this is', () => {
    expect(exportName(samplePlan(), id, 'csv')).toBe('tiny-sentiment-20260102-093000-5a3e.csv');
    expect(exportName(sampleEndpointPlan(), id, 'png', 'Throughput over time at 200 requests/s (Poisson)')).toBe(
      'checkout-20260102-093000-5a3e-throughput-over-time-at-200-requests-s-poisson.png',
    );
  });

  it('is short and plain, whatever the part is called', () => {
    expect(exportName(samplePlan(), id, 'png', '../../é\\:*?"<>|')).toBe(`tiny-sentiment-${id}.png`);
    expect(exportName(samplePlan(), id, 'png', 'x'.repeat(500)).length).toBeLessThan(130);
  });
});

describe('what stands below the picture of a chart', () => {
  it('is what was measured, from where, when, and in which run', () => {
    expect(chartSource(measuredRecord(sampleRecord()))).toEqual([
      'tiny-sentiment · quick · load from inside the cluster · 2026-01-02 09:30 UTC · run 20260102-093000-5a3e',
    ]);
  });

  it('names what must not be believed', () => {
    const plan = samplePlan();
    const lines = chartSource(
      measuredRecord(
        sampleRecord({
          plan: { ...plan, load: { ...plan.load, vantage: 'this-machine' } },
          change: (result) => ({
            ...result,
            phases: result.phases.map((phase) => ({
              ...phase,
              validity: { valid: phase.name !== 'c32' || result.topology.name === 'hybrid', reasons: [], caveats: [] },
            })),
          }),
          record: { sameAnswers: { verdict: 'differed', detail: 'one label' } },
        }),
      ),
    );
    expect(lines.slice(1)).toEqual([
      'Smoke test only: the load came through a port-forward.',
      'The answers differed, so the topologies cannot be compared.',
      'Not valid: fastapi at 32 connections and triton at 32 connections.',
    ]);
  });

  it('says that a run is under way', () => {
    expect(chartSource(measuredState(sampleState(sampleRecord(), 'loading')))[0]).toMatch(/ · under way$/u);
  });
});
