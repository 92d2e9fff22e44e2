import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeMarkdown, outcomeText } from '../../../src/cli/outcome.ts';
import type { Check } from '../../../src/core/checks.ts';
import { combineRepetitions } from '../../../src/core/combineRepetitions.ts';
import { parseSlo, placesOf } from '../../../src/core/slo.ts';
import { comparisonView } from '../../../src/core/view/comparisonView.ts';
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
    const xml = junitXml({ record, checks: null, problems: [] });
    expect(xml).toContain('name="topology-bench checkout"');
    // What CI keeps over runs goes by the same words whatever the endpoint is called.
    expect(xml).toContain('classname="endpoint"');
    expect(headlineOf(measuredRecord(record)).text).toMatch(/^At 32 connections checkout serves /u);
    const { headline, groups } = comparisonView(record, { ...record, id: '20260103-093000-0001' });
    expect(`${headline} ${groups.map(({ topology }) => topology).join()}`).not.toContain('endpoint');
    const check: Check = {
      topology: 'endpoint',
      level: 'c8',
      name: 'p95<1s',
      outcome: 'passed',
      message: 'p95 is 1 ms',
    };
    const told = { record, beside: record, checks: [check], problems: [], gpuPrice: null };
    expect(outcomeText(told)).toMatch(/^ok +checkout +c8 +p95<1s[^]*^checkout +c1 /mu);
    expect(outcomeMarkdown(told)).toContain('| passed | checkout | c8 |');
    expect(outcomeMarkdown(told)).not.toContain('| endpoint |');
  });

  it('keeps its bounds by that name or by what each endpoint is', () => {
    const plan = sampleEndpointPlan();
    const places = (text: string): string[] => {
      const { slo, problem } = parseSlo(text);
      if (slo === undefined) throw new Error(problem);
      return placesOf(slo, plan).map(({ topology, level }) => `${topology}@${level}`);
    };
    expect(places('checkout@8:p95<1s')).toEqual(['endpoint@c8']);
    expect(places('endpoint@8:p95<1s')).toEqual(['endpoint@c8']);
    expect(places('other@8:p95<1s')).toEqual([]);
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
