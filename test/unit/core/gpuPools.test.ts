import { expect, test } from 'vitest';
import type { GpuNode } from '../../../src/core/cluster.ts';
import { gpuHolders, gpuPools, gpuProductIn } from '../../../src/core/gpuPools.ts';

const node = (name: string, change: Partial<GpuNode> = {}): GpuNode => ({
  name,
  resource: 'nvidia.com/gpu',
  product: 'Tesla-T4',
  productLabel: 'nvidia.com/gpu.product',
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
    node('nameless', { product: null, productLabel: null }),
    node('amd', { product: null, productLabel: null, resource: 'amd.com/gpu' }),
  ]);
  expect(pools.map(({ product, resource, nodes }) => [product, resource, nodes.length])).toEqual([
    ['Tesla-T4', 'nvidia.com/gpu', 1],
    ['Tesla-T4', 'nvidia.com/mig-1g.5gb', 1],
    [null, 'amd.com/gpu', 1],
    [null, 'nvidia.com/gpu', 1],
  ]);
});

test('nodes that name their product by different labels are pools of their own, since no one selector takes them all', () => {
  const productLabel = 'cloud.google.com/gke-accelerator';
  const pools = gpuPools([node('a'), node('gke', { productLabel })]);
  expect(pools.map((pool) => [pool.productLabel, pool.nodes.map(({ name }) => name)])).toEqual([
    [productLabel, ['gke']],
    ['nvidia.com/gpu.product', ['a']],
  ]);
});

test("a product is known by NVIDIA's label, else by GKE's", () => {
  const gke = { 'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4' };
  expect(gpuProductIn(gke)).toEqual({
    product: 'nvidia-tesla-t4',
    productLabel: 'cloud.google.com/gke-accelerator',
  });
  expect(gpuProductIn({ ...gke, 'nvidia.com/gpu.product': 'Tesla-T4' })).toEqual({
    product: 'Tesla-T4',
    productLabel: 'nvidia.com/gpu.product',
  });
  expect(gpuProductIn({ zone: 'a' })).toEqual({ product: null, productLabel: null });
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
