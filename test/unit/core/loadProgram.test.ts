import { describe, expect, it } from 'vitest';
import { createLatencyHistogram, encodeHistogram, latencyOf, recordLatency } from '../../../src/core/histogram.ts';
import { longestLoadSeconds, mostPhases, usualLoadSeconds } from '../../../src/core/loadLength.ts';
import { nextPhase, searchOutcome } from '../../../src/core/loadProgram.ts';
import type { LoadPlan, Phase } from '../../../src/core/plan.ts';
import { profileNames, profileOf, type ProfileName } from '../../../src/core/profiles.ts';
import type { PhaseResult } from '../../../src/core/record.ts';
import { generatorTooSlow } from '../../../src/core/sloSearch.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { samplePhase } from '../../support/sampleRecord.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

/** A server that answers `serviceRate` requests a second, one after the other: M/M/1, its quantiles known in closed form. */
function served(phase: Phase, serviceRate: number): PhaseResult {
  const plan = samplePlan();
  const base = samplePhase(plan, sampleTopologies.triton, { ...phase, loop: 'closed', connections: 1 }, 1);
  const rate = phase.loop === 'open' ? phase.ratePerSecond : serviceRate;
  const stable = rate < serviceRate;
  const histogram = createLatencyHistogram();
  const count = Math.round(Math.min(rate, serviceRate) * phase.durationSeconds);
  // More draws would change no quantile by a hundredth.
  const draws = Math.min(count, 2_000);
  for (let index = 0; index < draws; index += 1) {
    const share = (index + 0.5) / draws;
    const overloadedMs = 1000 * phase.durationSeconds * share * (1 - serviceRate / rate);
    recordLatency(histogram, stable ? (-1000 * Math.log(1 - share)) / (serviceRate - rate) : overloadedMs);
  }
  return {
    ...base,
    ...phase,
    measurement: {
      ...base.measurement,
      requests: { sent: count, ok: count, errors: 0, timeouts: 0, inFlight: 0 },
      latency: latencyOf(histogram),
      histogram: encodeHistogram(histogram),
      rps: count / phase.durationSeconds,
    },
    validity: { valid: true, reasons: [], caveats: [] },
  };
}

function carryOut(load: LoadPlan, serviceRate: number): PhaseResult[] {
  const ended: PhaseResult[] = [];
  for (;;) {
    const phase = nextPhase(load, ended);
    if (phase === null) return ended;
    if (ended.length > 1000) throw new Error('the load does not end');
    ended.push(served(phase, serviceRate));
  }
}

/** A server that takes `eachMs` for a request, however many come, in a closed loop; as it is judged. */
function slow(
  phase: Phase,
  eachMs: number,
  change: Partial<PhaseResult['measurement']['generator']> = {},
): PhaseResult {
  if (phase.loop !== 'closed') throw new Error('a ladder is a closed loop');
  const result = served(phase, (phase.connections * 1000) / eachMs);
  const { measurement } = result;
  const ok = Math.floor((phase.connections * phase.durationSeconds * 1000) / eachMs);
  const changed = {
    ...measurement,
    requests: { sent: ok + phase.connections, ok, errors: 0, timeouts: 0, inFlight: phase.connections },
    latency: { ...measurement.latency, samples: ok },
    generator: { ...measurement.generator, ...change },
  };
  return { ...result, measurement: changed, intervals: 'not yet computed', validity: judgeMeasurement(changed) };
}

function climb(serve: (phase: Phase) => PhaseResult): PhaseResult[] {
  const load = loadOf('ladder');
  const ended: PhaseResult[] = [];
  for (let phase = nextPhase(load, ended); phase !== null; phase = nextPhase(load, ended)) ended.push(serve(phase));
  return ended.filter(({ kind }) => kind === 'measured');
}

function loadOf(name: ProfileName): LoadPlan {
  const { phases, search, repetitions } = profileOf(name);
  return { ...samplePlan().load, phases, search, repetitions };
}

