import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../../../src/kubernetes/apiObjects.ts';
import { checkFits } from '../../../src/kubernetes/fits.ts';
import { whyNowhere } from '../../../src/kubernetes/placement.ts';
import { loadGeneratorNeeds } from '../../../src/topologies/loadGenerator.ts';
import { renderJob } from '../../../src/topologies/workload.ts';
import { sampleGpu, samplePlan } from '../topologies/samplePlan.ts';

describe('why no node takes a pod', () => {
  it('counts taints, cordons, labels and sizes', () => {
    const nodes = [
      node({ taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] }),
      node({ taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] }),
      node({ unschedulable: true }),
      node({}, { cpu: '1', memory: '64Gi' }),
    ];
    expect(whyNowhere(pod(), nodes)).toBe(
      '4 nodes: 2 with the taint nvidia.com/gpu=present:NoSchedule, 1 cordoned, 1 with too little cpu',
    );
    expect(whyNowhere(pod({ nodeSelector: { zone: 'b' } }), [node({})])).toBe('1 node: 1 without the label zone=b');
  });

  it('is nothing where one node takes it', () => {
    const tainted = node({ taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }] });
    expect(whyNowhere(pod(), [tainted, node({})])).toBeUndefined();
    expect(whyNowhere(pod({ tolerations: [{ key: 'sku', operator: 'Exists' }] }), [tainted])).toBeUndefined();
    expect(whyNowhere(pod({ nodeSelector: { zone: 'a' } }), [node({})])).toBeUndefined();
    const avoided = node({ taints: [{ key: 'sku', effect: 'PreferNoSchedule' }] });
    expect(whyNowhere(pod(), [avoided])).toBeUndefined();
  });

  it('is nothing where nodes are not known, or only pass through a state', () => {
    expect(whyNowhere(pod(), [])).toBeUndefined();
    for (const key of [
      'node.kubernetes.io/not-ready',
      'node.kubernetes.io/disk-pressure',
      'node.cilium.io/agent-not-ready',
    ])
      expect(whyNowhere(pod(), [node({ taints: [{ key, effect: 'NoSchedule' }] })])).toBeUndefined();
  });

  it('is a warning before a run, which an autoscaler may still make good', () => {
    const warnings: string[] = [];
    const spec = { ...pod().spec } as Parameters<typeof renderJob>[2]['spec'];
    const job = renderJob({ name: 'tb-x-fastapi', namespace: 'team', labels: {} }, 60, {
      metadata: { labels: {} },
      spec,
    });
    checkFits([job], [node({ unschedulable: true })], (message) => warnings.push(message));
    expect(warnings).toEqual([
      expect.stringMatching(
        /takes the pod of tb-x-fastapi \(1 node: 1 cordoned\), so it waits for one\. Uncordon or add/u,
      ),
    ]);
  });

  it('holds for the load generator, which goes where the servers go', () => {
    const ofGpus = node({ taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }] });
    expect(whyNowhere(loadGeneratorNeeds(samplePlan()), [ofGpus])).toBe('1 node: 1 with the taint sku=gpu:NoSchedule');
    expect(whyNowhere(loadGeneratorNeeds(samplePlan({ gpu: sampleGpu })), [ofGpus])).toBeUndefined();
  });
});

function pod(spec: Partial<Pod['spec']> = {}): Pick<Pod, 'spec'> {
  return { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '2', memory: '1Gi' } } }], ...spec } };
}

function node(spec: NonNullable<Node['spec']>, allocatable = { cpu: '8', memory: '64Gi' }): Node {
  return { metadata: { name: 'n', uid: 'n', labels: { zone: 'a' } }, spec, status: { allocatable } };
}
