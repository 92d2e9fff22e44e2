import { describe, expect, it } from 'vitest';
import { loadNames, nameLoad } from '../../../src/core/phaseLoad.ts';
import { phaseSchema, type PhaseLoad } from '../../../src/core/plan.ts';
import { formatList } from '../../../src/core/view/format.ts';
import { recordFacts } from '../../../src/core/view/provenance.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

const closed = (connections: number): PhaseLoad => ({ loop: 'closed', connections });
const open = (ratePerSecond: number, arrivals: 'poisson' | 'constant' = 'poisson'): PhaseLoad => ({
  loop: 'open',
  ratePerSecond,
  arrivals,
  maxInFlight: 64,
});

describe('the name of a load', () => {
  it('says loop, rate and arrivals', () => {
    expect(nameLoad(closed(1)).long).toBe('1 connection');
    expect(nameLoad(closed(8))).toMatchObject({ long: '8 connections', short: '8' });
    expect(nameLoad(open(200))).toMatchObject({ long: '200 requests/s (Poisson)', short: '200/s Poisson' });
    expect(nameLoad(open(0.5, 'constant')).long).toBe('0.5 requests/s (constant)');
    expect(nameLoad(open(1)).long).toBe('1 request/s (Poisson)');
  });

  it('tells apart what loads differently, and sorts closed loops first', () => {
    const loads = [open(50), closed(64), open(200), open(200, 'constant'), closed(8)];
    expect(new Set(loads.map((load) => nameLoad(load).key)).size).toBe(5);
    const sorted = loads.toSorted((a, b) => nameLoad(a).order - nameLoad(b).order);
    expect(sorted.map((load) => nameLoad(load).short)).toEqual([
      '8',
      '64',
      '50/s Poisson',
      '200/s Poisson',
      '200/s constant',
    ]);
  });

  it('goes into one text', () => {
    expect(loadNames([closed(1), closed(8)], formatList)).toBe('closed loop, 1 and 8 connections');
    expect(loadNames([closed(1), open(100), open(200)], formatList)).toBe(
      'closed loop, 1 connection; open loop, 100/s Poisson and 200/s Poisson',
    );
  });
});

describe('a phase', () => {
  it.each([0, -1, 100_001, Number.NaN])('refuses a rate of %d', (ratePerSecond) => {
    const phase = { ...open(1), ratePerSecond, name: 'x', kind: 'measured', durationSeconds: 1 };
    expect(phaseSchema.safeParse(phase).success).toBe(false);
  });

  it('is of one loop only', () => {
    const phase = { name: 'x', kind: 'measured', durationSeconds: 1 };
    expect(phaseSchema.safeParse({ ...phase, ...open(1), connections: 3 }).success).toBe(false);
    expect(phaseSchema.safeParse({ ...phase, loop: 'half', connections: 3 }).success).toBe(false);
    expect(phaseSchema.parse({ ...phase, connections: 3 })).toEqual({ ...phase, ...closed(3) });
  });
});

describe('a record with an open loop', () => {
  const plan = samplePlan();
  const phase = { ...open(200), name: 'o200', kind: 'measured' as const, durationSeconds: 5 };
  const record = sampleRecord({ plan: { ...plan, load: { ...plan.load, phases: [...plan.load.phases, phase] } } });

  it('shows it beside the closed ones, by its name', () => {
    const table = recordTable(record);
    expect(table).toMatch(/^First look: at 200 requests\/s \(Poisson\) triton is ahead/);
    expect(table).toMatch(/Topology +Load +p50 ms/);
    expect(table).toMatch(/^fastapi +200\/s Poisson +\d/m);
    expect(recordMarkdown(record)).toContain('| Topology | Load |');
    expect(recordFacts(record)[0]?.facts[0]?.text).toBe(
      'quick: closed loop, 1, 8 and 32 connections; open loop, 200/s Poisson, 5 s each, after 8 s of warm-up in all that are dropped',
    );
  });
});