describe('the load of a topology, phase by phase', () => {
  it('is the list of the plan where nothing is searched', () => {
    const load = loadOf('quick');
    const ended = carryOut(load, 500);
    expect(ended.map(({ name }) => name)).toEqual(load.phases.map(({ name }) => name));
    expect(searchOutcome(load, ended)).toBeNull();
  });

  it('searches the highest rate under the bound, each trial after a warm-up at its own rate', () => {
    const load = loadOf('server');
    const ended = carryOut(load, 500);
    const measured = ended.filter(({ kind }) => kind === 'measured');
    expect(measured[0]).toMatchObject({ name: 'capacity', loop: 'closed' });
    for (const phase of ended.filter(({ kind }, index) => kind === 'measured' && index > 0)) {
      const before = ended[ended.indexOf(phase) - 1];
      expect(before).toMatchObject({ kind: 'warm-up', name: `warm-up ${phase.name}`, loop: phase.loop });
    }
    const outcome = searchOutcome(load, ended);
    // p95 of M/M/1 is ln(20) / (mu - lambda), so a bound of 100 ms allows mu - 29.96.
    expect(outcome?.rate).toBeGreaterThan(470 / 1.05 - 5);
    expect(outcome?.rate).toBeLessThanOrEqual(470.1);
    expect(ended.at(-1)).toMatchObject({ name: `sustained ${String(outcome?.rate)}/s`, durationSeconds: 60 });
  });

  it('names a rate that is tried again apart from its first try, so that the two are no repetitions', () => {
    const load = loadOf('server');
    const ended: PhaseResult[] = [];
    for (let phase = nextPhase(load, ended); phase !== null && ended.length < 9; phase = nextPhase(load, ended)) {
      const result = served(phase, 500);
      const { measurement } = result;
      const generator = { ...measurement.generator, eventLoopDelayP99Ms: 90 };
      const late = phase.name.startsWith('trial') && !phase.name.endsWith('again');
      ended.push(late ? { ...result, measurement: { ...measurement, generator } } : result);
    }
    const names = ended.filter(({ kind }) => kind === 'measured').map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(['capacity', 'trial 250/s', 'trial 250/s again']);
    expect(new Set(names).size).toBe(names.length);
  });

  it('ends a search whose load generator was late at capacity, in a trial and in its repeat', () => {
    const load = loadOf('server');
    const ended: PhaseResult[] = [];
    for (let phase = nextPhase(load, ended); phase !== null && ended.length < 20; phase = nextPhase(load, ended)) {
      const result = served(phase, 500);
      const { measurement } = result;
      ended.push({
        ...result,
        measurement: { ...measurement, generator: { ...measurement.generator, eventLoopDelayP99Ms: 90 } },
      });
    }
    const names = ended.filter(({ kind }) => kind === 'measured').map(({ name }) => name);
    expect(names).toEqual(['capacity', 'trial 250/s', 'trial 250/s again']);
    expect(searchOutcome(load, ended)).toEqual({
      rate: null,
      because: generatorTooSlow,
      doubts: [expect.stringMatching(/^the load generator was late: event-loop delay/u)],
      confident: null,
    });
  });

  it('ends a search at once where no request succeeded at capacity, with why, and claims nothing of any rate', () => {
    const load = loadOf('server');
    const ended: PhaseResult[] = [];
    const reasons = [
      'no request succeeded',
      'errors: 100.0% of the requests sent failed (HTTP 429: 900); the limit is 1.0%',
    ];
    for (let phase = nextPhase(load, ended); phase !== null && ended.length < 20; phase = nextPhase(load, ended)) {
      const result = served(phase, 500);
      const measurement = { ...result.measurement, rps: 0 };
      ended.push({ ...result, measurement, validity: { valid: false, reasons, caveats: [] } });
    }
    expect(ended.map(({ name }) => name)).toEqual(['warm-up', 'warm-up capacity', 'capacity']);
    expect(searchOutcome(load, ended)).toEqual({
      rate: null,
      because: 'no request succeeded when the capacity was measured',
      doubts: reasons,
      confident: null,
    });
  });

  it('gives trials at low rates the time for samples enough', () => {
    const load = loadOf('server');
    const { search } = load;
    if (search?.kind !== 'slo') throw new Error('no search');
    const ended = carryOut({ ...load, search: { ...search, p95Ms: 2_000 } }, 8);
    const trials = ended.filter(({ name }) => /^(trial|sustained)/u.test(name));
    expect(trials.length).toBeGreaterThan(2);
    for (const { measurement } of trials) expect(measurement.latency.samples).toBeGreaterThanOrEqual(90);
  });

  it('climbs a ladder on where a level has too few answers for p95, and nothing else is against it', () => {
    const levels = climb((phase) => slow(phase, 300));
    expect(levels[0]?.validity.reasons).toEqual([expect.stringMatching(/^insufficient samples: 50 successes/u)]);
    expect(levels.map(({ name }) => name)).toEqual(['c1', 'c2', 'c4', 'c8', 'c16', 'c32', 'c64', 'c128', 'c256']);
    expect(levels.slice(1).every(({ validity }) => validity.valid)).toBe(true);
  });

  it('ends a ladder at a level that more connections do not mend', () => {
    expect(climb((phase) => slow(phase, 300, { eventLoopDelayP99Ms: 90 })).map(({ name }) => name)).toEqual(['c1']);
    // Valid levels below it, and none above.
    const late = climb((phase) => slow(phase, 100, phase.name === 'c4' ? { stalledMs: 900 } : {}));
    expect(late.map(({ name, validity }) => [name, validity.valid])).toEqual([
      ['c1', true],
      ['c2', true],
      ['c4', false],
    ]);
  });

  it.each(profileNames)('%s takes no longer, and no more phases, than its limits say', (name) => {
    const load = loadOf(name);
    expect(usualLoadSeconds(load)).toBeLessThanOrEqual(longestLoadSeconds(load));
    for (const serviceRate of [0.5, 7, 90, 1_300, 60_000]) {
      const ended = carryOut(load, serviceRate);
      expect(ended.length).toBeLessThanOrEqual(mostPhases(load));
      const seconds = ended.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
      expect(seconds).toBeLessThanOrEqual(longestLoadSeconds(load));
    }
  });
});
