import { describe, expect, it } from 'vitest';
import type { GpuNode } from '../../../src/core/cluster.ts';
import type { GpuPlan } from '../../../src/core/plan.ts';
import type { Node } from '../../../src/kubernetes/apiObjects.ts';
import { fitTogether } from '../../../src/kubernetes/fits.ts';
import { checkGpu } from '../../../src/kubernetes/gpuCheck.ts';
import { impossibleResources } from '../../../src/kubernetes/nodes.ts';
import { parseQuantity } from '../../../src/kubernetes/quantity.ts';

const gpu: GpuPlan = {
  resource: 'nvidia.com/gpu',
  count: 1,
  nodeSelector: {},
  tolerations: [],
  runtimeClassName: null,
};

describe('a GPU for a plan', () => {
  it('is found on a node that is tainted with the name of its resource', () => {
    const node = nodeWith('a', [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }]);
    expect(checkGpu(gpu, [node], [gpuNode('a')])).toHaveLength(1);
  });

  it('is not found behind a taint that the plan does not tolerate, or off its node selector', () => {
    const node = nodeWith('a', [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }]);
    expect(() => checkGpu(gpu, [node], [gpuNode('a')])).toThrow(/node selector and tolerations keep away/u);
    const tolerations = [{ key: 'sku', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' } as const];
    expect(checkGpu({ ...gpu, tolerations }, [node], [gpuNode('a')])).toHaveLength(1);
    expect(() => checkGpu({ ...gpu, tolerations, nodeSelector: { zone: 'b' } }, [node], [gpuNode('a')])).toThrow();
  });

  it('must be free in one place', () => {
    const nodes = ['a', 'b'].map((name) => nodeWith(name, []));
    const scattered = ['a', 'b'].map((name) => ({
      ...gpuNode(name),
      total: 2,
      free: 1,
      takenBy: [{ pod: `ns/${name}`, count: 1 }],
    }));
    expect(() => checkGpu({ ...gpu, count: 2 }, nodes, scattered)).toThrow(
      /of 4 on a, b 2 are free. The others are held by ns\/a, ns\/b/u,
    );
    expect(checkGpu(gpu, nodes, scattered)).toHaveLength(2);
  });

  it('that is left from a run of ours is named as something to clean', () => {
    const taken = {
      ...gpuNode('a'),
      free: 0,
      takenBy: [{ pod: 'team/tb-20261122-164310-3f9a-triton-x2b4c', count: 1 }],
    };
    try {
      checkGpu(gpu, [nodeWith('a', [])], [taken]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ reason: 'gpu-unavailable', nextStep: expect.stringContaining('clean') as string });
    }
  });
});

describe('room on nodes', () => {
  it('reads amounts as Kubernetes writes them', () => {
    const written = ['2', '250m', '1.5Gi', '24479284Ki', '1e3', '0', '-1', '5k', '500m'];
    expect(written.map(parseQuantity)).toEqual([2, 0.25, 1610612736, 25066786816, 1000, 0, -1, 5000, 0.5]);
    for (const none of ['', 'x', '1x', 'Gi', '1 Gi']) expect(parseQuantity(none)).toBeNaN();
  });

  it('says what no node has enough of, and nothing when one node has all', () => {
    const pod = {
      spec: {
        containers: [{ name: 'c', resources: { requests: { cpu: '4', memory: '1Gi', 'nvidia.com/gpu': '1' } } }],
      },
    };
    const node = (allocatable: Record<string, string>): Node => ({ ...nodeWith('n', []), status: { allocatable } });
    const small = node({ cpu: '2', memory: '64Gi' });
    const large = node({ cpu: '8', memory: '64Gi' });
    expect(impossibleResources(pod, [small, large])).toEqual(['nvidia.com/gpu']);
    expect(impossibleResources(pod, [large, node({ cpu: '4', memory: '2Gi', 'nvidia.com/gpu': '1' })])).toEqual([]);
    expect(impossibleResources(pod, [])).toEqual([]);
  });

  it('tells whether pods fit side by side', () => {
    const nodes = ['2', '2'].map((cpu) => ({
      ...nodeWith('n', []),
      status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: 'True' }] },
    }));
    expect(fitTogether([2, 1, 1], nodes)).toBe(true);
    expect(fitTogether([2, 2, 1], nodes)).toBe(false);
    expect(fitTogether([3], nodes)).toBe(false);
  });
});

function nodeWith(name: string, taints: NonNullable<NonNullable<Node['spec']>['taints']>): Node {
  return { metadata: { name, uid: name, labels: { zone: 'a' } }, spec: { taints } };
}

function gpuNode(name: string): GpuNode {
  return {
    name,
    resource: 'nvidia.com/gpu',
    product: 'Tesla-T4',
    productLabel: 'nvidia.com/gpu.product',
    memoryMiB: 15_360,
    driverVersion: null,
    total: 1,
    free: 1,
    takenBy: [],
    schedulable: true,
  };
}
