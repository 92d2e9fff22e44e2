import { describe, expect, it } from 'vitest';
import type { GpuNode } from '../../../src/core/cluster.ts';
import type { GpuPlan } from '../../../src/core/plan.ts';
import type { Node, Pod } from '../../../src/kubernetes/apiObjects.ts';
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

  const asking = (cpu: number, spec: Partial<Pod['spec']> = {}): Pick<Pod, 'spec'> => ({
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: String(cpu) } } }], ...spec },
  });
  const ready = (cpu: string, taints: Parameters<typeof nodeWith>[1] = []): Node => ({
    ...nodeWith('n', taints),
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: 'True' }] },
  });

  it('tells whether pods fit side by side', () => {
    const nodes = [ready('2'), ready('2')];
    const fit = (...cores: number[]): boolean =>
      fitTogether(
        cores.map((each) => asking(each)),
        nodes,
      );
    expect(fit(2, 1, 1)).toBe(true);
    expect(fit(2, 2, 1)).toBe(false);
    const away = { ...ready('2'), status: { allocatable: { cpu: '2' } } };
    expect(fitTogether([asking(1)], [away])).toBe(false);
    expect(fitTogether([asking(1)], [])).toBe(false);
  });

  it('counts no cores of a node whose taint, cordon or labels keep a pod away', () => {
    const sku = { key: 'sku', value: 'gpu', effect: 'NoSchedule' };
    const tolerations = [{ key: 'sku', operator: 'Exists' }] as const;
    const nodes = [ready('8', [sku]), ready('2')];
    expect(fitTogether([asking(2), asking(1)], nodes)).toBe(false);
    expect(fitTogether([asking(2), asking(1, { tolerations })], nodes)).toBe(true);
    expect(fitTogether([asking(2), asking(1)], [{ ...ready('8'), spec: { unschedulable: true } }, ready('2')])).toBe(
      false,
    );
    const elsewhere = asking(1, { nodeSelector: { zone: 'b' } });
    const zoneB = { ...ready('1'), metadata: { name: 'b', uid: 'b', labels: { zone: 'b' } } };
    expect(fitTogether([elsewhere, elsewhere], [ready('8'), zoneB])).toBe(false);
    // A taint that passes, of a node under pressure for instance, keeps nobody away for good.
    expect(
      fitTogether([asking(2)], [ready('2', [{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }])]),
    ).toBe(true);
  });

  it('places first what few nodes take, whatever its size', () => {
    const sku = { key: 'sku', effect: 'NoSchedule' };
    const onGpu = asking(1, { tolerations: [{ key: 'sku', operator: 'Exists' }], nodeSelector: { gpu: 'yes' } });
    const gpuNodeOf = (cpu: string): Node => ({
      ...ready(cpu, [sku]),
      metadata: { name: 'g', uid: 'g', labels: { gpu: 'yes' } },
    });
    const anywhere = asking(2, { tolerations: [{ operator: 'Exists' }] });
    expect(fitTogether([anywhere, onGpu], [gpuNodeOf('2'), ready('2')])).toBe(true);
    expect(fitTogether([anywhere, onGpu], [gpuNodeOf('2'), ready('1')])).toBe(false);
  });

  it('leaves out a pod that no node takes, which is warned of by itself', () => {
    const nowhere = asking(1, { nodeSelector: { zone: 'b' } });
    expect(fitTogether([nowhere, asking(2)], [ready('2')])).toBe(true);
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
