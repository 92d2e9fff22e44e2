import { describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import { createOverheads, type Overheads } from '../../../src/load/overhead.ts';
import { samplePhase, samplePlan } from '../../support/sampleRecord.ts';
import { openPhase } from './spec.ts';

const never = new AbortController().signal;
const plan = samplePlan();
const [topology] = plan.topologies;
if (topology === undefined) throw new Error('the sample plan has no topology');
const sample = samplePhase(plan, topology, openPhase(), 0).measurement;

/** What half a second against an endpoint that answers at once may come to. */
function measurement(p50Ms: number | null, stalledMs: number | null = 0): PhaseMeasurement {
  return {
    ...sample,
    window: { ...sample.window, startMs: 0, endMs: 500 },
    latency: { ...sample.latency, p50Ms, p95Ms: p50Ms === null ? null : 2 * p50Ms },
    generator: { ...sample.generator, stalledMs },
  };
}

/** Overheads of which each measurement comes to the next of these. */
function overheadsOf(...measurements: PhaseMeasurement[]): { overheads: Overheads; begun: () => number } {
  let begun = 0;
  const overheads = createOverheads('autocannon', async () => {
    begun += 1;
    let isWarm = false;
    return {
      run: async () => {
        const next = isWarm ? measurements.shift() : sample;
        isWarm = true;
        if (next === undefined) throw new Error('nobody expected another measurement');
        return next;
      },
      end: async () => undefined,
    };
  });
  return { overheads, begun: () => begun };
}

describe("the generator's own overhead", () => {
  it('is measured once for all phases of a rate', async () => {
    const { overheads, begun } = overheadsOf(measurement(0.1), measurement(0.2));
    expect(await overheads.of(openPhase(), undefined, never)).toEqual({ p50: 0.1, p95: 0.2 });
    expect(await overheads.of(openPhase({ name: 'next' }), undefined, never)).toEqual({ p50: 0.1, p95: 0.2 });
    expect(await overheads.of(openPhase({ ratePerSecond: 900 }), undefined, never)).toEqual({ p50: 0.2, p95: 0.4 });
    expect(begun()).toBe(2);
  });

  it('is measured again where the machine stood still meanwhile', async () => {
    const { overheads } = overheadsOf(measurement(300, 480), measurement(0.3, 6), measurement(0.1, 5));
    expect(await overheads.of(openPhase(), undefined, never)).toEqual({ p50: 0.1, p95: 0.2 });
    expect(await overheads.of(openPhase(), undefined, never)).toEqual({ p50: 0.1, p95: 0.2 });
  });

  it('is what the third measurement says of a machine that stands still again and again', async () => {
    const { overheads } = overheadsOf(measurement(300, 480), measurement(200, 400), measurement(100, 300));
    expect(await overheads.of(openPhase(), undefined, never)).toEqual({ p50: 100, p95: 200 });
  });

  it('is asked for again by the next phase where nothing was answered', async () => {
    const nothing = measurement(null);
    const { overheads } = overheadsOf(nothing, nothing, nothing, nothing, measurement(0.1));
    expect(await overheads.of(openPhase(), undefined, never)).toBeNull();
    expect(await overheads.of(openPhase(), undefined, never)).toEqual({ p50: 0.1, p95: 0.2 });
  });

  it('is not measured again for a load that was cancelled', async () => {
    const { overheads } = overheadsOf(measurement(null));
    expect(await overheads.of(openPhase(), undefined, AbortSignal.abort())).toBeNull();
  });
});
