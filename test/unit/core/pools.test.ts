import { expect, it } from 'vitest';
import { makePlan } from '../../../src/core/planning.ts';
import { poolsOf } from '../../../src/core/pools.ts';
import { choices } from '../../support/choices.ts';
import { sampleEndpointPlan } from '../../support/sampleEndpoint.ts';
import { sampleLocalPlan, samplePlan } from '../../support/sampleRecord.ts';

const cluster = { key: '0123456789ab', context: 'kind-x' };
const keys = (...parts: Parameters<typeof poolsOf>): string[] => poolsOf(...parts).map(({ key }) => key);

it('a run on this machine, and one that loads from it, share it with no other', () => {
  expect(poolsOf(sampleLocalPlan(), null)).toEqual([
    { key: 'this machine', words: 'this machine', publicWords: 'this machine' },
  ]);
  expect(keys(sampleEndpointPlan(), null)).toEqual(['this machine']);
  const forwarded = makePlan({ ...choices, vantage: 'this-machine' });
  expect(keys(forwarded, cluster)).toContain('this machine');
});

it('a run on a cluster shares neither its GPUs nor its namespace, by whatever name the context goes', () => {
  const plan = samplePlan();
  const namespace = plan.target.kind === 'kubernetes' ? plan.target.namespace : '';
  expect(poolsOf(plan, cluster)).toEqual([
    {
      key: 'cluster 0123456789ab, nvidia.com/gpu',
      words: 'nvidia.com/gpu of kind-x',
      publicWords: 'nvidia.com/gpu of this cluster',
    },
    {
      key: `cluster 0123456789ab, namespace ${namespace}`,
      words: `the namespace ${namespace} of kind-x`,
      publicWords: 'this namespace of this cluster',
    },
  ]);
  expect(keys(plan, { ...cluster, context: 'other' })).toEqual(keys(plan, cluster));
  expect(keys({ ...plan, gpu: null }, cluster)[0]).toBe('cluster 0123456789ab, CPU');
});

it('of a cluster that is not known nothing is said', () => {
  expect(poolsOf(samplePlan(), null)).toEqual([]);
});
