import { describe, expect, it } from 'vitest';
import { checkAgainst, checkSlos } from '../../../src/core/checks.ts';
import { compareRecords, judgeChange, type Change } from '../../../src/core/compare.ts';
import { differencesOf, incomparable } from '../../../src/core/differences.ts';
import { generatorDelay, generatorLimit } from '../../../src/core/generatorBound.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { plannedRate } from '../../../src/core/plannedRate.ts';
import { makePlan } from '../../../src/core/planning.ts';
import type { PhaseResult, RunRecord, TopologyResult } from '../../../src/core/record.ts';
import { regressionsOf } from '../../../src/core/regressions.ts';
import { parseSlo, type Slo } from '../../../src/core/slo.ts';
import { comparisonTable } from '../../../src/core/view/comparison.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
import { costColumns, costRemarks } from '../../../src/core/view/cost.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { rowVerdict } from '../../../src/core/view/rowVerdict.ts';
import { choices } from '../../support/choices.ts';
import { slowedBy, withoutIntervals } from '../../support/changedRecord.ts';
import { sampleEndpointPlan, sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { failedResult, sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

const before = sampleRecord();

function slo(text: string): Slo {
  const parsed = parseSlo(text);
  if (parsed.slo === undefined) throw new Error(parsed.problem);
  return parsed.slo;
}

/** A later run in which one phase of one topology came out differently. */
function later(topology: string, level: string, change: (phase: PhaseResult) => PhaseResult): RunRecord {
  return sampleRecord({
    record: { id: '20260103-093000-0001' },
    change: (result) =>
      result.topology.name === topology
        ? { ...result, phases: result.phases.map((phase) => (phase.name === level ? change(phase) : phase)) }
        : result,
  });
}

const invalid = (phase: PhaseResult): PhaseResult => ({
  ...phase,
  validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
});

describe('two runs beside each other', () => {
  it('of the same numbers have ratios of 1 everywhere', () => {
    const levels = compareRecords(before, before);
    expect(levels.map(({ topology, level }) => `${topology}@${level}`)).toEqual(
      ['fastapi', 'triton', 'hybrid'].flatMap((name) => ['c1', 'c8', 'c32'].map((level) => `${name}@${level}`)),
    );
    for (const { changes, problems } of levels) {
      expect([changes.p50.ratio, changes.p95.ratio, changes.rps.ratio, problems]).toEqual([1, 1, 1, []]);
    }
  });

  it('are compared only where both plans measure, and the ratio is the later over the earlier', () => {
    const only = sampleRecord({ plan: makePlan({ ...choices, topologies: ['triton'] }) });
    expect(compareRecords(before, only).map(({ topology }) => topology)).toEqual(['triton', 'triton', 'triton']);
    const changed = compareRecords(before, later('triton', 'c8', slowedBy(2)));
    const at = changed.find(({ topology, level }) => topology === 'triton' && level === 'c8');
    expect(at?.changes.p95.ratio).toBe(2);
    expect(at?.changes.rps.ratio).toBe(0.5);
    expect(changed.filter(({ changes }) => changes.p95.ratio !== 1)).toHaveLength(1);
  });

  it('say which of them has no number, or none to be believed', () => {
    const failed = sampleRecord({
      record: { id: '20260103-093000-0002' },
      change: (result): TopologyResult => (result.topology.name === 'hybrid' ? failedResult(result) : result),
    });
    const [first] = compareRecords(before, failed).filter(({ topology }) => topology === 'hybrid');
    expect(first?.changes.p95).toMatchObject({ after: null, ratio: null });
    expect(first?.problems).toEqual([
      expect.stringMatching(
        /^run 20260103-093000-0002 has no numbers for it \(the topology failed: hybrid ended.*[^.]\)$/,
      ),
    ]);
    const doubtful = compareRecords(later('triton', 'c1', invalid), before);
    expect(doubtful.flatMap(({ problems }) => problems)).toEqual([
      'run 20260103-093000-0001 is not valid there (the load generator was late)',
    ]);
  });

  it('have no ratio where phases of one name loaded differently, and no check passes on them', () => {
    const other = later('triton', 'c8', (phase) => ({ ...phase, loop: 'closed', connections: 16 }));
    const at = compareRecords(before, other).find(({ topology, level }) => topology === 'triton' && level === 'c8');
    expect(at?.changes.p95).toMatchObject({ ratio: null, interval: null });
    expect(at?.problems).toEqual(['the load of c8 is 8 connections in one run and 16 connections in the other']);
    const missed = checkAgainst(before, other, 9).filter(({ outcome }) => outcome !== 'passed');
    expect(missed.map(({ topology, level, outcome }) => [topology, level, outcome])).toEqual([
      ['triton', 'c8', 'no number'],
      ['triton', 'c8', 'no number'],
    ]);
  });

  it('say why no ratio has an interval: numbers that are not valid, or figures without one', () => {
    const everywhere = (change: (phase: PhaseResult) => PhaseResult): RunRecord =>
      sampleRecord({
        record: { id: '20260103-093000-0003' },
        change: (result) => ({ ...result, phases: result.phases.map(change) }),
      });
    const whyNone = (after: RunRecord): string[] =>
      comparisonTable(compareRecords(before, after), []).notes.filter((note) => note.startsWith('The ratios'));
    const doubtful = 'a measurement of one of the runs or of both is not valid';
    const bare = 'figures of one of the runs or of both have no interval: how far chance would move them is not known';
    expect(whyNone(before)).toEqual([]);
    expect(whyNone(everywhere(invalid))).toEqual([`The ratios have no intervals, because ${doubtful}.`]);
    expect(whyNone(everywhere(withoutIntervals))).toEqual([`The ratios have no intervals, because ${bare}.`]);
    const some = everywhere((phase) => (phase.name === 'c8' ? invalid(phase) : withoutIntervals(phase)));
    expect(whyNone(some)).toEqual([
      `The ratios have no intervals: at (!) because ${doubtful}, elsewhere because ${bare}.`,
    ]);
    const nothing = everywhere((phase) => ({ ...phase, loop: 'closed', connections: 64 }));
    expect(whyNone(nothing)).toEqual([]);
  });

  it('have no ratio to nothing', () => {
    const nothing = later('triton', 'c8', (phase) => ({ ...phase, measurement: { ...phase.measurement, rps: 0 } }));
    const at = compareRecords(nothing, before).find(({ topology, level }) => topology === 'triton' && level === 'c8');
    expect(at?.changes.rps).toMatchObject({ before: 0, ratio: null });
  });
});

describe('what differs', () => {
  it('are the GPUs of a server, the load generators, the turns and the cores of the gateway, too', () => {
    const { gpu, load, topologies } = before.plan;
    const changed = {
      ...before.plan,
      gpu: { ...gpu, count: 4 },
      load: { ...load, generators: 3, repetitions: 2 },
      topologies: topologies.map((topology) =>
        topology.name === 'hybrid' ? { ...topology, cores: 4, split: { gatewayCores: 1, tritonCores: 3 } } : topology,
      ),
    } as Plan;
    const texts = differencesOf(before, { ...before, plan: changed });
    expect(texts).toEqual(
      expect.arrayContaining([
        'GPUs of each model server: 1, now 4',
        'load generators: 1, now 3',
        'turns of each topology: 1, now 2',
        'cores of the gateway of hybrid: 1 of 2, now 1 of 4',
      ]),
    );
  });
});

describe('two runs on an endpoint', () => {
  it('differ by what it is called, and cannot be compared where they ask in another way', () => {
    const [here, there] = [sampleEndpointRecord(), sampleEndpointRecord(sampleEndpointPlan({ name: 'other' }))];
    expect(differencesOf(here, there)).toEqual(['endpoint: checkout, now other']);
    expect(incomparable(here.plan, sampleEndpointPlan({ method: 'GET', bodies: 0 }))).toEqual([
      'the method is POST in one and GET in the other',
    ]);
  });
});

describe('a regression', () => {
  const change = (parts: Partial<Change>): Change => ({
    metric: 'p95',
    before: 10,
    after: 10,
    ratio: 1,
    interval: null,
    ...parts,
  });

  it.each<[string, Partial<Change>, ReturnType<typeof judgeChange>]>([
    ['p95 just within the allowed share', { ratio: 1.1 }, 'kept'],
    ['p95 beyond it, and no interval', { ratio: 1.101 }, 'not shown'],
    ['a lower p95', { ratio: 0.2 }, 'kept'],
    ['RPS just within the allowed share', { metric: 'rps', ratio: 0.9 }, 'kept'],
    ['RPS beyond it, and no interval', { metric: 'rps', ratio: 0.899 }, 'not shown'],
    ['higher RPS', { metric: 'rps', ratio: 3 }, 'kept'],
    ['p95 beyond it, as all of its interval is', { ratio: 1.5, interval: { low: 1.2, high: 1.9 } }, 'regression'],
    ['p95 beyond it, its interval across it', { ratio: 1.5, interval: { low: 1.05, high: 2.1 } }, 'not shown'],
    ['p95 within it, its interval across it', { ratio: 1.05, interval: { low: 0.9, high: 1.2 } }, 'kept'],
    [
      'RPS beyond it, as all of its interval is',
      { metric: 'rps', ratio: 0.6, interval: { low: 0.5, high: 0.7 } },
      'regression',
    ],
    [
      'RPS beyond it, its interval across it',
      { metric: 'rps', ratio: 0.6, interval: { low: 0.3, high: 0.95 } },
      'not shown',
    ],
    ['p95 that waited for the generator', { ratio: null, unshown: generatorDelay }, 'not shown'],
    ['RPS that the generator set', { metric: 'rps', ratio: 1, unshown: generatorLimit }, 'not shown'],
    ['no ratio', { ratio: null, after: null }, null],
  ])('%s', (_name, parts, wanted) => {
    expect(judgeChange(change(parts), 0.1)).toBe(wanted);
  });

  it('is a failed check of p95 and of RPS, and names both numbers, their ratio and the limit', () => {
    const checks = checkAgainst(before, later('triton', 'c8', slowedBy(1.3)), 0.1);
    expect(checks).toHaveLength(18);
    const failed = checks.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ topology, level, name }) => [topology, level, name])).toEqual([
      ['triton', 'c8', `p95 against run ${before.id}`],
      ['triton', 'c8', `rps against run ${before.id}`],
    ]);
    expect(failed[0]?.message).toMatch(
      /^p95 went from [\d.]+ ms to [\d.]+ ms, 1\.300 times as much \(95% interval 1\.\d+ to 1\.\d+\); the limit is 1\.100$/,
    );
    expect(failed[1]?.message).toMatch(
      /^rps went from \d+ RPS to \d+ RPS, 0\.769 times as much \(95% interval 0\.\d+ to 0\.\d+\); the limit is 0\.900$/,
    );
  });

  it('is not shown by a bare ratio, however large', () => {
    const after = later('triton', 'c8', (phase) => withoutIntervals(slowedBy(3)(phase)));
    const checks = checkAgainst(before, after, 0.1).filter(({ outcome }) => outcome !== 'passed');
    expect(checks.map(({ topology, level, outcome }) => [topology, level, outcome])).toEqual(
      Array(2).fill(['triton', 'c8', 'not shown']),
    );
    expect(checks[0]?.message).toMatch(/3\.000 times as much \(no 95% interval is known\); the limit is 1\.100$/);
  });

  it('that chance may explain is none, where an interval is known', () => {
    const after = later('triton', 'c8', slowedBy(1.3));
    const wide = checkAgainst(before, after, 0.1, () => ({ low: 0.7, high: 1.6 }));
    expect(wide.filter(({ outcome }) => outcome !== 'passed').map(({ level, outcome }) => [level, outcome])).toEqual([
      ['c8', 'not shown'],
      ['c8', 'not shown'],
    ]);
    expect(wide[0]?.message).toContain('(95% interval 0.70 to 1.60)');
    const narrow = checkAgainst(before, after, 0.1, (metric, from, to) =>
      metric === 'p95' && from.name === 'c8' && to.measurement.rps < from.measurement.rps
        ? { low: 1.15, high: 1.25 }
        : null,
    );
    expect(
      narrow.filter(({ outcome }) => outcome !== 'passed').map(({ name, outcome }) => [name.slice(0, 3), outcome]),
    ).toEqual([
      ['p95', 'failed'],
      ['rps', 'not shown'],
    ]);
  });

  it('cannot be ruled out where a number is missing or not valid', () => {
    const checks = checkAgainst(before, later('triton', 'c8', invalid), 0.1);
    const doubtful = checks.filter(({ outcome }) => outcome !== 'passed');
    expect(doubtful).toHaveLength(2);
    expect(doubtful[0]).toMatchObject({
      outcome: 'no number',
      message: expect.stringContaining('not valid there') as string,
    });
    const few = later('triton', 'c8', (phase) => ({
      ...phase,
      measurement: { ...phase.measurement, latency: { ...phase.measurement.latency, p95Ms: null } },
    }));
    const missing = checkAgainst(before, few, 0.1).filter(({ outcome }) => outcome !== 'passed');
    expect(missing).toMatchObject([{ outcome: 'no number', message: 'there is no p95 to compare' }]);
  });
});

