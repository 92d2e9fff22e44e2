import { describe, expect, it } from 'vitest';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { profileOf } from '../../../src/core/profiles.ts';
import type { PhaseResult, RunRecord } from '../../../src/core/record.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { levelToTell } from '../../../src/core/view/levelToTell.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { whyThisLevel } from '../../../src/core/view/whyThisLevel.ts';
import { notValid, withoutIntervals } from '../../support/changedRecord.ts';
import { samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

/** The sample of 1, 8 and 32 connections, its phases changed. */
function changed(change: (phase: PhaseResult, topology: string) => PhaseResult, plan = samplePlan()): RunRecord {
  return sampleRecord({
    plan,
    change: (result) => ({
      ...result,
      phases: result.phases.map((phase) => change(phase, result.topology.name)),
    }),
  });
}

function whyOf(record: RunRecord): string {
  const measured = measuredRecord(record);
  const rows = rowsOf(measured);
  const level = levelToTell(measured, rows);
  return level === undefined ? '' : whyThisLevel(measured, rows, level);
}

describe('why a result is told at its level', () => {
  it('is not said of the highest level', () => {
    expect(whyOf(changed((phase) => phase))).toBe('');
    expect(headlineOf(measuredRecord(changed((phase) => phase))).worth).not.toContain('Told at');
  });

  it('is that fewer numbers are valid at the higher ones, or none', () => {
    const fewer = changed((phase, topology) =>
      phase.name === 'c1' || topology === 'triton' ? phase : notValid(phase),
    );
    expect(whyOf(fewer)).toBe('Told at 1 connection: at 8 and 32 fewer topologies have valid numbers.');
    expect(headlineOf(measuredRecord(fewer)).worth).toMatch(/ Told at 1 connection: at 8 and 32 fewer [^.]*\.$/u);
    const none = changed((phase) => (phase.name === 'c1' ? phase : notValid(phase)));
    expect(whyOf(none)).toBe('Told at 1 connection: at 8 and 32 no numbers are valid.');
  });

  it('is that fewer of them have an interval, and each level has its own reason', () => {
    const wide = changed((phase, topology) =>
      phase.name === 'c32' && topology === 'triton' ? withoutIntervals(phase) : phase,
    );
    expect(whyOf(wide)).toBe('Told at 8 connections: at 32 fewer topologies have a 95% interval of p95 or RPS.');
    const both = changed((phase) =>
      phase.name === 'c8' ? notValid(phase) : phase.name === 'c32' ? withoutIntervals(phase) : phase,
    );
    expect(whyOf(both)).toBe(
      'Told at 1 connection: at 8 no numbers are valid; at 32 no valid p95 or RPS has a 95% interval.',
    );
  });

  it('is that fewer have numbers, where the others are alike', () => {
    const record = changed((phase, topology) => (topology === 'triton' ? notValid(phase) : phase));
    const topologies = record.topologies.map((result) => ({
      ...result,
      phases: result.phases.filter(({ name }) => result.topology.name !== 'triton' || name !== 'c32'),
    }));
    expect(whyOf({ ...record, topologies })).toBe('Told at 8 connections: at 32 fewer topologies have numbers.');
  });

  it('is the knee, of a ladder', () => {
    const { search } = profileOf('ladder');
    const flat = changed((phase) => phase, samplePlan({ load: { ...samplePlan().load, search } }));
    const topologies = flat.topologies.map((result) => {
      const knee = result.phases.find(({ name }) => name === 'c8');
      return {
        ...result,
        phases: result.phases.map((phase) =>
          phase.name !== 'c32' || knee === undefined
            ? phase
            : { ...phase, measurement: knee.measurement, intervals: knee.intervals },
        ),
      };
    });
    expect(whyOf({ ...flat, topologies })).toBe(
      'Told at 8 connections: at 32 no topology is shown to gain more than a little.',
    );
  });

  it('is not said while a run goes on, nor where no level is told', () => {
    const fewer = changed((phase, topology) =>
      phase.name === 'c1' || topology === 'triton' ? phase : notValid(phase),
    );
    const measured = { ...measuredRecord(fewer), record: null };
    const one = nameLoad({ loop: 'closed', connections: 1 });
    expect(whyThisLevel(measured, rowsOf(measured), one)).toBe('');
    const differed = { ...fewer, sameAnswers: { verdict: 'differed' as const, detail: 'input 3' } };
    expect(headlineOf(measuredRecord(differed)).worth).not.toContain('Told at');
  });
});
