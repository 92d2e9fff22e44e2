import { expect, it } from 'vitest';
import { profileOf } from '../../../src/core/profiles.ts';
import { generatorTooSlow } from '../../../src/core/sloSearch.ts';
import type { PhaseResult, RunRecord } from '../../../src/core/record.ts';
import { describeRecord } from '../../../src/core/view/describe.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
import { tellingRows } from '../../../src/extension/figures.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

function searched(profile: 'server' | 'ladder', searches: RunRecord['topologies'][number]['searches'][]): string {
  const record = sampleRecord();
  const { search } = profileOf(profile);
  const topologies = record.topologies.map((result, at) => ({ ...result, searches: searches[at] ?? [] }));
  const plan = { ...record.plan, load: { ...record.plan.load, search } };
  return headlineOf(measuredRecord({ ...record, plan, topologies })).text;
}

it('the highest rate under the bound is the first thing that is said, with why it is no higher', () => {
  const missed = 'the next rate missed the bound';
  const text = searched('server', [
    [{ ratePerSecond: 303, because: missed, doubts: [], confident: true }],
    [
      { ratePerSecond: 512, because: missed, doubts: [], confident: false },
      { ratePerSecond: 498, because: missed, doubts: [], confident: null },
    ],
    [{ ratePerSecond: null, because: 'no rate kept the bound', doubts: [], confident: null }],
  ]);
  expect(text).toMatch(
    /^Highest rate with p95 under 100 ms: fastapi 303\/s \(the next rate missed the bound\); triton 498\/s \(the next rate missed the bound\); hybrid none \(no rate kept the bound\)\. /u,
  );
});

it('a rate that chance may have kept under the bound is said to be so', () => {
  const because = 'the next rate missed the bound';
  const text = searched('server', [[{ ratePerSecond: 303, because, doubts: [], confident: false }]]);
  expect(text).toContain(
    'fastapi 303/s (the next rate missed the bound; not confidently: no 95% interval of p95 lies wholly under the bound)',
  );
});

it('what made measurements worthless is named, each kind once, and not laid on the load generator', () => {
  const because = 'no measurement at the next rate could be believed';
  const unstable = (last: string): string =>
    `unstable: over the thirds of the phase p95 was 20.1, then 30.2, then ${last} ms`;
  const text = searched('server', [
    [
      { ratePerSecond: 303, because, doubts: [unstable('40.3'), unstable('41.9')], confident: true },
      {
        ratePerSecond: 310,
        because,
        doubts: ['4 requests of the phase before were never answered: the server may'],
        confident: true,
      },
    ],
  ]);
  expect(text).toContain(`fastapi 303/s (${because}: unstable, 4 requests of the phase before were never answered)`);
  expect(text).not.toContain('load generator could not');
});

it('a search that the load generator ended says what helps', () => {
  const late = 'the load generator was late: event-loop delay p99 39.7 ms, the limit is 10 ms';
  const text = searched('server', [
    [{ ratePerSecond: null, because: generatorTooSlow, doubts: [late], confident: null }],
  ]);
  expect(text).toMatch(
    /^Highest rate with p95 under 100 ms: fastapi none \(the load generator was too slow for the search: the load generator was late\)\. /u,
  );
  expect(text.match(/What helps: a larger machine\./gu)).toHaveLength(1);
});

it('a record of the time when only the load generator was named says what it said then', () => {
  const because = 'the load generator could not be believed at the next rate';
  expect(searched('server', [[{ ratePerSecond: 303, because, doubts: [], confident: true }]])).toContain(
    `fastapi 303/s (${because})`,
  );
});

it('a ladder whose generator had no time left names it, and no knee', () => {
  const record = sampleRecord();
  const { search } = profileOf('ladder');
  const topologies = record.topologies.map((result) => ({
    ...result,
    phases: result.phases.map((phase) => {
      const { measurement } = phase;
      const cpuSeconds = phase.name === 'c8' ? phase.durationSeconds : 0;
      return { ...phase, measurement: { ...measurement, generator: { ...measurement.generator, cpuSeconds } } };
    }),
  }));
  const plan = { ...record.plan, load: { ...record.plan.load, search } };
  expect(headlineOf(measuredRecord({ ...record, plan, topologies })).text).toMatch(
    /^Where fastapi stops gaining is not known: from 8 connections on the load generator set the rate; where triton /u,
  );
});

it('a ladder says where each topology stops gaining', () => {
  expect(searched('ladder', [])).toMatch(/^fastapi (gains little beyond|still gained at) \d+ connections/u);
});

/** A ladder of 1, 8 and 32 connections whose phases came out otherwise. */
function ladder(change: (phase: PhaseResult, of: readonly PhaseResult[]) => PhaseResult): RunRecord {
  const record = sampleRecord();
  const { search } = profileOf('ladder');
  return {
    ...record,
    plan: { ...record.plan, load: { ...record.plan.load, search } },
    topologies: record.topologies.map((result) => ({
      ...result,
      phases: result.phases.map((phase) => change(phase, result.phases)),
    })),
  };
}

it('a ladder is told by the level of its knee, and not by one beyond it, wherever it is told', () => {
  const flat = ladder((phase, of) => {
    const knee = of.find(({ name }) => name === 'c8');
    if (phase.name !== 'c32' || knee === undefined) return phase;
    return { ...phase, measurement: knee.measurement, intervals: knee.intervals };
  });
  const text = headlineOf(measuredRecord(flat)).text;
  expect(text.match(/gains little beyond 8 connections/gu)).toHaveLength(3);
  expect(text).toMatch(/ RPS\)\. First look: at 8 connections triton /u);
  expect(describeRecord(flat).lens).toMatch(/^At 8 connections: /u);
  expect(tellingRows(flat).map(({ load }) => load.short)).toEqual(['8', '8', '8']);
  // One that still gains has no knee to be told by.
  const climbing = ladder((phase, of) => {
    const rps = of.find(({ name }) => name === 'c8')?.measurement.rps ?? 0;
    if (phase.name !== 'c32') return phase;
    const tight = { low: 3.9 * rps, high: 4.1 * rps };
    const intervals = phase.intervals === 'not yet computed' ? phase.intervals : { ...phase.intervals, rps: tight };
    return { ...phase, measurement: { ...phase.measurement, rps: 4 * rps }, intervals };
  });
  expect(headlineOf(measuredRecord(climbing)).text).toMatch(
    /still gained at 32 connections.* First look: at 32 connections /u,
  );
});

it('a ladder that ended where a level may not be believed says where and why', () => {
  const late = 'the load generator was late: event-loop delay p99 39.7 ms, the limit is 10 ms';
  const few = 'insufficient samples: 12 successes, and p95 needs 90';
  const ended = (...reasons: readonly string[]): string => {
    const validity = { valid: false, reasons: [...reasons], caveats: [] };
    return headlineOf(measuredRecord(ladder((phase) => (phase.name === 'c1' ? phase : { ...phase, validity })))).text;
  };
  expect(ended(few, late)).toMatch(
    /^Where fastapi stops gaining is not known: its ladder ended at 32 connections \(the load generator was late\); where triton /u,
  );
  // Too few answers end no ladder.
  expect(ended(few)).toMatch(/^Where fastapi stops gaining is not known: fewer than two levels are valid; /u);
});

it('nothing is said of a search where there is none', () => {
  expect(headlineOf(measuredRecord(sampleRecord())).text).not.toMatch(/Highest rate|gains little/u);
});
