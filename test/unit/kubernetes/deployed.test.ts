import { expect, it } from 'vitest';
import type { ClusterEvent, ContainerState, Pod } from '../../../src/kubernetes/apiObjects.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { describeDeployments } from '../../../src/kubernetes/deployed.ts';
import { renderAnchor } from '../../../src/topologies/anchor.ts';
import { componentSelector } from '../../../src/topologies/labels.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

const now = Date.parse('2026-01-02T10:00:00Z');
const id = '20260102-093000-5a3e';
const anchor = { kind: 'deployment', id, namespace: 'team', uid: 'anchor-uid' } as const;
const stored = renderAnchor(anchor, samplePlan(), sampleTopologies.fastapi, {});

/** What is said of a deployment whose only pod is in this state. */
async function described(state: ContainerState, ageSeconds: number) {
  const pod: Pod = {
    metadata: {
      name: `tb-${id}-fastapi-1`,
      uid: 'pod-uid',
      labels: componentSelector(id, sampleTopologies.fastapi, 'fastapi'),
      creationTimestamp: new Date(now - ageSeconds * 1000).toISOString(),
    },
    spec: { containers: [{ name: 'fastapi' }] },
    status: { phase: 'Pending', containerStatuses: [{ name: 'fastapi', ready: false, restartCount: 0, state }] },
  };
  const events: readonly ClusterEvent[] = [];
  const cluster = {
    context: 'here',
    serverNow: () => now,
    async get(path: string) {
      if (path.includes('/configmaps'))
        return { items: [{ ...stored, metadata: { ...stored.metadata, uid: anchor.uid } }] };
      return { items: path.includes('/pods') ? [pod] : events };
    },
  } as unknown as Cluster;
  const [deployment] = await describeDeployments(cluster, 'team', new AbortController().signal);
  if (deployment === undefined) throw new Error('There is no deployment.');
  return deployment;
}

const pulling = (message: string): ContainerState => ({ waiting: { reason: 'ErrImagePull', message } });

it.each([
  ['comes up', { waiting: { reason: 'ContainerCreating' } }, 5, false],
  ['comes up, however long that takes', { waiting: { reason: 'ContainerCreating' } }, 7_200, false],
  ['has an image that is not there', pulling('registry.local/x:1: not found'), 5, true],
  ['has an image that may still come', pulling('503 Service Unavailable'), 60, false],
  ['has an image that was pulled in vain for an hour', pulling('503 Service Unavailable'), 3_600, true],
])('a deployment that %s', async (_what, state, ageSeconds, failed) => {
  expect(await described(state, ageSeconds)).toMatchObject({ context: 'here', ready: false, failed });
});
