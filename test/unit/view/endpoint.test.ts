import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { combineRepetitions } from '../../../src/core/combineRepetitions.ts';
import { describeRecord } from '../../../src/core/view/describe.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { junitXml } from '../../../src/core/view/junit.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import { recordCaveats, recordFacts } from '../../../src/core/view/provenance.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { expectGolden } from '../../support/golden.ts';
import { sampleEndpointPlan, sampleEndpointRecord } from '../../support/sampleEndpoint.ts';

const golden = (name: string): string => join(import.meta.dirname, 'golden', name);
const record = sampleEndpointRecord();

describe('a record of an endpoint in words', () => {
  it('is a table, with what is and is not known of it', async () => {
    await expectGolden(golden('table-endpoint.txt'), recordTable(record));
    const facts = recordFacts(record).map(({ title, facts: rows }) =>
      [`# ${title}`, ...rows.map(({ term, text }) => `${term}: ${text}`)].join('\n'),
    );
    await expectGolden(golden('facts-endpoint.txt'), `${facts.join('\n\n')}\n`);
  });

  it('goes by the name that its user gave it', () => {
    expect(describeRecord(record).title).toBe('checkout, quick');
    expect(recordMarkdown(record)).toContain('checkout, quick, load from this machine');
    expect(junitXml({ record, checks: null, problems: [] })).toContain('name="topology-bench checkout"');
  });

  it('speaks of times, not of deployments', () => {
    const once = sampleEndpointRecord(sampleEndpointPlan({ repetitions: 3 }));
    const topologies = once.topologies.map((result) => {
      const phases = [1, 2, 3].flatMap((repetition) => result.phases.map((phase) => ({ ...phase, repetition })));
      return { ...result, phases, combined: combineRepetitions(phases) };
    });
    const turns = { ...once, topologies };
    expect(headlineOf(measuredRecord(once)).worth).toContain('not what changes from one time to the next');
    const texts = [headlineOf(measuredRecord(turns)).worth, ...recordCaveats(turns), ...recordCaveats(record)].join(
      ' ',
    );
    expect(texts).toContain('The endpoint was measured 3 times');
    expect(texts).not.toContain('deploy');
  });

  it('says of requests without a body that they have none', () => {
    const plan = sampleEndpointPlan({ bodies: 0, method: 'GET' });
    const [load] = recordFacts(sampleEndpointRecord(plan));
    expect(load?.facts).toContainEqual({ term: 'Payload', text: 'requests without a body' });
  });
});
