import { describe, expect, it } from 'vitest';
import { notAtRest } from '../../../src/core/counterValidity.ts';
import { generatorDelay } from '../../../src/core/generatorBound.ts';
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
  return judgedAt(1_000, change, reasons);
}

/** @param boundMs of p95 */
function judgedAt(boundMs: number, change: Partial<PhaseMeasurement>, reasons: readonly string[] = []): Judged {
  const changed = { ...measurement, ...change };
  const own = judgeMeasurement(changed);
  const validity = { ...own, valid: own.valid && reasons.length === 0, reasons: [...own.reasons, ...reasons] };
  return judgeTrial({ measurement: changed, validity }, boundMs, 10_000);
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

  it('says nothing of the server that was still at work on the trial before, however slow it was', () => {
    expect(judged({}, [notAtRest])).toEqual({ verdict: 'not known', doubts: [notAtRest] });
    expect(judgedAt(1, {}, [notAtRest]).verdict).toBe('not known');
    const failing = { requests: { ...requests, errors: requests.ok, ok: 0 } };
    expect(judgedAt(1, failing, [notAtRest]).verdict).toBe('not known');
  });

  it('says nothing of the server where one request found no room, and something else is wrong', () => {
    const unsent = { schedule: { scheduled: requests.sent + 1, late: 0, unsent: 1 } };
    expect(judged(unsent, ["Triton's counters could not be read"]).verdict).toBe('not known');
    expect(judged(unsent).verdict).toBe('kept');
  });

  it('says nothing of the server that was too slow beside a generator without CPU time, and is fast enough all the same', () => {
    const busy = { generator: { ...generator, cpuSeconds: 0.95 * trial.durationSeconds } };
    expect(judgedAt(1, {})).toEqual({ verdict: 'missed' });
    expect(judgedAt(1, busy)).toEqual({ verdict: 'not known', doubts: [generatorDelay], byGenerator: true });
    expect(judged(busy).verdict).toBe('kept');
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
