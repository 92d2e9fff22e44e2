import { describe, expect, it } from 'vitest';
import { checkAgainst, checkSlos } from '../../../src/core/checks.ts';
import { compareRecords } from '../../../src/core/compare.ts';
import { differencesOf, incomparable } from '../../../src/core/differences.ts';
import { baselineLevels, levelsOf, phaseOf, plannedLevels } from '../../../src/core/levels.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { makePlan } from '../../../src/core/planning.ts';
import type { PhaseResult, RunRecord, TopologyResult } from '../../../src/core/record.ts';
import { parseSlo, placesOf, type Slo } from '../../../src/core/slo.ts';
import { comparisonTable } from '../../../src/core/view/comparison.ts';
import { choices } from '../../support/choices.ts';
import { failedResult, samplePhase, sampleRecord } from '../../support/sampleRecord.ts';

const slo = (text: string): Slo => {
  const parsed = parseSlo(text);
  if (parsed.slo === undefined) throw new Error(parsed.problem);
  return parsed.slo;
};
const named = (levels: readonly { readonly topology: string; readonly level: string }[]): string[] =>
  levels.map(({ topology, level }) => `${topology}@${level}`);

const server = makePlan({ ...choices, profile: 'server', repetitions: 2, topologies: ['triton'] });
const missed = 'the next rate missed the bound';

const open = (name: string, ratePerSecond: number): Phase => ({
  name,
  kind: 'measured',
  loop: 'open',
  ratePerSecond,
  arrivals: 'poisson',
  maxInFlight: 64,
  durationSeconds: 5,
});

/** A search for a rate whose repetitions found these; each tried a higher rate before, in vain. */
function searched(rates: readonly (number | null)[]): RunRecord {
  return sampleRecord({
    plan: server,
    change: (result) => ({
      ...result,
      phases: rates.flatMap((rate, at) => {
        const phases = [
          open('trial 900/s', 900),
          ...(rate === null ? [] : [open(`sustained ${String(rate)}/s`, rate)]),
        ];
        return phases.map((phase, index) => ({
          ...samplePhase(server, result.topology, phase, index),
          repetition: at + 1,
        }));
      }),
      searches: rates.map((ratePerSecond) => ({
        ratePerSecond,
        because: ratePerSecond === null ? 'no rate was confirmed' : missed,
        doubts: [],
        confident: ratePerSecond === null ? null : true,
      })),
    }),
  });
}

describe('the levels of a search for a rate', () => {
  const found = searched([300, 200]);

  it('are the one at which the rate was confirmed, of several repetitions the lowest', () => {
    expect(named(plannedLevels(server))).toEqual(['triton@confirmation']);
    expect(named(levelsOf(found))).toEqual(['triton@confirmation']);
    expect(phaseOf(found, 'triton', 'confirmation')).toMatchObject({ name: 'sustained 200/s', repetition: 2 });
  });

  it('and its rate are what bounds are on', () => {
    expect(checkSlos([slo('rate>=200'), slo('triton@confirmation:rate>200'), slo('p95<1s')], found)).toEqual([
      {
        topology: 'triton',
        level: 'confirmation',
        name: 'rate>=200',
        outcome: 'passed',
        message: `rate is 200.0/s (${missed})`,
      },
      expect.objectContaining({ outcome: 'failed', message: `rate is 200.0/s (${missed})` }) as unknown,
      expect.objectContaining({ level: 'confirmation', outcome: 'passed' }) as unknown,
    ]);
    expect(placesOf(slo('@capacity:p95<1s'), server)).toEqual([]);
    expect(placesOf(slo('rate>=200'), makePlan(choices))).toEqual([]);
  });

  it('have no number where one of the repetitions found none, and say why', () => {
    const checks = checkSlos([slo('rate>=1'), slo('errors<1%')], searched([300, null]));
    expect(checks.map(({ outcome, message }) => [outcome, message])).toEqual(
      Array(2).fill(['no number', `no rate was found: ${missed}; no rate was confirmed`]),
    );
  });

  it('keep no bound with a confirmation that is not valid', () => {
    const record = searched([300]);
    const topologies = record.topologies.map((result) => ({ ...result, phases: result.phases.map(invalid) }));
    expect(checkSlos([slo('rate>=1')], { ...record, topologies })).toMatchObject([
      { outcome: 'no number', message: 'not valid: it was late' },
    ]);
  });

  it('are compared by the rates reached: latencies of different rates are no comparison', () => {
    const later = searched([100, 100]);
    expect(checkAgainst(found, later, 0.1).map(({ name, outcome }) => [name, outcome])).toEqual([
      [`rps against run ${found.id}`, 'failed'],
    ]);
    expect(checkAgainst(found, found, 0.1).map(({ outcome }) => outcome)).toEqual(['passed']);
    const { rows, notes } = comparisonTable(compareRecords(found, later), []);
    expect(rows.map((row) => row.slice(0, 2))).toEqual([['triton', 'confirmation']]);
    expect(notes.join('\n')).toContain('latencies are of different rates where RPS differ');
  });

  it('are known to the precision of the search, so that no ratio is surer than that', () => {
    const [level] = compareRecords(found, searched([210, 210]), () => ({ low: 1.04, high: 1.06 }));
    expect(level?.changes.rps.interval?.low).toBeCloseTo(1.04 / 1.05, 9);
    expect(level?.changes.rps.interval?.high).toBeCloseTo(1.06 * 1.05, 9);
  });

  it('mean nothing beside a search for another bound, and differ where the search does', () => {
    const other = makePlan({ ...choices, profile: 'server', topologies: ['triton'], sloP95Ms: 50 });
    expect(incomparable(server, other)).toEqual([
      'the bound of p95 that rates are searched for is 100 ms in one and 50 ms in the other',
    ]);
    const { search } = server.load;
    if (search?.kind !== 'slo') throw new Error('no search');
    const longer = { ...server, load: { ...server.load, search: { ...search, confirmationSeconds: 300 } } };
    expect(differencesOf(found, { ...found, plan: longer }).join()).toMatch(/^search: .*of 60 s, now .*of 300 s$/);
  });
});

