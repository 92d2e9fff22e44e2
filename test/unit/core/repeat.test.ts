import { describe, expect, it } from 'vitest';
import { configSince } from '../../../src/core/modelConfig.ts';
import { isPinned, withoutTag } from '../../../src/core/images.ts';
import { repeatPlan } from '../../../src/core/repeat.ts';
import type { Placement, RunRecord } from '../../../src/core/record.ts';
import { choices } from '../../support/choices.ts';
import { samplePlan, sampleLocalPlan, sampleRecord } from '../../support/sampleRecord.ts';

const payload = choices.payload;
const digest = (digits: string): string => `sha256:${digits.repeat(64 / digits.length)}`;

function placed(change: (placement: Placement) => Placement): RunRecord {
  return sampleRecord({ change: (result) => ({ ...result, placements: result.placements.map(change) }) });
}

describe('the plan of a run once more', () => {
  it('is the same, but for images, which it takes by the digest they had', () => {
    const record = sampleRecord();
    const { plan, notes } = repeatPlan(record, { payload });
    expect(notes).toEqual([]);
    expect({ ...plan, images: record.plan.images }).toEqual(record.plan);
    expect(plan.images).toEqual({
      ...record.plan.images,
      server: `docker.io/library/python@${digest('0123456789abcdef')}`,
      triton: `nvcr.io/nvidia/tritonserver@${digest('0123456789abcdef')}`,
      loadGenerator: `docker.io/library/node@${digest('fedcba9876543210')}`,
    });
    const again = sampleRecord({ plan });
    expect(repeatPlan(again, { payload }).plan).toEqual(plan);
  });

  it('says of a run from before each phase had its own seed that the repeat draws otherwise', () => {
    const old = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => {
          const rest = { ...phase };
          delete rest.seed;
          return rest;
        }),
      }),
    });
    expect(repeatPlan(old, { payload }).notes).toEqual([
      expect.stringMatching(/^Run .* sent its texts in the same order, .*; the repeat draws both anew for each\.$/),
    ]);
  });

  it('takes an image by its name, and says so, where no digest is known by which it can be pulled', () => {
    const record = placed((placement) => ({ ...placement, pinnedImage: null }));
    const { plan, notes } = repeatPlan(record, { payload });
    expect(plan.images).toEqual(samplePlan().images);
    expect(notes).toHaveLength(3);
    expect(notes[0]).toMatch(
      /^Run .* does not say by which digest docker\.io\/library\/python:3\.12-slim can be pulled/,
    );
  });

  it('does so too where the name meant two things during the run', () => {
    const moved = sampleRecord({
      change: (result) =>
        result.topology.name !== 'hybrid'
          ? result
          : {
              ...result,
              placements: result.placements.map((placement) => ({
                ...placement,
                pinnedImage: placement.pinnedImage?.replace(/[0-9a-f]{64}/, 'a'.repeat(64)) ?? null,
              })),
            },
    });
    const { plan, notes } = repeatPlan(moved, { payload });
    expect(plan.images.loadGenerator).toBe(moved.plan.images.loadGenerator);
    expect(notes.join()).toContain('with more than one digest');
  });

  it('leaves an image alone that the run did not use, and all of them on this machine', () => {
    const plan = samplePlan({ images: { ...samplePlan().images, server: 'unused:1' } });
    const record = sampleRecord({ plan });
    const without = { ...record, topologies: record.topologies.map((result) => ({ ...result, placements: [] })) };
    expect(repeatPlan(without, { payload })).toEqual({ plan, notes: [] });
    const local = sampleRecord({ plan: sampleLocalPlan() });
    expect(repeatPlan(local, { payload, namespace: 'x', createNamespace: true })).toEqual({
      plan: local.plan,
      notes: [],
    });
  });

  it('may be in another namespace', () => {
    const { plan } = repeatPlan(sampleRecord(), { payload, namespace: 'team-b', createNamespace: true });
    expect(plan.target).toEqual({ kind: 'kubernetes', namespace: 'team-b', createNamespace: true });
    expect(() => repeatPlan(sampleRecord(), { payload, namespace: 'Not One' })).toThrow(/target\.namespace/);
  });

  it('is none with other texts: both hashes are named', () => {
    const record = sampleRecord();
    const other = { name: 'other texts', sha256: '1'.repeat(64) };
    expect(() => repeatPlan(record, { payload: other })).toThrow(
      new RegExp(`${record.id}.*"clinical-sentences \\(sample\\)" had SHA-256 c{64}, and "other texts" has 1{64}`),
    );
  });
});

describe('an image', () => {
  it.each([
    ['python', 'python'],
    ['python:3.12', 'python'],
    ['registry.example:5000/a/b', 'registry.example:5000/a/b'],
    ['registry.example:5000/a/b:tag', 'registry.example:5000/a/b'],
    [`a/b:tag@${digest('0')}`, 'a/b'],
    [`a/b@${digest('0')}`, 'a/b'],
  ])('%s is of the repository %s', (image, repository) => {
    expect(withoutTag(image)).toBe(repository);
  });

  it('is pinned by a digest alone', () => {
    expect([`a@${digest('0')}`, 'a:tag', 'a@sha256:12', 'a'].map(isPinned)).toEqual([true, false, false, false]);
  });
});

it('a model config is known by the hashes of its text and of what it says', () => {
  const record = sampleRecord();
  const then = record.modelConfig ?? { sha256: '', settingsSha256: null };
  const other = '0'.repeat(64);
  expect(configSince(record, then)).toBe('the same');
  expect(configSince(record, { ...then, sha256: other })).toBe('the same');
  expect(configSince(record, { sha256: other, settingsSha256: other })).toBe('changed');
  expect(configSince({ modelConfig: null }, then)).toBe('unknown');
});

it('of a record that holds no hash of what the config says, another text is all that is known', () => {
  const now = { sha256: '0'.repeat(64), settingsSha256: '1'.repeat(64) };
  const old = { format: 'config.pbtxt', sha256: 'e'.repeat(64), settingsSha256: null } as const;
  expect(configSince({ modelConfig: old }, now)).toBe('another text');
  expect(configSince({ modelConfig: old }, { ...now, sha256: old.sha256 })).toBe('the same');
});
