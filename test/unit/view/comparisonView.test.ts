import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { customPhases } from '../../../src/core/customPhases.ts';
import { differencesByAspect, differencesOf } from '../../../src/core/differences.ts';
import { makePlan } from '../../../src/core/planning.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { regressionsOf, undecidedOf } from '../../../src/core/regressions.ts';
import { searchEnds } from '../../../src/core/sloSearch.ts';
import { comparisonMarkdown } from '../../../src/core/view/comparisonMarkdown.ts';
import { comparisonView, type ComparisonView } from '../../../src/core/view/comparisonView.ts';
import { choices } from '../../support/choices.ts';
import { laterRecord, notValid, slowedBy, withoutIntervals } from '../../support/changedRecord.ts';
import { cellText } from '../../support/comparisonCell.ts';
import { expectGolden } from '../../support/golden.ts';
import { sampleEndpointPlan, sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { failedResult, sampleLocalPlan, samplePhase, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

const before = sampleRecord();

/** A row's cells as "12.1 → 9.80 0.81x [0.74–0.88] better". */
function row({ groups }: ComparisonView, topology: string, level: string): string[] {
  const found = groups.find((group) => group.topology === topology)?.rows.find((each) => each.level === level);
  return (found?.cells ?? []).map((cell) => cellText(cell));
}

describe('the answer in words', () => {
  it('is that no difference is shown, where each interval holds 1', () => {
    const { headline, worth } = comparisonView(before, laterRecord({ change: slowedBy(1.001) }));
    expect(headline).toBe('No difference shown in p95 or RPS: the 95% interval of each ratio holds 1.');
    expect(worth[0]).toBe(
      'Of 9 places (a topology at a load): p95 no difference shown at 9; RPS no difference shown at 9.',
    );
    // By hand: p50, p95, p99 and RPS of 9 places are 36 ratios.
    expect(worth.join(' ')).toContain(
      'at least one in twenty of these 36 ratios, so 1.8 or more, shows a difference by chance alone',
    );
    expect(worth.join(' ')).toContain('Both runs deployed each topology once');
  });

  it('claims no more than can be told where numbers are not valid', () => {
    const after = laterRecord({ change: (phase) => (phase.name === 'c1' ? phase : notValid(phase)) });
    expect(comparisonView(before, after).headline).toBe(
      'No difference shown in p95 or RPS at 3 of 9 places; it cannot be told at the others.',
    );
    const worse = laterRecord({
      topology: 'triton',
      change: (phase) => (phase.name === 'c32' ? notValid(phase) : slowedBy(1.3)(phase)),
    });
    expect(comparisonView(before, worse).headline).toMatch(
      /^At 8 connections: .*; triton p95 12\.4 → 16\.1 ms, 1\.30x/,
    );
  });

  it('names figures, ratio and interval of every topology at one level, chosen before its figures are looked at', () => {
    const { headline, worth } = comparisonView(before, laterRecord({ topology: 'triton', change: slowedBy(0.8) }));
    expect(headline).toMatch(
      /^At 32 connections: fastapi no difference shown in p95 \(1\.00x \[0\.\d\d–1\.\d\d\]\); triton p95 47\.3 → 37\.8 ms, 0\.80x \[0\.7\d–0\.8\d\]; hybrid no difference shown in p95 \(.*\)\.$/,
    );
    expect(worth[0]).toBe(
      'Of 9 places (a topology at a load): p95 lower at 3, no difference shown at 6; RPS higher at 3, no difference shown at 6.',
    );
  });

  it('says of one topology where it was loaded', () => {
    const plan = makePlan({ ...choices, topologies: ['triton'] });
    const after = laterRecord({ plan, change: slowedBy(1.3) });
    expect(comparisonView(sampleRecord({ plan }), after).headline).toMatch(
      /^triton at 32 connections: p95 47\.3 → 61\.4 ms, 1\.30x \[1\.2\d–1\.3\d\]\.$/,
    );
  });

  it('never calls a change a difference whose interval is not known, or that is not valid', () => {
    const plan = makePlan({ ...choices, topologies: ['triton'] });
    const unknown = comparisonView(
      sampleRecord({ plan }),
      laterRecord({ plan, change: (phase) => withoutIntervals(slowedBy(1.3)(phase)) }),
    );
    expect(unknown.headline).toBe('triton at 32 connections: p95 47.3 → 61.4 ms, 1.30x (no interval).');
    expect(unknown.worth).toEqual([
      'No difference can be shown at any of the 3 pairs of a topology and a load: at each p95 or RPS has no 95% interval, for which its phases are too short; the profile standard makes them longer.',
    ]);
    const doubtful = comparisonView(
      sampleRecord({ plan }),
      laterRecord({ plan, change: (phase) => notValid(slowedBy(1.3)(phase)) }),
    );
    expect(doubtful.headline).toBe(
      'No difference can be shown at any of the 3 pairs of a topology and a load: at each a number is missing or not valid (see the notes below the table).',
    );
    expect(doubtful.worth).toEqual([]);
    expect(doubtful.groups[0]?.rows.flatMap(({ cells }) => cells.map(({ finding }) => finding))).not.toContain('worse');
  });

  it('is, of one place that is not valid, that no difference can be shown', () => {
    const phases = customPhases([{ name: 'c8', connections: 8, seconds: 5 }]);
    const plan = makePlan({ ...choices, topologies: ['triton'] });
    const one = { ...plan, load: { ...plan.load, phases } };
    const { headline } = comparisonView(sampleRecord({ plan: one }), laterRecord({ plan: one, change: notValid }));
    expect(headline).toBe(
      'No difference can be shown: a number is missing or not valid (see the notes below the table).',
    );
  });

  it('is of the level where most are valid in both runs, if no ratio has an interval', () => {
    const after = laterRecord({
      change: (phase) => withoutIntervals(phase.name === 'c1' ? slowedBy(1.3)(phase) : notValid(phase)),
    });
    const { headline, worth } = comparisonView(before, after);
    expect(headline).toMatch(/^At 1 connection: fastapi p95 5\.71 → 7\.42 ms, 1\.30x \(no interval\); /u);
    expect(worth).toEqual([
      'No difference can be shown at any of the 9 pairs of a topology and a load: at 6 a number is missing or not valid (see the notes below the table); at 3 p95 or RPS has no 95% interval, for which its phases are too short; the profile standard makes them longer.',
    ]);
  });

  it('is that there is nothing to compare where no topology and level are in both', () => {
    const [one, other] = [['fastapi'] as const, ['triton'] as const].map((topologies) =>
      sampleRecord({ plan: makePlan({ ...choices, topologies }) }),
    );
    if (one === undefined || other === undefined) throw new Error('no records');
    const view = comparisonView(one, other);
    expect(view.headline).toBe('Nothing to compare: the two runs have no topology and level in common.');
    expect(view.groups).toEqual([]);
    expect(view.remarks).toEqual([
      'Only the run before has fastapi c1, fastapi c8 and fastapi c32.',
      'Only the run after has triton c1, triton c8 and triton c32.',
    ]);
    const failed = sampleRecord({ change: (result) => failedResult(result), record: { status: 'failed' } });
    expect(comparisonView(before, failed).headline).toBe('Nothing to compare: no level has numbers in both runs.');
  });

  it('is a refusal where the figures mean different things, and then no ratio stands anywhere', () => {
    const view = comparisonView(sampleRecord({ plan: sampleLocalPlan() }), laterRecord({ change: slowedBy(2) }));
    expect(view.headline).toBe('No comparison: the two runs were not measured in the same way.');
    expect(view.incomparable).toContain('The load comes from this machine in one and inside the cluster in the other.');
    expect(row(view, 'triton', '8').slice(0, 2)).toEqual(['8.92 → 17.8', '12.4 → 24.7']);
    const cells = view.groups.flatMap(({ rows }) => rows.flatMap((each) => each.cells));
    expect(cells.filter(({ ratio, interval, finding }) => (ratio ?? interval ?? finding) !== null)).toEqual([]);
  });
});

describe('the table', () => {
  it('has every figure before and after, with what the ratio shows', () => {
    const view = comparisonView(before, laterRecord({ topology: 'triton', level: 'c8', change: slowedBy(1.3) }));
    expect(view.groups.map(({ topology, rows }) => [topology, rows.map(({ level }) => level)])).toEqual(
      ['fastapi', 'triton', 'hybrid'].map((name) => [name, ['1', '8', '32']]),
    );
    expect(row(view, 'triton', '8')).toEqual([
      expect.stringMatching(/^8\.92 → 11\.6 1\.30x \[1\.2\d–1\.3\d\] worse$/),
      expect.stringMatching(/^12\.4 → 16\.1 1\.30x \[1\.2\d–1\.3\d\] worse$/),
      expect.stringMatching(/^14\.0 → 18\.2 1\.30x \[1\.2\d–1\.3\d\] worse$/),
      expect.stringMatching(/^886 → 682 0\.77x \[0\.7\d–0\.[78]\d\] worse$/),
      'yes',
      '0',
    ]);
    expect(row(view, 'triton', '1')[1]).toMatch(/ no difference shown$/);
    for (const { rows } of view.groups)
      for (const { cells } of rows) expect(cells).toHaveLength(view.columns.length - 1);
  });

  it('says at each figure that a run is not valid, and which and why once', () => {
    const view = comparisonView(
      before,
      laterRecord({ topology: 'triton', change: (phase) => (phase.name === 'c1' ? phase : notValid(phase)) }),
    );
    expect(row(view, 'triton', '8')).toEqual([
      '8.92 → 8.92 1.00x not valid [1]',
      '12.4 → 12.4 1.00x not valid [1]',
      '14.0 → 14.0 1.00x not valid [1]',
      '886 → 886 1.00x not valid [1]',
      'yes → no [1]',
      '0',
    ]);
    expect(row(view, 'triton', '32').at(-2)).toBe('yes → no [1]');
    expect(row(view, 'triton', '1').at(-2)).toBe('yes');
    expect(view.notes).toEqual(['Not valid after: the load generator was late.']);
    expect(view.worth.join(' ')).toContain('At 2 of them a number is missing or not valid');
    const both = comparisonView(
      sampleRecord({ change: (result) => ({ ...result, phases: result.phases.map(notValid) }) }),
      laterRecord({ change: notValid }),
    );
    expect(row(both, 'hybrid', '1')[1]).toMatch(/ 1\.00x not valid \[1, 2\]$/);
    expect(both.notes).toEqual([
      'Not valid before: the load generator was late.',
      'Not valid after: the load generator was late.',
    ]);
  });

  it('tells what several places have once, with the smallest and the largest of its figures', () => {
    const reasons: Readonly<Record<string, string[]>> = {
      c1: ['errors: 2 of 100 requests failed'],
      c8: ['errors: 7 of 100 requests failed', 'the load generator was late'],
      c32: ['errors: 5 of 100 requests failed'],
    };
    const late = laterRecord({
      topology: 'triton',
      change: (phase) => ({ ...phase, validity: { valid: false, reasons: reasons[phase.name] ?? [], caveats: [] } }),
    });
    const view = comparisonView(before, late);
    expect(view.notes).toEqual([
      'Not valid after: errors: 2 to 7 of 100 requests failed.',
      'Not valid after: the load generator was late.',
    ]);
    expect(['1', '8', '32'].map((level) => row(view, 'triton', level).at(-2))).toEqual([
      'yes → no [1]',
      'yes → no [1, 2]',
      'yes → no [1]',
    ]);
  });

  it('says so also where the runs cannot be compared', () => {
    const view = comparisonView(sampleRecord({ plan: sampleLocalPlan() }), laterRecord({ change: notValid }));
    expect(row(view, 'triton', '8')[1]).toMatch(/^[\d.]+ → [\d.]+ not valid \[1\]$/);
  });

  it('shows errors with their share, and where a run has no number', () => {
    const erring = laterRecord({
      topology: 'fastapi',
      level: 'c8',
      change: (phase) => ({
        ...phase,
        measurement: {
          ...phase.measurement,
          requests: { ...phase.measurement.requests, sent: 2000, errors: 30 },
          latency: { ...phase.measurement.latency, p99Ms: null },
        },
      }),
    });
    const view = comparisonView(before, erring);
    const cells = row(view, 'fastapi', '8');
    expect(cells[5]).toBe('0 → 30 (1.5%)');
    expect(cells[2]).toBe('35.4 → –');
    expect(view.remarks[0]).toMatch(/^– stands where a run has no number/);
    const missing = comparisonView(
      before,
      sampleRecord({
        record: { id: '20260103-093000-0002', status: 'failed' },
        change: (result) => (result.topology.name === 'hybrid' ? failedResult(result) : result),
      }),
    );
    expect(row(missing, 'hybrid', '8')).toEqual([
      '11.2 → –',
      '16.8 → –',
      '19.6 → –',
      '701 → –',
      'yes → – [1]',
      '0 → –',
    ]);
    expect(missing.notes[0]).toMatch(/^No numbers after: the topology failed: /);
    expect(missing.runs.after.text).toMatch(/, failed$/);
  });

  it('compares no phases of one name that load differently', () => {
    const peak = (connections: number) => {
      const plan = samplePlan();
      return sampleRecord({
        plan: { ...plan, load: { ...plan.load, phases: customPhases([{ name: 'peak', connections, seconds: 5 }]) } },
      });
    };
    const view = comparisonView(peak(8), peak(16));
    expect(row(view, 'triton', 'peak, 16').slice(0, 2)).toEqual([
      expect.stringMatching(/^[\d.]+ → [\d.]+$/),
      expect.stringMatching(/^[\d.]+ → [\d.]+$/),
    ]);
    expect(view.notes).toEqual(['The load of peak is 8 connections in one run and 16 connections in the other.']);
    expect(row(comparisonView(peak(8), peak(8)), 'triton', 'peak, 8')[1]).toMatch(/no difference shown$/);
  });

  it('has no verdict on latencies at different rates that two searches found', () => {
    const server = makePlan({ ...choices, profile: 'server', topologies: ['triton'] });
    const searched = (id: string, rate: number) =>
      sampleRecord({
        plan: server,
        record: { id },
        change: (result) => {
          const open: Phase = {
            name: `sustained ${String(rate)}/s`,
            kind: 'measured',
            durationSeconds: 60,
            loop: 'open',
            ratePerSecond: rate,
            arrivals: 'poisson',
            maxInFlight: 64,
          };
          const phases = [samplePhase(server, result.topology, open, 0)];
          const [because] = searchEnds;
          return { ...result, phases, searches: [{ ratePerSecond: rate, because, doubts: [], confident: true }] };
        },
      });
    const view = comparisonView(searched('20260102-093000-0001', 200), searched('20260102-093000-0002', 300));
    expect(view.headline).toMatch(/^triton at the highest rate found: RPS \d+ → \d+, 1\.\d+x \[/);
    const [p50, p95, , rps] = row(view, 'triton', 'the highest rate found');
    expect([p50, p95].every((cell) => /^[\d.]+ → [\d.]+$/.test(cell ?? ''))).toBe(true);
    expect(rps).toMatch(/^\d+ → \d+ 1\.\d+x \[.*\] better$/);
    expect(view.remarks.join(' ')).toContain('latencies are of different rates where RPS differ');
  });
});

describe('what else differs', () => {
  const after = laterRecord({
    plan: samplePlan({
      topologies: before.plan.topologies.map((topology) => ({ ...topology, memoryMiB: topology.memoryMiB * 2 })),
    }),
    record: {
      software: { ...before.software, topologyBench: '0.2.0' },
      environment: { ...before.environment, gpuProducts: ['NVIDIA-L4'], driverVersions: ['590.1'] },
    },
  });

  it('is told by what it is of, each of it once', () => {
    const { config, plan, hardware, software } = differencesByAspect(before, after);
    expect(config).toEqual([]);
    expect(plan.map((text) => text.split(':')[0])).toEqual([
      'memory of fastapi',
      'memory of triton',
      'memory of hybrid',
    ]);
    expect(hardware).toEqual(['GPU: Tesla-T4, now NVIDIA-L4']);
    expect(software).toEqual(['Topology Bench: 0.1.0, now 0.2.0', 'GPU driver: 580.65.06, now 590.1']);
    expect([...plan, ...hardware, ...software].sort()).toEqual(differencesOf(before, after).sort());
  });

  it('has no empty heading', () => {
    const { changed, differences } = comparisonView(before, after);
    expect(changed.map(({ title }) => title)).toEqual(['Plan']);
    expect(differences.map(({ title }) => title)).toEqual(['Hardware', 'Software']);
    expect(comparisonView(before, before)).toMatchObject({ changed: [], differences: [] });
  });

  it('stands right below the answer where it is what was changed by hand', () => {
    const [answer, changed] = comparisonMarkdown(comparisonView(before, after)).split('\n\n');
    expect(answer).toMatch(/^\*\*No difference shown/u);
    expect(changed).toMatch(/^Plan: memory of fastapi: \d+ MiB, now \d+ MiB; memory of triton: /u);
  });
});

it('two runs of an endpoint compare, and speak of times', () => {
  const plan = sampleEndpointPlan();
  const { headline, worth, runs } = comparisonView(sampleEndpointRecord(plan), sampleEndpointRecord(plan));
  expect(headline).toMatch(/^No difference shown/);
  expect(worth.join(' ')).toContain('measured the endpoint once: what changes from one time to the next');
  expect(runs.before.text).toBe('checkout, quick, load from this machine');
});

it('a repeat says so', () => {
  const { runs } = comparisonView(before, laterRecord({ record: { repeats: before.id } }));
  expect(runs.after.text).toMatch(/, carried out the same plan once more$/);
});

it('is Markdown for an issue', async () => {
  const after = laterRecord({
    topology: 'triton',
    change: (phase) => (phase.name === 'c32' ? notValid(phase) : slowedBy(0.8)(phase)),
    record: { software: { ...before.software, topologyBench: '0.2.0' }, repeats: before.id },
  });
  await expectGolden(
    join(import.meta.dirname, 'golden', 'markdown-comparison.txt'),
    comparisonMarkdown(comparisonView(before, after)),
  );
});

describe('a run that is worse than a baseline', () => {
  it('is so by p95 and RPS, beyond a tenth, with all of the interval', () => {
    expect(regressionsOf(before, laterRecord({ change: slowedBy(1.05) }))).toEqual([]);
    expect(regressionsOf(before, laterRecord({ change: slowedBy(0.5) }))).toEqual([]);
    const worse = regressionsOf(before, laterRecord({ topology: 'triton', level: 'c8', change: slowedBy(1.3) }));
    expect(worse.map(({ topology, level, change }) => `${topology} ${level} ${change.metric}`)).toEqual([
      'triton c8 p95',
      'triton c8 rps',
    ]);
  });

  it('is not found by bare figures: what they leave open is told apart', () => {
    const bare = laterRecord({
      topology: 'triton',
      level: 'c8',
      change: (phase) => withoutIntervals(slowedBy(1.3)(phase)),
    });
    expect(regressionsOf(before, bare)).toEqual([]);
    expect(undecidedOf(before, bare).map(({ change }) => change.metric)).toEqual(['p95', 'rps']);
    expect(undecidedOf(before, laterRecord({ change: slowedBy(1.3) }))).toEqual([]);
    expect(undecidedOf(before, laterRecord({ change: (phase) => withoutIntervals(slowedBy(1.05)(phase)) }))).toEqual(
      [],
    );
  });

  it('is not found in numbers that are not valid, nor in what cannot be compared', () => {
    expect(regressionsOf(before, laterRecord({ change: (phase) => notValid(slowedBy(3)(phase)) }))).toEqual([]);
    expect(regressionsOf(sampleRecord({ plan: sampleLocalPlan() }), laterRecord({ change: slowedBy(3) }))).toEqual([]);
  });
});
