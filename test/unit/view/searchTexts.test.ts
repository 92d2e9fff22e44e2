import { expect, it } from 'vitest';
import { profileOf } from '../../../src/core/profiles.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord } from '../../../src/core/view/measured.ts';
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

it('nothing is said of a search where there is none', () => {
  expect(headlineOf(measuredRecord(sampleRecord())).text).not.toMatch(/Highest rate|gains little/u);
});
