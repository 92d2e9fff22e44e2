import { describe, expect, it } from 'vitest';
import { incomparable, differencesOf } from '../../../src/core/differences.ts';
import { checkEndpointPlan } from '../../../src/core/endpointPlan.ts';
import { endpointProfiles } from '../../../src/core/endpointPlanning.ts';
import { profileOf } from '../../../src/core/profiles.ts';
import { runRecordSchema } from '../../../src/core/record.ts';
import { repeatPlan } from '../../../src/core/repeat.ts';
import { parseSlo, placesOf } from '../../../src/core/slo.ts';
import { parseRecord } from '../../../src/runs/store.ts';
import { choices } from '../../support/choices.ts';
import { sampleEndpointPlan, sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

describe('a plan for an endpoint', () => {
  it.each(endpointProfiles)('has the load of the profile %s', (profile) => {
    const { load } = sampleEndpointPlan({ profile });
    const { phases, search, repetitions } = profileOf(profile);
    expect(load).toMatchObject({ profile, phases, search, repetitions, vantage: 'this-machine', generators: 1 });
  });

  it('takes phases of its own, and a bound for the search', () => {
    const { load } = sampleEndpointPlan({
      phases: [{ rate: 20, seconds: 3 }],
      repetitions: 4,
      timeoutMs: 60_000,
      seed: 9,
    });
    expect(load).toMatchObject({ profile: 'custom', search: null, repetitions: 4, timeoutMs: 60_000, seed: 9 });
    expect(load.phases.map(({ name }) => name)).toEqual(['warm-up', 'warm-up 20/s Poisson', '20/s Poisson']);
    expect(sampleEndpointPlan({ profile: 'server', sloP95Ms: 42 }).load.search).toMatchObject({ p95Ms: 42 });
  });

  it('is not of the paper, which compares topologies', () => {
    expect(endpointProfiles).not.toContain('paper');
    expect(() => sampleEndpointPlan({ profile: 'paper' })).toThrow(
      'The profile "paper" compares topologies, and an endpoint is measured by itself.',
    );
  });

  it.each([
    [{ name: 'http://models.example/' }, /target\.name: must be letters/],
    [{ method: 'post' }, /target\.method/],
    [{ timeoutMs: 0 }, /load\.timeoutMs/],
  ])('%j is refused', (change, message) => {
    expect(() => sampleEndpointPlan(change)).toThrow(message);
  });

  it('has no place for an address', () => {
    const plan = sampleEndpointPlan();
    expect(() => checkEndpointPlan({ ...plan, target: { ...plan.target, url: 'x' } })).toThrow(/"url"/);
    expect(() => checkEndpointPlan({ ...plan, model: choices.model })).toThrow(/"model"/);
  });

  it('is bounded by --slo as "endpoint"', () => {
    const plan = sampleEndpointPlan();
    const { slo } = parseSlo('endpoint@8:p95<1s');
    expect(slo && placesOf(slo, plan)).toEqual([{ topology: 'endpoint', level: 'c8' }]);
    const { slo: other } = parseSlo('triton:p95<1s');
    expect(other && placesOf(other, plan)).toEqual([]);
  });
});

describe('a record of an endpoint', () => {
  it('is read as it was written', () => {
    const record = sampleEndpointRecord();
    expect(parseRecord('x', JSON.stringify(record))).toEqual(record);
  });

  it('that is damaged says where', () => {
    const record = sampleEndpointRecord();
    const damaged = (plan: object): unknown => ({ ...record, plan });
    const reading = (value: unknown) => () => parseRecord('x', JSON.stringify(value));
    expect(reading(damaged({ ...record.plan, gpu: 1 }))).toThrow(/plan\.gpu/);
    expect(reading({ ...record, plan: { ...samplePlan(), images: 1 } })).toThrow(/plan\.images/);
    expect(runRecordSchema.safeParse(damaged(samplePlan())).success).toBe(true);
  });

  it('cannot be repeated without its endpoint', () => {
    const { payload } = choices;
    expect(() => repeatPlan(sampleEndpointRecord(), { payload })).toThrow(/was on an endpoint that existed already/);
  });

  it('is compared with its like alone', () => {
    const [endpoint, deployed] = [sampleEndpointRecord(), sampleRecord()];
    expect(incomparable(endpoint.plan, sampleEndpointPlan({ seed: 5 }))).toEqual([]);
    expect(incomparable(deployed.plan, endpoint.plan)).toContain(
      'it runs on a cluster in one and an endpoint in the other',
    );
    const other = sampleEndpointRecord(sampleEndpointPlan({ method: 'PUT', https: false, timeoutMs: 1 }));
    expect(differencesOf(endpoint, other)).toEqual(['scheme: https, now http', 'timeout: 10000 ms, now 1 ms']);
  });
});
