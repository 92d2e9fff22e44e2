import { describe, expect, it } from 'vitest';
import { cancelledEarlyText, cancelledText } from '../../../src/core/view/cancelledRun.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import { failedResult, sampleLocalPlan, sampleRecord, type SampleOptions } from '../../support/sampleRecord.ts';

const cancelledIn = (options: SampleOptions = {}): ReturnType<typeof measuredRecord> =>
  measuredRecord(sampleRecord({ record: { status: 'cancelled' }, ...options }));

describe('a run that was cancelled', () => {
  it('says of each topology what was measured until then', () => {
    const measured = cancelledIn({
      change: (result) => {
        if (result.topology.name === 'fastapi') return result;
        if (result.topology.name === 'hybrid') return failedResult(result);
        const { failure } = failedResult(result, 'cancelled');
        return { ...result, status: 'cancelled', phases: result.phases.slice(0, 4), failure };
      },
    });
    expect(cancelledText(measured, null)).toBe(
      'Measured until then: fastapi in full; triton 1 of 3 levels; hybrid failed.',
    );
  });

  it('says what became of what it made, as far as that is known', () => {
    expect(cancelledText(cancelledIn(), true)).toMatch(/ What it had made on the cluster was removed\.$/u);
    expect(cancelledText(cancelledIn(), false)).toMatch(
      / may still be on the cluster: run "Topology Bench: Clean Up"\.$/u,
    );
    expect(cancelledText(cancelledIn({ plan: sampleLocalPlan() }), true)).toMatch(
      / Its servers and its load have ended\.$/u,
    );
    expect(cancelledText(cancelledIn(), null)).toMatch(/hybrid in full\.$/u);
  });

  it('says, where it has no figure, whether anything had been made', () => {
    const how = { begun: true, target: 'kubernetes', cleanedUp: true } as const;
    expect(cancelledEarlyText(how)).toBe(
      'No load was measured to its end, so there are no figures. What it had made on the cluster was removed.',
    );
    expect(cancelledEarlyText({ ...how, begun: false })).toMatch(/: nothing was made, and nothing was measured\.$/u);
  });
});
