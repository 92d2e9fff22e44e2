import { describe, expect, test } from 'vitest';
import type { Node, Pod } from '../../../src/kubernetes/apiObjects.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { readGpuNodes } from '../../../src/kubernetes/nodes.ts';
import { StatusError } from '../../../src/kubernetes/statusError.ts';

const never = new AbortController().signal;
const node: Node = {
  metadata: { name: 'gpu-1', uid: 'n', labels: { 'nvidia.com/gpu.product': 'Tesla-T4' } },
  status: { allocatable: { cpu: '8', 'nvidia.com/gpu': '4' }, conditions: [{ type: 'Ready', status: 'True' }] },
};
const pod = (name: string, gpus: readonly number[], nodeName = 'gpu-1'): Pod => ({
  metadata: { name, namespace: 'team', uid: name },
  spec: {
    nodeName,
    containers: gpus.map((count, index) => ({
      name: `c${String(index)}`,
      resources: { limits: { 'nvidia.com/gpu': String(count) } },
    })),
  },
});

/** An API server with two pages of pods, which refuses what begins with one of these. */
function clusterOf(pages: readonly (readonly Pod[])[], refused: readonly string[] = []) {
  const asked: string[] = [];
  const cluster = {
    async get(path: string) {
      asked.push(path);
      const [where = '', query = ''] = path.split('?');
      if (refused.includes(where)) throw new StatusError(403, 'Forbidden', 'this user cannot list pods');
      const at = Number(new URLSearchParams(query).get('continue') ?? '0');
      return { metadata: { continue: at + 1 < pages.length ? String(at + 1) : '' }, items: pages[at] ?? [] };
    },
  } as unknown as Cluster;
  return { cluster, asked };
}

const everywhere = '/api/v1/pods';
const ownNamespace = '/api/v1/namespaces/team/pods';

test('the product of a GPU comes with the label that names it', async () => {
  const labels = { 'cloud.google.com/gke-accelerator': 'nvidia-l4' };
  const gke: Node = { ...node, metadata: { ...node.metadata, labels } };
  const { gpuNodes } = await readGpuNodes(clusterOf([[]]).cluster, [node, gke], null, 'team', never);
  expect(gpuNodes).toMatchObject([
    { product: 'Tesla-T4', productLabel: 'nvidia.com/gpu.product' },
    { product: 'nvidia-l4', productLabel: 'cloud.google.com/gke-accelerator' },
  ]);
});

describe('who holds the GPUs of a node', () => {
  test('is each pod with what its containers ask for together, read in pages', async () => {
    const { cluster, asked } = clusterOf([
      [pod('two', [1, 1]), pod('none', [0])],
      [pod('one', [1]), pod('elsewhere', [1], 'gpu-2')],
    ]);
    const { gpuNodes, podsSeen, notes } = await readGpuNodes(cluster, [node], null, 'team', never);
    expect(gpuNodes).toMatchObject([{ name: 'gpu-1', product: 'Tesla-T4', total: 4, free: 1 }]);
    expect(gpuNodes[0]?.takenBy).toEqual([
      { pod: 'team/two', count: 2 },
      { pod: 'team/one', count: 1 },
    ]);
    expect([podsSeen, notes]).toEqual(['everywhere', []]);
    expect(asked).toHaveLength(2);
    expect(asked.every((path) => path.includes('limit=500') && path.includes('fieldSelector=status.phase'))).toBe(true);
  });

  test('is known of the own namespace alone where the user may list no other, and that is said', async () => {
    const { cluster } = clusterOf([[pod('own', [1])]], [everywhere]);
    const { gpuNodes, podsSeen, notes } = await readGpuNodes(cluster, [node], null, 'team', never);
    expect(gpuNodes[0]?.takenBy).toEqual([{ pod: 'team/own', count: 1 }]);
    expect(podsSeen).toBe('own namespace');
    expect(notes).toEqual([expect.stringContaining('may not list the pods of other namespaces')]);
  });

  test('is not known where the user may list no pods, which is not the same as nobody', async () => {
    const { cluster } = clusterOf([], [everywhere, ownNamespace]);
    const { gpuNodes, podsSeen, notes } = await readGpuNodes(cluster, [node], null, 'team', never);
    expect(gpuNodes).toMatchObject([{ takenBy: [], free: 4 }]);
    expect(podsSeen).toBe('nowhere');
    expect(notes).toEqual([expect.stringContaining('may not list pods')]);
  });

  test('is not asked where no node has a GPU', async () => {
    const { cluster, asked } = clusterOf([]);
    const bare = { ...node, status: { allocatable: { cpu: '8' } } };
    expect(await readGpuNodes(cluster, [bare], null, 'team', never)).toEqual({
      gpuNodes: [],
      podsSeen: null,
      notes: [],
    });
    expect(asked).toEqual([]);
  });
});
