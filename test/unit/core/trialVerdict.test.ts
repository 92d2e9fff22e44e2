import { describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import { judgeTrial, type Judged } from '../../../src/core/sloLatency.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const trial = {
  name: 'trial 200/s',
  kind: 'measured',
  loop: 'open',
  ratePerSecond: 200,
  arrivals: 'poisson',
  maxInFlight: 1024,
  durationSeconds: 5,
} as const;
const { measurement } = samplePhase(samplePlan(), sampleTopologies.fastapi, trial, 1);
const { requests, generator } = measurement;

function judged(change: Partial<PhaseMeasurement>, reasons: readonly string[] = []): Judged {
  const changed = { ...measurement, ...change };
  const own = judgeMeasurement(changed);
  const validity = { ...own, valid: own.valid && reasons.length === 0, reasons: [...own.reasons, ...reasons] };
  return judgeTrial({ measurement: changed, validity }, 1_000, 10_000);
}

function verdict(change: Partial<PhaseMeasurement>): Judged['verdict'] {
  return judged(change).verdict;
}

/** The same requests answered, and more than that sent. */
function behindBy(unanswered: number): Partial<PhaseMeasurement> {
  const sent = requests.ok + unanswered;
  return {
    requests: { ...requests, sent, inFlight: unanswered },
    schedule: { scheduled: sent, late: 0, unsent: 0 },
  };
}

describe('a trial whose answers were all fast enough', () => {
  it('kept the bound', () => {
    expect(verdict({})).toBe('kept');
  });

  it('missed it where the server did not keep up with the rate: those that it did not answer in time are not among them', () => {
    expect(verdict(behindBy(Math.round(0.04 * requests.ok)))).toBe('missed');
    expect(verdict(behindBy(requests.ok))).toBe('missed');
  });

  it('says nothing of the server where it began with what the trial before had left behind', () => {
    const left = (givenUpBefore: number): Partial<PhaseMeasurement> => ({ generator: { ...generator, givenUpBefore } });
    expect(verdict(left(Math.ceil(requests.sent * 0.01) + 1))).toBe('not known');
    // As many as may fail.
    expect(verdict(left(1))).toBe('kept');
  });

  it('says nothing of the server where the generator stood still', () => {
    expect(verdict({ generator: { ...generator, stalledMs: 300 } })).toBe('not known');
  });

  it('says why it says nothing, be that the generator or the server', () => {
    const unstable = 'unstable: over the thirds of the phase p95 was 20.1, then 30.2, then 40.3 ms';
    expect(judged({}, [unstable])).toEqual({ verdict: 'not known', doubts: [unstable] });
    expect(judged({ generator: { ...generator, stalledMs: 300 } }, [unstable])).toEqual({
      verdict: 'not known',
      doubts: [expect.stringMatching(/^the load generator was late: it stood still for 300 ms/u)],
      byGenerator: true,
    });
    expect(judged({ generator: { ...generator, givenUpBefore: requests.sent } })).toEqual({
      verdict: 'not known',
      doubts: [expect.stringMatching(/^\d+ requests of the phase before were never answered: /u)],
    });
  });
});
