import { describe, expect, it } from 'vitest';
import { checkAgainst, checkSlos } from '../../../src/core/checks.ts';
import { combineRepetitions } from '../../../src/core/combineRepetitions.ts';
import { comparedOnRepetitions, compareRecords } from '../../../src/core/compare.ts';
import { studentT } from '../../../src/core/distributions.ts';
import { decodeHistogram } from '../../../src/core/histogram.ts';
import type { LoadPlan, Phase, TopologyPlan } from '../../../src/core/plan.ts';
import { phaseResultSchema, type PhaseResult, type RunRecord } from '../../../src/core/record.ts';
import { profileOf } from '../../../src/core/profiles.ts';
import type { Slo } from '../../../src/core/slo.ts';
import { fewRepetitions, twoRepetitionsText } from '../../../src/core/twoRepetitions.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { junitXml } from '../../../src/core/view/junit.ts';
import { recordCaveats } from '../../../src/core/view/provenance.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { sampleRecord, samplePhase } from '../../support/sampleRecord.ts';
import { parseXml } from '../../support/xml.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const c8: Phase = { name: 'c8', kind: 'measured', loop: 'closed', connections: 8, durationSeconds: 5 };
const warmUp: Phase = { ...c8, name: 'warm-up', kind: 'warm-up' };

function turn(repetition: number, topology: TopologyPlan = sampleTopologies.triton): PhaseResult[] {
  return [warmUp, c8].map((phase, at) => ({
    ...samplePhase(samplePlan(), topology, phase, 10 * repetition + at),
    repetition,
  }));
}

const slowedBy =
  (factor: number) =>
  (phase: PhaseResult): PhaseResult => {
    const { latency, rps } = phase.measurement;
    const times = (value: number | null): number | null => (value === null ? null : value * factor);
    const slower = {
      ...latency,
      p50Ms: times(latency.p50Ms),
      p95Ms: times(latency.p95Ms),
      p99Ms: times(latency.p99Ms),
    };
    return { ...phase, measurement: { ...phase.measurement, latency: slower, rps: rps / factor } };
  };

/** A run of the sample in three turns; some of its phases may be changed. */
function repeatedRecord(change: (phase: PhaseResult) => PhaseResult = (phase) => phase, id?: string): RunRecord {
  const record = sampleRecord(id === undefined ? {} : { record: { id } });
  const topologies = record.topologies.map((result, at) => {
    const phases = [1, 2, 3].flatMap((repetition) => turn(repetition, record.plan.topologies[at])).map(change);
    return { ...result, phases, combined: combineRepetitions(phases) };
  });
  return { ...record, topologies, plan: { ...record.plan, load: { ...record.plan.load, repetitions: 3 } } };
}

const bad = { valid: false, reasons: ['the load generator was late'], caveats: [] };

const turns = [turn(1), turn(2), turn(3)].flat();
const measured = turns.filter(({ kind }) => kind === 'measured');

