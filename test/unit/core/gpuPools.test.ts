import { expect, test } from 'vitest';
import type { GpuNode } from '../../../src/core/cluster.ts';
import { gpuHolders, gpuPools } from '../../../src/core/gpuPools.ts';

const node = (name: string, change: Partial<GpuNode> = {}): GpuNode => ({
  name,
  resource: 'nvidia.com/gpu',
  product: 'Tesla-T4',
  memoryMiB: null,
  driverVersion: null,
  total: 4,
  free: 4,
  takenBy: [],
  schedulable: true,
  ...change,
});

test('nodes of one product are one pool, with free of total', () => {
  const pools = gpuPools([
    node('t4-b', { free: 1 }),
    node('a100', { product: 'NVIDIA-A100', total: 8, free: 0 }),
    node('t4-a', { free: 2 }),
  ]);
  expect(pools).toMatchObject([
    { product: 'NVIDIA-A100', free: 0, total: 8 },
    { product: 'Tesla-T4', free: 3, total: 8 },
  ]);
  expect(pools[1]?.nodes.map(({ name }) => name)).toEqual(['t4-b', 't4-a']);
});

test('what is free on a node that takes no pods is free for nobody', () => {
  expect(gpuPools([node('a'), node('cordoned', { schedulable: false })])).toMatchObject([{ free: 4, total: 8 }]);
});

test('parts of a GPU are not whole ones, and what names no product goes by its resource', () => {
  const pools = gpuPools([
    node('mig', { resource: 'nvidia.com/mig-1g.5gb' }),
    node('whole'),
    node('nameless', { product: null }),
    node('amd', { product: null, resource: 'amd.com/gpu' }),
  ]);
  expect(pools.map(({ product, resource, nodes }) => [product, resource, nodes.length])).toEqual([
    ['Tesla-T4', 'nvidia.com/gpu', 1],
    ['Tesla-T4', 'nvidia.com/mig-1g.5gb', 1],
    [null, 'amd.com/gpu', 1],
    [null, 'nvidia.com/gpu', 1],
  ]);
});

test('holders come with those that hold most first', () => {
  const holders = gpuHolders([
    node('a', { takenBy: [{ pod: 'team/small', count: 1 }] }),
    node('b', {
      takenBy: [
        { pod: 'team/large', count: 3 },
        { pod: 'other/small', count: 1 },
      ],
    }),
  ]);
  expect(holders.map(({ pod, count }) => `${pod} ${String(count)}`)).toEqual([
    'team/large 3',
    'other/small 1',
    'team/small 1',
  ]);
});
