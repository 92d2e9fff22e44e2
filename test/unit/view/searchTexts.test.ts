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
    [{ ratePerSecond: 303, because: missed }],
    [
      { ratePerSecond: 512, because: missed },
      { ratePerSecond: 498, because: missed },
    ],
    [{ ratePerSecond: null, because: 'no rate kept the bound' }],
  ]);
  expect(text).toMatch(
    /^Highest rate with p95 under 100 ms: fastapi 303\/s \(the next rate missed the bound\); triton 498\/s \(the next rate missed the bound\); hybrid none \(no rate kept the bound\)\. /u,
  );
});

it('a ladder says where each topology stops gaining', () => {
  expect(searched('ladder', [])).toMatch(/^fastapi (gains little beyond|still gained at) \d+ connections/u);
});

it('nothing is said of a search where there is none', () => {
  expect(headlineOf(measuredRecord(sampleRecord())).text).not.toMatch(/Highest rate|gains little/u);
});
