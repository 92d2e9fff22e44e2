import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../../src/core/planning.ts';
import { runRecordSchema } from '../../../src/core/record.ts';
import { recordTable } from '../../../src/core/view/table.ts';

/** Written by the program as it was before phases named their loop. */
const before = JSON.parse(await readFile(join(import.meta.dirname, '..', 'runs', 'record-v1.json'), 'utf8')) as {
  plan: { load: { phases: object[] } };
  topologies: object[];
};

describe('a record of the first version 1', () => {
  it('is still read: its phases are closed loops, and what was not known then is null', () => {
    expect(before.plan.load.phases[0]).not.toHaveProperty('loop');
    const record = runRecordSchema.parse(before);
    expect(new Set(record.plan.load.phases.map((phase) => phase.loop))).toEqual(new Set(['closed']));
    for (const phase of record.topologies.flatMap(({ phases }) => phases)) {
      expect(phase).toMatchObject({ loop: 'closed', measurement: { schedule: null } });
      expect(phase.measurement.generator).toMatchObject({ scheduleDelay: null, overheadMs: null });
    }
    expect(recordTable(record)).toMatch(
      /^No verdict, since none of the 9 measurements is valid: the load generator was late\./u,
    );
  });

  it('has a plan that can be run again', () => {
    expect(checkPlan(before.plan).load.phases[0]).toMatchObject({ loop: 'closed', connections: 32 });
  });

  it.each([
    'the load generator could not be believed at the next rate',
    'the load generator could not be believed at any rate',
    'no rate kept the bound where the load generator could be believed',
    'the load generator could not be believed in any confirmation',
  ])('keeps why a search ended, as it was said then: %s', (because) => {
    const topologies = before.topologies.map((result) => ({ ...result, searches: [{ ratePerSecond: null, because }] }));
    const [result] = runRecordSchema.parse({ ...before, topologies }).topologies;
    expect(result?.searches).toEqual([{ ratePerSecond: null, because, doubts: [], confident: null }]);
  });

  it('is read as it is written now, too', () => {
    const record = runRecordSchema.parse(before);
    expect(runRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });
});
