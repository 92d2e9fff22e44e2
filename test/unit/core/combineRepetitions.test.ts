import { describe, expect, it } from 'vitest';
import { combineRepetitions } from '../../../src/core/combineRepetitions.ts';
import { studentT } from '../../../src/core/distributions.ts';
import { decodeHistogram } from '../../../src/core/histogram.ts';
import type { Phase, TopologyPlan } from '../../../src/core/plan.ts';
import { phaseResultSchema, type PhaseResult } from '../../../src/core/record.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { sampleRecord, samplePhase } from '../../support/sampleRecord.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const c8: Phase = { name: 'c8', kind: 'measured', loop: 'closed', connections: 8, durationSeconds: 5 };
const warmUp: Phase = { ...c8, name: 'warm-up', kind: 'warm-up' };

function turn(repetition: number, topology: TopologyPlan = sampleTopologies.triton): PhaseResult[] {
  return [warmUp, c8].map((phase, at) => ({
    ...samplePhase(samplePlan(), topology, phase, 10 * repetition + at),
    repetition,
  }));
}

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
    expect(all?.measurement.rps).toBeCloseTo(ok / 15, 6);
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

  it('leave out one that is not valid, and say so', () => {
    const bad = { valid: false, reasons: ['the load generator was late'], caveats: [] };
    const some = turns.map((phase) => (phase.repetition === 2 ? { ...phase, validity: bad } : phase));
    const [all] = combineRepetitions(some) ?? [];
    expect(all?.validity.valid).toBe(true);
    expect(all?.validity.caveats[0]).toBe('left out: repetition 2: the load generator was late');
    const none = turns.map((phase) => ({ ...phase, validity: bad }));
    expect(combineRepetitions(none)?.[0]?.validity).toMatchObject({ valid: false, reasons: { length: 3 } });
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
    const record = sampleRecord();
    const topologies = record.topologies.map((result, at) => {
      const phases = [1, 2, 3].flatMap((repetition) => turn(repetition, record.plan.topologies[at]));
      return { ...result, phases, combined: combineRepetitions(phases) };
    });
    const repeated = { ...record, topologies, plan: { ...record.plan, load: { ...record.plan.load, repetitions: 3 } } };
    const rows = rowsOf(measuredRecord(repeated));
    expect(rows.map(({ repetitions }) => repetitions.length)).toEqual(rows.map(() => 3));
    const { text, worth } = headlineOf(measuredRecord(repeated));
    expect(text).toMatch(/RPS: triton [\d.]+x fastapi \[[\d.]+–[\d.]+\]/u);
    expect(worth).toContain('deployed and measured 3 times, in turns');
  });
});