describe('the repetitions of a phase', () => {
  it('are one phase over all of them, warm-ups apart', () => {
    const [all, ...others] = combineRepetitions(turns) ?? [];
    expect(others).toEqual([]);
    expect(phaseResultSchema.parse(all)).toEqual(all);
    const ok = measured.reduce((sum, { measurement }) => sum + measurement.requests.ok, 0);
    expect(all?.measurement.requests.ok).toBe(ok);
    expect(decodeHistogram(all?.measurement.histogram ?? '').totalCount).toBe(ok);
    expect(all?.measurement.generator.cpuSeconds).toBeCloseTo(3 * 5 * 0.3, 9);
    expect(all?.measurement.timeSeries).toHaveLength(15);
    expect(all?.serverCount).toBe(measured.reduce((sum, { serverCount }) => sum + (serverCount ?? 0), 0));
  });

  it('have the interval of Student for what changes from one to the next', () => {
    const [all] = combineRepetitions(turns) ?? [];
    const logarithms = measured.map(({ measurement }) => Math.log(measurement.rps));
    const mean = logarithms.reduce((sum, value) => sum + value, 0) / 3;
    const deviation = Math.sqrt(logarithms.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    const reach = (studentT(0.05, 2) * deviation) / Math.sqrt(3);
    const { intervals } = all ?? {};
    if (intervals === undefined || intervals === 'not yet computed' || 'unknown' in intervals.rps)
      throw new Error('no interval');
    expect(intervals.rps.low).toBeCloseTo(Math.exp(mean - reach), 6);
    expect(intervals.rps.high).toBeCloseTo(Math.exp(mean + reach), 6);
  });

  it('have as figures the geometric means of their own, which their intervals hold', () => {
    // One repetition that was three times slower: its requests are the slow tail of all requests together.
    const slow = turns.map((phase) => (phase.repetition === 2 ? slowedBy(3)(phase) : phase));
    const [all] = combineRepetitions(slow) ?? [];
    const used = slow.filter(({ kind }) => kind === 'measured');
    const product = used.reduce((sum, { measurement }) => sum * (measurement.latency.p95Ms ?? 0), 1);
    expect(all?.measurement.latency.p95Ms).toBeCloseTo(Math.cbrt(product), 9);
    const rates = used.reduce((sum, { measurement }) => sum * measurement.rps, 1);
    expect(all?.measurement.rps).toBeCloseTo(Math.cbrt(rates), 6);
    if (all === undefined || all.intervals === 'not yet computed') throw new Error('no intervals');
    const { latency, rps } = all.measurement;
    const figures = { p50Ms: latency.p50Ms, p95Ms: latency.p95Ms, p99Ms: latency.p99Ms, rps };
    for (const quantity of ['p50Ms', 'p95Ms', 'p99Ms', 'rps'] as const) {
      const interval = all.intervals[quantity];
      if ('unknown' in interval) throw new Error(interval.unknown);
      expect(interval.low, quantity).toBeLessThanOrEqual(figures[quantity] ?? Number.NaN);
      expect(interval.high, quantity).toBeGreaterThanOrEqual(figures[quantity] ?? Number.NaN);
    }
  });

  it('have no figure where one of them has none', () => {
    const some = turns.map((phase) =>
      phase.repetition === 2
        ? {
            ...phase,
            measurement: { ...phase.measurement, latency: { ...phase.measurement.latency, p99Ms: null } },
          }
        : phase,
    );
    expect(combineRepetitions(some)?.[0]?.measurement.latency.p99Ms).toBeNull();
  });

  it('leave out one that is not valid, and say so', () => {
    const some = turns.map((phase) => (phase.repetition === 2 ? { ...phase, validity: bad } : phase));
    const [all] = combineRepetitions(some) ?? [];
    expect(all?.validity.valid).toBe(true);
    expect(all?.validity.caveats[0]).toBe('left out: repetition 2: the load generator was late');
    const none = turns.map((phase) => ({ ...phase, validity: bad }));
    expect(combineRepetitions(none)?.[0]?.validity).toMatchObject({ valid: false, reasons: { length: 3 } });
  });

  it('name the one that a caveat is of, unless all of them have it', () => {
    const quick = (count: number): string => `p99 is left out: ${String(count)} successes, and it needs 459`;
    const some = turns.map((phase) => ({
      ...phase,
      validity: {
        valid: true,
        reasons: [],
        caveats: [
          quick(100 * phase.repetition),
          `over the thirds of the phase RPS was 74.${String(phase.repetition)}, then 60.2, then 81.9, which may be chance`,
          ...(phase.repetition === 2 ? ["the load generator's CPU was throttled for 3 ms"] : []),
        ],
      },
    }));
    expect(combineRepetitions(some)?.[0]?.validity.caveats).toEqual([
      quick(100),
      'repetition 1: over the thirds of the phase RPS was 74.1, then 60.2, then 81.9, which may be chance',
      quick(200),
      'repetition 2: over the thirds of the phase RPS was 74.2, then 60.2, then 81.9, which may be chance',
      "repetition 2: the load generator's CPU was throttled for 3 ms",
      quick(300),
      'repetition 3: over the thirds of the phase RPS was 74.3, then 60.2, then 81.9, which may be chance',
    ]);
  });

  it('split as the mean of their splits, and still add up', () => {
    const [all] =
      combineRepetitions([1, 2, 3].flatMap((repetition) => turn(repetition, sampleTopologies.hybrid))) ?? [];
    const split = all?.split;
    if (split === undefined || split === null) throw new Error('no split');
    const sum = split.clientMs + (split.gatewayMs ?? 0) + split.queueMs + split.computeMs + split.otherMs;
    expect(sum).toBeCloseTo(split.totalMs, 6);
  });

  it('are nothing new where each phase was measured once', () => {
    expect(combineRepetitions(turn(1))).toBeNull();
  });

  it('make pairs for the verdict, and the headline says what the intervals hold', () => {
    const repeated = repeatedRecord();
    const rows = rowsOf(measuredRecord(repeated));
    expect(rows.map(({ repetitions }) => repetitions.length)).toEqual(rows.map(() => 3));
    const { text, worth } = headlineOf(measuredRecord(repeated));
    expect(text).toMatch(/RPS: triton .*[\d.]+x fastapi \[[\d.]+–[\d.]+\]/u);
    expect(text).toMatch(/^At 8 connections triton is ahead in /u);
    expect(worth).toContain('deployed and measured 3 times, in turns');
    expect(recordCaveats(repeated).join(' ')).toContain('are the geometric means of those of its repetitions.');
  });

  it('are said to be those that are left, and one is no verdict', () => {
    const one = repeatedRecord((phase) => (phase.repetition === 1 ? phase : { ...phase, validity: bad }));
    const { text, worth } = headlineOf(measuredRecord(one));
    expect(text).toMatch(
      /^Not decided which is ahead at 8 connections: triton \d+ RPS, hybrid \d+ RPS, fastapi \d+ RPS; of 3 pairs one is valid, and a verdict over repetitions needs two\.$/u,
    );
    expect(worth).toContain(
      'Of 3 repetitions planned, each row rests on one: the 95% intervals in brackets hold the chance within a phase, not what changes from one deployment to the next.',
    );
    expect(worth).not.toContain('measured 3 times');
    expect(recordCaveats(one).join(' ')).toContain('hold the chance within a phase');
    expect(resultTable(rowsOf(measuredRecord(one))).notes).toContain('rests on 1 of 3 repetitions');

    const two = repeatedRecord((phase) => (phase.repetition === 3 ? { ...phase, validity: bad } : phase));
    const shown = headlineOf(measuredRecord(two));
    expect(shown.text).toMatch(/RPS: triton .*[\d.]+x fastapi \[[\d.]+–[\d.]+, 2 of 3 pairs\]/u);
    expect(shown.worth).toContain('Of 3 repetitions planned, 3 of 3 rows rest on fewer: ');
    // Their intervals are wide because they are two.
    expect(recordCaveats(two)).toContain(twoRepetitionsText);
    for (const other of [one, repeatedRecord()]) expect(recordCaveats(other)).not.toContain(twoRepetitionsText);
  });

  it('of two runs are compared with each other, and not their figures alone', () => {
    const before = repeatedRecord();
    const after = repeatedRecord(slowedBy(1.2), '20260103-093000-0001');
    const at = compareRecords(before, after).find(({ topology, level }) => topology === 'triton' && level === 'c8');
    const values = before.topologies[1]?.phases
      .filter(({ kind }) => kind === 'measured')
      .map(({ measurement }) => measurement.latency.p95Ms ?? 0);
    const expected = comparedOnRepetitions(values ?? [], values?.map((value) => value * 1.2) ?? []);
    expect(at?.changes.p95.ratio).toBeCloseTo(1.2, 9);
    expect(at?.changes.p95.interval?.low).toBeCloseTo(expected?.low ?? 0, 9);
    expect(at?.changes.p95.interval?.high).toBeCloseTo(expected?.high ?? 0, 9);
  });

  it('pass no check without those in which the server failed, and without those that the generator spoiled they say so', async () => {
    const failing = { valid: false, reasons: ['errors: 40.0% of the requests sent failed'], caveats: [] };
    const second = (validity: PhaseResult['validity'], late = 1.4) =>
      repeatedRecord((phase) => {
        const generator = { ...phase.measurement.generator, eventLoopDelayP99Ms: late };
        const measurement = { ...phase.measurement, generator };
        return phase.repetition === 2 ? { ...phase, measurement, validity } : phase;
      });
    const bound = { ...p95Bound, topology: 'triton', level: '8' };
    const failed = second(failing);
    // The row itself is of the two that are valid.
    expect(failed.topologies[1]?.combined?.[0]?.validity.valid).toBe(true);
    expect(checkSlos([bound], failed)).toEqual([
      expect.objectContaining({
        outcome: 'no number',
        message: 'not valid: repetition 2: errors: 40.0% of the requests sent failed',
      }),
    ]);
    const against = checkAgainst(
      repeatedRecord((phase) => phase, '20260103-093000-0001'),
      failed,
      0.1,
    );
    expect(new Set(against.map(({ outcome }) => outcome))).toEqual(new Set(['no number']));
    const late = 'the load generator was late: event-loop delay p99 90.0 ms, the limit is 10 ms';
    const spoiled = second({ valid: false, reasons: [late], caveats: [] }, 90);
    expect(checkSlos([bound], spoiled)).toEqual([
      expect.objectContaining({
        outcome: 'passed',
        message: expect.stringMatching(
          /^p95 is [\d.]+ ms, of 2 of 3 repetitions \(in the rest the load generator was not valid\)$/u,
        ) as string,
      }),
    ]);
    const suites = async (record: RunRecord): Promise<string[]> =>
      (await parseXml(junitXml({ record, checks: null, problems: [] }))).children.map(
        ({ attributes }) => attributes['failures'] ?? '',
      );
    expect(await suites(failed)).toEqual(['1', '1', '1']);
    expect(await suites(spoiled)).toEqual(['0', '0', '0']);
  });

  it('keep or break a bound by the figure that the table shows', () => {
    const record = repeatedRecord((phase) => (phase.repetition === 2 ? slowedBy(3)(phase) : phase));
    const [check] = checkSlos([{ ...p95Bound, topology: 'triton', level: '8' }], record);
    const figure = record.topologies[1]?.combined?.[0]?.measurement.latency.p95Ms ?? 0;
    expect(check?.message).toBe(`p95 is ${figure.toFixed(3)} ms`);
  });
});

it('two repetitions are told of before the run, with how far their intervals reach', () => {
  const load = samplePlan().load;
  const told = (repetitions: number, search: LoadPlan['search'] = null): string[] =>
    fewRepetitions({ ...samplePlan(), load: { ...load, repetitions, search } });
  expect([1, 2, 3].map((repetitions) => told(repetitions))).toEqual([[], [twoRepetitionsText], []]);
  expect(told(2, profileOf('server').search)).toEqual([]);
  expect(twoRepetitionsText).toContain(`${studentT(0.05, 1).toFixed(1)} standard errors each way`);
  expect(twoRepetitionsText).toContain(`with three ${studentT(0.05, 2).toFixed(1)}:`);
});

const p95Bound: Slo = {
  text: 'p95<1s',
  topology: null,
  level: null,
  metric: 'p95',
  comparison: '<',
  value: 1000,
  unit: 'ms',
};