describe('rates that the load generator set', () => {
  const busy = (phase: PhaseResult): PhaseResult => {
    const { measurement } = phase;
    const generator = { ...measurement.generator, cpuSeconds: 0.95 * phase.durationSeconds };
    return { ...phase, measurement: { ...measurement, generator } };
  };

  it('are no verdict between two runs, and no regression', () => {
    const after = later('triton', 'c8', (phase) => busy(slowedBy(2)(phase)));
    const at = compareRecords(before, after).find(({ topology, level }) => topology === 'triton' && level === 'c8');
    expect(at?.changes.rps).toMatchObject({ ratio: 0.5, interval: null, unshown: generatorLimit });
    for (const metric of ['p50', 'p95'] as const)
      expect(at?.changes[metric]).toMatchObject({ ratio: null, interval: null, unshown: generatorDelay });
    const checks = checkAgainst(before, after, 0.1).filter(({ outcome }) => outcome !== 'passed');
    expect(checks.map(({ name, outcome }) => [name.slice(0, 3), outcome])).toEqual([
      ['p95', 'not shown'],
      ['rps', 'not shown'],
    ]);
    expect(checks[0]?.message).toMatch(
      /^p95 went from [\d.]+ ms to [\d.]+ ms, and the load generator had no CPU time left, which adds to the latency$/,
    );
    expect(checks[1]?.message).toMatch(/the limit is 0\.900, and the load generator, not the server, set the rate$/);
    const notes = [
      'RPS of triton c8: the load generator, not the server, set the rate, in one of the runs or in both; its ratio is no verdict.',
      'Latencies of triton c8: the load generator had no CPU time left, which adds to the latency, in one of the runs or in both; they have no ratio.',
    ];
    expect(comparisonTable(compareRecords(before, after), []).notes).toEqual(expect.arrayContaining(notes));
    expect(comparisonView(before, after).remarks).toEqual(expect.arrayContaining(notes));
    expect(regressionsOf(before, after)).toEqual([]);
  });

  it('are told with whose limit they are, where a comparison has nothing else', () => {
    const plan = makePlan({ ...choices, topologies: ['triton'] });
    const busiest = (factor: number): RunRecord =>
      sampleRecord({
        plan,
        record: { id: `20260103-093000-000${String(factor)}` },
        change: (result) => ({ ...result, phases: result.phases.map((phase) => busy(slowedBy(factor)(phase))) }),
      });
    expect(comparisonView(busiest(1), busiest(2)).headline).toMatch(
      /^triton at 32 connections: RPS \d+ → \d+, 0\.50x \(the load generator's limit\)\.$/u,
    );
  });

  it('are named where a bound on them is broken', () => {
    const [broken] = checkSlos([slo('triton@8:rps>=9999')], later('triton', 'c8', busy));
    expect(broken).toMatchObject({ outcome: 'failed' });
    expect(broken?.message).toMatch(/^rps is [\d.]+\/s: the load generator, not the server, set the rate$/);
  });

  it('have no verdict between topologies, no knee and no cost, and the headline names the generator', () => {
    const measured = measuredRecord(later('triton', 'c32', busy));
    const rows = rowsOf(measured);
    const [fastapi, triton] = ['fastapi', 'triton'].map((topology) =>
      rows.find((row) => row.topology === topology && row.phase === 'c32'),
    );
    if (fastapi === undefined || triton === undefined) throw new Error('the sample has both');
    expect(rowVerdict(triton, fastapi, 'rps')).toEqual({ kind: 'none', why: generatorLimit });
    expect(rowVerdict(triton, fastapi, 'p95Ms')).toEqual({ kind: 'none', why: generatorDelay });
    expect(headlineOf(measured).text).toMatch(
      /^Not decided which is ahead at 32 connections: triton \d+ RPS, hybrid \d+ RPS, fastapi \d+ RPS; the load generator, not the server, set the rate of triton\. /u,
    );
    expect(headlineOf(measured).text).toContain(
      'no verdict on triton: the load generator, not the server, set the rate',
    );
    expect(headlineOf(measured).text).not.toContain('costs');
    for (const column of costColumns(rows, null)) {
      expect(column.cell(triton)).toBeNull();
      expect(column.cell(fastapi)).not.toBeNull();
    }
    expect(costRemarks(rows, null)).toContain(
      'No cost of triton at 32 connections: the load generator, not the server, set the rate.',
    );
  });
});

describe('RPS at a rate that the plan set', () => {
  const phase = {
    name: 'o200',
    kind: 'measured',
    durationSeconds: 5,
    loop: 'open',
    ratePerSecond: 200,
    arrivals: 'poisson',
    maxInFlight: 64,
  } as const;
  const plan = samplePlan();
  const opened = { ...plan, load: { ...plan.load, phases: [phase] } };
  const tight = (value: number) => ({ low: value * 0.99, high: value * 1.01 });
  const surely =
    (factor: number) =>
    (phase: PhaseResult): PhaseResult => {
      const { measurement } = slowedBy(factor)(phase);
      if (phase.intervals === 'not yet computed') throw new Error('the sample has intervals');
      const { latency, rps } = measurement;
      return {
        ...phase,
        measurement,
        intervals: { ...phase.intervals, p95Ms: tight(latency.p95Ms ?? 0), rps: tight(rps) },
      };
    };
  const [first, second] = [1, 2].map((factor) =>
    sampleRecord({
      plan: opened,
      record: { id: `20260103-093000-000${String(factor)}` },
      change: (result) => ({ ...result, phases: result.phases.map(surely(factor)) }),
    }),
  );
  if (first === undefined || second === undefined) throw new Error('there are two');

  it('has no ratio between two runs, is no check and no regression, and p95 is both', () => {
    const levels = compareRecords(first, second);
    for (const { changes } of levels) {
      expect(changes.rps).toMatchObject({ ratio: null, interval: null, unshown: plannedRate });
      expect(changes.p95.ratio).toBe(2);
    }
    expect(checkAgainst(first, second, 0.1).map(({ name, outcome }) => [name.slice(0, 3), outcome])).toEqual(
      levels.map(() => ['p95', 'failed']),
    );
    expect(regressionsOf(first, second).map(({ change: { metric } }) => metric)).toEqual(levels.map(() => 'p95'));
    const note =
      'RPS of fastapi o200, triton o200 and hybrid o200: the plan set the rate, so that there is nothing to compare.';
    expect(comparisonTable(levels, []).notes).toContain(note);
    expect(comparisonView(first, second).remarks).toContain(note);
  });
});

describe('bounds on a run', () => {
  it('are kept, broken, or without a number, each with what was found', () => {
    const p95 = before.topologies[1]?.phases.find(({ name }) => name === 'c8')?.measurement.latency.p95Ms ?? 0;
    expect(checkSlos([slo('triton@8:p95<1s')], before)).toEqual([
      {
        topology: 'triton',
        level: 'c8',
        name: 'triton@8:p95<1s',
        outcome: 'passed',
        message: `p95 is ${p95.toFixed(3)} ms`,
      },
    ]);
    expect(checkSlos([slo('triton@8:p95<1ms'), slo('hybrid:rps>=9999')], before).map(({ outcome }) => outcome)).toEqual(
      Array(4).fill('failed'),
    );
    const broken = checkSlos([slo('@8:p95<1s')], later('triton', 'c8', invalid));
    expect(broken.map(({ outcome, message }) => [outcome, message.slice(0, 40)])).toEqual([
      ['passed', expect.stringMatching(/^p95 is/)],
      ['no number', 'not valid: the load generator was late'],
      ['passed', expect.stringMatching(/^p95 is/)],
    ]);
  });

  it('name the first of several reasons why a number is not valid, and how many more there are', () => {
    const three = later('triton', 'c8', (phase) => ({
      ...phase,
      validity: { valid: false, reasons: ['errors: too many', 'it was late', 'it stood still'], caveats: [] },
    }));
    const brief = 'errors: too many, and 2 more (see the notes)';
    expect(checkSlos([slo('triton@8:p95<1s')], three).map(({ message }) => message)).toEqual([`not valid: ${brief}`]);
    const against = checkAgainst(before, three, 0.1).filter(({ outcome }) => outcome !== 'passed');
    expect(against.map(({ message }) => message)).toEqual(
      Array(2).fill(`run ${three.id} is not valid there (${brief})`),
    );
    // The comparison itself has them all.
    expect(compareRecords(before, three).flatMap(({ problems }) => problems)).toEqual([
      `run ${three.id} is not valid there (errors: too many; it was late; it stood still)`,
    ]);
  });

  it('say so when a topology failed, or ended before it got there', () => {
    const failed = sampleRecord({
      change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
    });
    const checks = checkSlos([slo('triton:errors<=0')], failed);
    expect(checks.map(({ level, outcome }) => [level, outcome])).toEqual(
      ['c1', 'c8', 'c32'].map((at) => [at, 'no number']),
    );
    expect(checks[0]?.message).toMatch(/^the topology failed: triton ended while it was waited for: OOMKilled/);
  });
});

describe('what makes two runs differ', () => {
  it('is nothing for a run and itself', () => {
    expect(differencesOf(before, before)).toEqual([]);
    expect(incomparable(before.plan, before.plan)).toEqual([]);
  });

  it('is named with both values, and not what one of them does not say', () => {
    const plan = samplePlan();
    const [file, ...files] = plan.model.files;
    if (file === undefined) throw new Error('the sample has no model file');
    const after = sampleRecord({
      plan: { ...plan, model: { ...plan.model, files: [{ ...file, sha256: '9'.repeat(64) }, ...files] } },
      change: (result) => ({
        ...result,
        runtimes: result.runtimes.map((runtime) => ({ ...runtime, runtimeVersion: '1.24.0' })),
        placements: result.placements.map((placement) => ({ ...placement, imageDigest: null })),
      }),
      record: {
        software: { topologyBench: '0.2.0', node: '24.21.0', autocannon: '9.0.0', servingSha256: null },
        environment: { ...before.environment, driverVersions: ['590.1'], machines: [] },
      },
    });
    expect(differencesOf(before, after)).toEqual([
      'Topology Bench: 0.1.0, now 0.2.0',
      "the model's model.onnx: aaaaaaaaaaaa, now 999999999999",
      'GPU driver: 580.65.06, now 590.1',
      expect.stringMatching(/^runtimes of fastapi: .*1\.23\.2.*, now .*1\.24\.0/),
      expect.stringMatching(/^runtimes of triton: /),
      expect.stringMatching(/^runtimes of hybrid: /),
    ]);
  });

  it('can make them incomparable, whatever the numbers', () => {
    const { payload } = choices;
    const other = makePlan({ ...choices, payload: { ...payload, sha256: '1'.repeat(64) } });
    expect(incomparable(sampleLocalPlan(), before.plan)).toEqual([
      'the load comes from this machine in one and inside the cluster in the other',
      'it runs on this machine in one and a cluster in the other',
      'the GPU asked for is none in one and nvidia.com/gpu in the other',
    ]);
    expect(incomparable(makePlan(choices), other)).toEqual([
      expect.stringContaining(`${'c'.repeat(64)} in one and ${'1'.repeat(64)}`),
    ]);
  });
});

it('the table of two runs has both figures, their ratio, and what they are worth', () => {
  const after = later('triton', 'c8', (phase) => invalid(slowedBy(2)(phase)));
  const { header, rows, notes } = comparisonTable(compareRecords(before, after), ['GPU driver: 1, now 2']);
  expect(header).toEqual([
    'Topology',
    'Level',
    'p50 ms',
    'now',
    'ratio',
    'p95 ms',
    'now',
    'ratio',
    'RPS',
    'now',
    'ratio',
  ]);
  expect(rows).toHaveLength(9);
  expect(rows.every((row) => row.length === header.length)).toBe(true);
  expect(rows.find((row) => row[0] === 'triton (!)')?.filter((_cell, index) => index % 3 === 1)).toEqual([
    'c8',
    '2.00',
    '2.00',
    '0.50',
  ]);
  expect(notes).toEqual([
    `(!) triton c8: run ${after.id} is not valid there (the load generator was late).`,
    'Differs: GPU driver: 1, now 2.',
    'Where nothing differs, one in twenty of these 24 ratios, so about 1.2, shows a difference by chance alone.',
  ]);
  const unknown = comparisonTable(
    compareRecords(before, after, () => null),
    [],
  );
  expect(unknown.notes.join()).toContain('no intervals');
  const known = comparisonTable(
    compareRecords(before, after, () => ({ low: 0.9, high: 1.1 })),
    [],
  );
  expect(known.rows[0]).toContain('1.00 (0.90 to 1.10)');
  expect(known.notes.join()).not.toContain('no intervals');
});
