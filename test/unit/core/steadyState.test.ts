import { describe, expect, it } from 'vitest';
import { steadyState } from '../../../src/core/steadyState.ts';
import type { TimeWindows } from '../../../src/core/windows.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import { createWindowRecorder } from '../../../src/load/windowRecorder.ts';
import { normal, simulatedWindows, simulations } from '../../support/phaseSimulation.ts';

/** 5 s of load whose rate and latency change with the share of the phase that is over. */
function changing(rps: (share: number) => number, latencyMs: (share: number) => number, seed = 1): TimeWindows {
  const random = seededRandom(seed);
  const recorder = createWindowRecorder(5);
  for (let atMs = 0; ;) {
    atMs -= (Math.log(1 - random()) * 1000) / rps(atMs / 5000);
    if (atMs >= 5000) return recorder.finish(5000);
    recorder.succeeded(atMs, latencyMs(atMs / 5000) * Math.exp(0.2 * normal(random)));
  }
}

const quantities = (windows: TimeWindows): string[] => {
  const judged = steadyState(windows);
  return judged.state === 'unstable' ? judged.quantities.map(({ quantity }) => quantity) : [];
};

describe('the steady state of a phase', () => {
  it.each(['lognormal', 'bimodal 3%', 'AR(1) 0.8', 'closed loop', 'one server'] as const)(
    'is not denied to steady %s load',
    (name) => {
      // One alarm in a hundred is meant; 12 and more of 300 come in fewer than one of 5000 tries.
      let alarms = 0;
      for (let seed = 0; seed < 300; seed += 1) {
        if (steadyState(simulatedWindows(simulations[name], seed, 5, 200)).state !== 'steady') alarms += 1;
      }
      expect(alarms).toBeLessThan(12);
    },
  );

  it('is denied to a level that changes, and says which', () => {
    expect(
      quantities(
        changing(
          () => 600,
          (share) => 10 * (1 + 0.4 * share),
        ),
      ),
    ).toEqual(['p50', 'p95']);
    expect(
      quantities(
        changing(
          (share) => 600 * (1 + 0.6 * share),
          () => 10,
        ),
      ),
    ).toEqual(['RPS']);
    expect(
      quantities(
        changing(
          () => 600,
          (share) => (share > 0.7 ? 20 : 10),
        ),
      ),
    ).toEqual(['p50', 'p95']);
  });

  it('allows ten percent', () => {
    expect(
      steadyState(
        changing(
          () => 5000,
          (share) => 10 * (1 + 0.1 * share),
        ),
      ),
    ).toEqual({ state: 'steady', byChance: [], notJudged: [] });
    expect(
      quantities(
        changing(
          () => 5000,
          (share) => 10 * (1 + 0.25 * share),
        ),
      ),
    ).toEqual(['p50', 'p95']);
  });

  it('gives the thirds in their own units', () => {
    const judged = steadyState(
      changing(
        (share) => (share < 2 / 3 ? 600 : 900),
        () => 10,
      ),
    );
    if (judged.state !== 'unstable') throw new Error('It should be unstable.');
    const [first, , third] = judged.quantities[0]?.values ?? [];
    expect(first).toBeGreaterThan(550);
    expect(first).toBeLessThan(650);
    expect(third).toBeGreaterThan(830);
    expect(third).toBeLessThan(970);
  });

  it('says what differs by more than ten percent, as chance may have it, and what it has too few requests to judge', () => {
    // 40 requests a third: p95 needs 90, and the levels of so few differ by chance.
    const few = changing(
      () => 24,
      () => 10,
    );
    const judged = steadyState(few);
    expect(judged).toMatchObject({ state: 'steady', notJudged: ['p95'] });
    if (judged.state !== 'steady') return;
    const [rate] = judged.byChance;
    expect(rate?.quantity).toBe('RPS');
    expect(Math.max(...(rate?.values ?? [])) / Math.min(...(rate?.values ?? []))).toBeGreaterThan(1.1);
  });

  it('is not judged of a phase too short for thirds', () => {
    const windows = simulatedWindows(simulations.lognormal, 1, 1, 500);
    expect(steadyState(windows)).toEqual({ state: 'not judged', why: 'the phase is too short to compare its thirds' });
  });
});