const invalid = (phase: PhaseResult): PhaseResult => ({
  ...phase,
  validity: { valid: false, reasons: ['it was late'], caveats: [] },
});

describe('the levels of a ladder', () => {
  const plan = makePlan({ ...choices, profile: 'ladder', topologies: ['fastapi', 'triton'] });

  /** What each topology came to, and how its highest level is changed. */
  function climbed(
    levels: { readonly fastapi: number; readonly triton: number },
    last: (phase: PhaseResult) => PhaseResult = (phase) => phase,
    end: (result: TopologyResult) => TopologyResult = (result) => result,
  ): RunRecord {
    return sampleRecord({
      plan,
      change: (result) => {
        const count = result.topology.name === 'fastapi' ? levels.fastapi : levels.triton;
        const phases = Array.from({ length: count }, (_, index): PhaseResult => {
          const connections = 2 ** index;
          const name = `c${String(connections)}`;
          const phase: Phase = { name, kind: 'measured', loop: 'closed', connections, durationSeconds: 5 };
          const measured = samplePhase(plan, result.topology, phase, index);
          return index === count - 1 ? last(measured) : measured;
        });
        return end({ ...result, phases });
      },
    });
  }

  it('can be named by connections, up to the highest that the plan allows', () => {
    expect(named(placesOf(slo('triton@256:p95<1s'), plan))).toEqual(['triton@c256']);
    expect(placesOf(slo('@512:p95<1s'), plan)).toEqual([]);
    expect(placesOf(slo('@3:p95<1s'), plan)).toEqual([]);
  });

  it('are those that it came to, for a bound that names none', () => {
    const record = climbed({ fastapi: 2, triton: 3 });
    const reached = ['fastapi@c1', 'fastapi@c2', 'triton@c1', 'triton@c2', 'triton@c4'];
    expect(named(levelsOf(record))).toEqual(reached);
    expect(named(checkSlos([slo('p95<10s')], record))).toEqual(reached);
    expect(checkSlos([slo('@4:p95<10s')], record)).toMatchObject([
      { topology: 'fastapi', outcome: 'no number', message: 'the ladder ended before it' },
      { topology: 'triton', outcome: 'passed' },
    ]);
  });

  it('hold the one at which it was cut short, and the first of a topology that was not come to', () => {
    const failed = climbed({ fastapi: 2, triton: 0 }, undefined, (result) =>
      result.topology.name === 'triton' ? failedResult(result) : { ...result, status: 'cancelled' },
    );
    expect(named(levelsOf(failed))).toEqual(['fastapi@c1', 'fastapi@c2', 'fastapi@c4', 'triton@c1']);
    expect(checkSlos([slo('triton:errors<1%')], failed)).toMatchObject([
      { outcome: 'no number', message: expect.stringMatching(/^the topology failed: /) as string },
    ]);
  });

  it('are no baseline where the ladder passed over them, and the first stands for a topology that has no valid one', () => {
    const first = (result: TopologyResult): TopologyResult => ({
      ...result,
      phases: result.phases.map((phase, index) => (index === 0 ? invalid(phase) : phase)),
    });
    const before = climbed({ fastapi: 3, triton: 1 }, undefined, first);
    expect(named(baselineLevels(before))).toEqual(['fastapi@c2', 'fastapi@c4', 'triton@c1']);
    const checks = checkAgainst(before, climbed({ fastapi: 3, triton: 3 }), 0.1);
    expect(new Set(named(checks.filter(({ outcome }) => outcome !== 'passed')))).toEqual(new Set(['triton@c1']));
  });

  it('are compared where both runs came to them; that a baseline ended at one that is not valid is no fault of it', () => {
    const before = climbed({ fastapi: 3, triton: 4 }, invalid);
    const after = climbed({ fastapi: 5, triton: 2 });
    expect(named(compareRecords(before, after))).toEqual(['fastapi@c1', 'fastapi@c2', 'triton@c1', 'triton@c2']);
    expect(checkAgainst(before, after, 0.1).every(({ outcome }) => outcome === 'passed')).toBe(true);
    // A level that a run without a ladder was told to measure is missed where the ladder ended before it.
    const fixed = { ...sampleRecord({ plan: makePlan({ ...choices, topologies: ['fastapi'] }) }), id: 'fixed' };
    expect(
      checkAgainst(fixed, climbed({ fastapi: 2, triton: 2 }), 9).map(({ level, outcome }) => [level, outcome]),
    ).toEqual(
      ['c1', 'c8', 'c32'].flatMap((level) => {
        const row = [level, level === 'c1' ? 'passed' : 'no number'];
        return [row, row];
      }),
    );
    // What the later run could not measure is missing all the same.
    const broken = checkAgainst(after, before, 0.1).filter(({ outcome }) => outcome !== 'passed');
    expect(new Set(named(broken))).toEqual(new Set(['fastapi@c4']));
  });
});
