import { describe, expect, it } from 'vitest';
import { profileOf } from '../../../src/core/profiles.ts';
import { cancelledEarlyText, cancelledText } from '../../../src/core/view/cancelledRun.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import {
  failedResult,
  sampleLocalPlan,
  samplePlan,
  sampleRecord,
  type SampleOptions,
} from '../../support/sampleRecord.ts';

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

  it('counts the levels of a ladder once, however many turns measured them, and the trials of a search for a rate', () => {
    const searching = (profile: 'ladder' | 'server', turns: number): string => {
      const plan = samplePlan();
      const { search } = profileOf(profile);
      const measured = cancelledIn({
        plan: { ...plan, load: { ...plan.load, search, repetitions: turns } },
        change: (result) => ({
          ...result,
          status: 'cancelled',
          combined: null,
          phases: Array.from({ length: turns }, (_none, turn) =>
            result.phases.map((phase) => ({ ...phase, repetition: turn + 1 })),
          ).flat(),
        }),
      });
      return cancelledText(measured, null).replace(/;.*/u, '');
    };
    expect(searching('ladder', 1)).toBe('Measured until then: fastapi at 3 levels');
    expect(searching('ladder', 3)).toBe('Measured until then: fastapi at 3 levels over 3 turns');
    expect(searching('server', 1)).toBe('Measured until then: fastapi in 3 trials');
    expect(searching('server', 2)).toBe('Measured until then: fastapi in 6 trials over 2 turns');
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
