import { describe, expect, it, vi } from 'vitest';
import { cancelled } from '../../../src/core/errors.ts';
import type { ApiMeta } from '../../../src/kubernetes/apiObjects.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { removeOwnNamespace, whyItWouldStay } from '../../../src/kubernetes/namespace.ts';
import { deleteAnchor, removeAll } from '../../../src/kubernetes/remove.ts';
import { StatusError } from '../../../src/kubernetes/statusError.ts';
import { anchorSelector, ownLabels } from '../../../src/topologies/labels.ts';

const never = new AbortController().signal;
const quick = { stuckAfterMs: 700, tellAfterMs: 200 };
const owner = { kind: 'run', id: 'r1' } as const;

describe('removing what a run made', () => {
  it('ends when an object does not go, and says what keeps it and what to do', async () => {
    const world = makeWorld({
      configmaps: [{ name: 'tb-r1', uid: 'u1', finalizers: ['example.org/keep', 'foregroundDeletion'] }],
    });
    const said: string[] = [];
    const waiting = (message: string): unknown => said.push(message);
    const removing = removeAll(world.cluster, 'team', anchorSelector('r1'), never, { ...quick, waiting });
    await expect(removing).rejects.toMatchObject({
      reason: 'clean-up-incomplete',
      message:
        'In the namespace team this is still there: ConfigMap tb-r1 (kept by the finalizer example.org/keep) (it was deleted and has not gone within 1 s).',
      nextStep: expect.stringMatching(/^First ask whoever runs what the finalizer.*topology-bench clean/u) as string,
    });
    expect(said).toEqual(['waiting until this is gone: ConfigMap tb-r1 (kept by the finalizer example.org/keep)']);
    expect(world.deleted).toEqual([['/api/v1/namespaces/team/configmaps/tb-r1', 'u1']]);
  });

  it('points to the nodes when a pod does not end', async () => {
    const pod = { name: 'tb-r1-x', uid: 'u2', finalizers: ['batch.kubernetes.io/job-tracking'] };
    const world = makeWorld({ pods: [{ ...pod, deletionTimestamp: '2026-11-29T00:00:00Z' }] });
    const removing = removeAll(world.cluster, 'team', anchorSelector('r1'), never, quick);
    await expect(removing).rejects.toMatchObject({
      message: expect.stringContaining('still there: Pod tb-r1-x (it was deleted') as string,
      nextStep: expect.stringMatching(/^A pod that does not end is often on a node that is down/u) as string,
    });
    expect(world.deleted).toEqual([]);
  });

  it('goes on after an API server that was away, and says meanwhile that it is', async () => {
    const world = makeWorld({ configmaps: 'broken' });
    const said: string[] = [];
    const timer = setTimeout(() => {
      world.objects['configmaps'] = [];
    }, 400);
    const waiting = (message: string): unknown => said.push(message);
    await removeAll(world.cluster, 'team', anchorSelector('r1'), never, { ...quick, stuckAfterMs: 20_000, waiting });
    clearTimeout(timer);
    expect(said).toEqual([expect.stringMatching(/^The cluster refused to say what is left: etcd is away/u)]);
  });

  it('is not given up while something still goes', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const world = makeWorld({
      configmaps: names.map((name) => ({ name, uid: name, finalizers: ['example.org/keep'] })),
    });
    // The last one goes later than one that is stuck is given up, and each of them sooner.
    const timer = setInterval(() => world.objects['configmaps']?.pop(), 800);
    await removeAll(world.cluster, 'team', anchorSelector('r1'), never, { ...quick, stuckAfterMs: 2_800 });
    clearInterval(timer);
  });
});

describe('what the cluster does not delete', () => {
  const anchor = { kind: 'run', id: 'r1', namespace: 'team', uid: 'u1' } as const;
  const refusing = (error: Error) => ({ change: () => Promise.reject(error) }) as unknown as Cluster;
  const commands = (rest: string): string =>
    `Remove it with "Topology Bench: Clean Up" in VS Code or "topology-bench clean --namespace team${rest}" on the command line, with the same context.`;

  it('for want of a right is said to be there still, and by what it is removed once that is given', async () => {
    const error = new StatusError(403, 'Forbidden', 'configmaps "tb-r1" is forbidden: this user cannot delete it');
    await expect(deleteAnchor(refusing(error), anchor, never)).rejects.toMatchObject({
      reason: 'forbidden',
      message: expect.stringMatching(
        /^The run r1 is still there\. No right to delete the ConfigMap tb-r1: configmaps/u,
      ) as string,
      nextStep: `First ask for that right in this namespace. ${commands('')}`,
    });
  });

  it('because somebody objects is to be removed when that is seen to; a deployment only when asked for', async () => {
    const error = new StatusError(400, 'BadRequest', 'admission webhook "keep.example.org" denied the request');
    await expect(deleteAnchor(refusing(error), { ...anchor, kind: 'deployment' }, never)).rejects.toMatchObject({
      reason: 'rejected-by-cluster',
      message: expect.stringMatching(/^The deployment r1 is still there\. .*keep\.example\.org/u) as string,
      nextStep: `First see to what the cluster gives as its reason. ${commands(' --deployments')}`,
    });
  });

  it('because the user stopped it is no failure, and what is gone already needs no deletion', async () => {
    await expect(deleteAnchor(refusing(cancelled('deleting')), anchor, never)).rejects.toMatchObject({
      reason: 'cancelled',
      message: 'Cancelled while deleting.',
    });
    await deleteAnchor(refusing(new StatusError(404, 'NotFound', 'gone')), anchor, never);
  });

  it('of what belongs to it names the right, too', async () => {
    const labels = ownLabels({ kind: 'deployment', id: 'r1' });
    const world = makeWorld({ jobs: [{ name: 'tb-r1-triton', uid: 'u3', labels }] });
    const cluster = { ...world.cluster, ...refusing(new StatusError(403, 'Forbidden', 'this user cannot delete it')) };
    await expect(removeAll(cluster, 'team', anchorSelector('r1'), never, quick)).rejects.toMatchObject({
      reason: 'clean-up-incomplete',
      message: expect.stringContaining('Job tb-r1-triton (No right to delete the Job tb-r1-triton') as string,
      nextStep: `First ask for that right in this namespace. ${commands(' --deployments')}`,
    });
  });
});

describe('a namespace that was made for a run', () => {
  it('goes, by its UID, when nothing but what every namespace has is in it', async () => {
    const world = makeWorld({ configmaps: [{ name: 'kube-root-ca.crt', uid: 'c' }], podtemplates: [] });
    expect(await removeOwnNamespace(world.cluster, 'made', 'r1', never)).toBeUndefined();
    expect(world.deleted).toEqual([['/api/v1/namespaces/made', 'n']]);
  });

  it('stays when something of others is in it, which is named', async () => {
    const world = makeWorld({ configmaps: [{ name: 'theirs', uid: 'c' }] });
    expect(await removeOwnNamespace(world.cluster, 'made', 'r1', never)).toBe(
      'The namespace made, which was made for this, stays: theirs (configmaps) lives there, which is not of Topology Bench. Once nobody uses it, remove it with "kubectl delete namespace made".',
    );
    expect(world.deleted).toEqual([]);
    expect(world.patched).toEqual([[expect.stringMatching(/namespaces\/made\?/u), 'n']]);
  });

  it('stays when the user may not see whether it is empty, with how to remove it', async () => {
    const world = makeWorld({ configmaps: [], podtemplates: 'forbidden' });
    expect(await removeOwnNamespace(world.cluster, 'made', 'r1', never)).toMatch(
      /stays: whether it is empty cannot be told, because this user may not list podtemplates there\. .*"kubectl delete namespace made"/u,
    );
    expect(world.deleted).toEqual([]);
  });

  it('stays when it is of another run by now', async () => {
    const world = makeWorld({});
    expect(await removeOwnNamespace(world.cluster, 'made', 'r2', never)).toMatch(
      /^The namespace made stays: it does not/u,
    );
    expect(world.deleted).toEqual([]);
  });

  it('that the API server cannot say is empty is not deleted', async () => {
    const world = makeWorld({ configmaps: 'broken' });
    await expect(removeOwnNamespace(world.cluster, 'made', 'r1', never)).rejects.toMatchObject({
      reason: 'clean-up-incomplete',
      message: expect.stringContaining('is still there') as string,
    });
    expect(world.deleted).toEqual([]);
  });
});

describe('a namespace whose deletion fails', () => {
  const failing = { type: 'NamespaceDeletionDiscoveryFailure', status: 'True', message: 'metrics.k8s.io is away' };

  /** Looks at it while it goes: how long after the look before, and whether the cluster says then that it fails. */
  async function going(looks: readonly { readonly afterSeconds: number; readonly fails: boolean }[]) {
    const realNow = performance.now.bind(performance);
    let aheadMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => realNow() + aheadMs);
    const metadata = { name: 'made', uid: 'n', labels: ownLabels(owner), deletionTimestamp: '2026-11-29T00:00:00Z' };
    const left = [{ afterSeconds: 0, fails: false }, ...looks];
    const cluster = {
      settled: async () => undefined,
      async get() {
        const look = left.shift();
        if (look === undefined) throw new StatusError(404, 'NotFound', 'gone');
        aheadMs += look.afterSeconds * 1_000;
        return { metadata, status: { conditions: look.fails ? [failing] : [] } };
      },
    } as unknown as Cluster;
    try {
      return await removeOwnNamespace(cluster, 'made', 'r1', never);
    } finally {
      clock.mockRestore();
    }
  }

  it('is waited for as long as it has not failed for long, however long it took before', async () => {
    const slow = { afterSeconds: 40, fails: false };
    expect(await going([slow, { afterSeconds: 1, fails: true }, { afterSeconds: 5, fails: true }])).toBeUndefined();
  });

  it('is waited for anew when it failed before and went on', async () => {
    const fails = { afterSeconds: 9, fails: true };
    expect(await going([fails, { afterSeconds: 9, fails: false }, fails, fails])).toBeUndefined();
  });

  it('is given up once it has failed for long, with what the cluster says', async () => {
    const fails = { afterSeconds: 9, fails: true };
    await expect(going([fails, fails, fails])).rejects.toMatchObject({
      reason: 'clean-up-incomplete',
      message: expect.stringContaining('metrics.k8s.io is away') as string,
    });
  });
});

describe('a namespace that a run would have to make', () => {
  /** Of whom the API server says which rights they have. */
  function user(has: (verb: string, resource: string) => boolean) {
    const listed: string[] = [];
    const resources = ['configmaps', 'endpoints', 'limitranges', 'pods'].map((name) => ({
      name,
      namespaced: true,
      verbs: ['list'],
    }));
    const cluster = {
      async get(path: string) {
        if (path === '/apis') return { groups: [] };
        if (path === '/api/v1') return { resources };
        const plural = /\/([a-z]+)\?/u.exec(path)?.[1] ?? '';
        listed.push(plural);
        if (!has('list', plural)) throw new StatusError(403, 'Forbidden', `this user cannot list ${plural}`);
        // Nothing is in a namespace that is not there.
        return { items: [] };
      },
      async change({ body }: { body: { spec: { resourceAttributes: { verb: string; resource: string } } } }) {
        const { verb, resource } = body.spec.resourceAttributes;
        return { status: 201, body: { status: { allowed: has(verb, resource) } } };
      },
    } as unknown as Cluster;
    return { cluster, listed };
  }

  it('would go with the run of who may list everything, for which one question is enough', async () => {
    const { cluster, listed } = user(() => true);
    expect(await whyItWouldStay(cluster, 'made', never)).toBeUndefined();
    expect(listed).toEqual([]);
  });

  it('would go with the run of who may list every kind there is, one by one', async () => {
    const { cluster, listed } = user((_verb, resource) => resource !== '*');
    expect(await whyItWouldStay(cluster, 'made', never)).toBeUndefined();
    expect(listed).toEqual(['configmaps', 'endpoints', 'limitranges', 'pods']);
  });

  it('would stay where a kind may not be listed, with how to remove it; the first such kind is enough', async () => {
    const { cluster, listed } = user((_verb, resource) => !['*', 'endpoints', 'limitranges'].includes(resource));
    expect(await whyItWouldStay(cluster, 'made', never)).toBe(
      'The namespace made will stay when the run is over: this user may not list every kind in it (endpoints, for one), so whether others live there by then cannot be told. Afterwards it can be removed with "kubectl delete namespace made".',
    );
    expect(listed).toEqual(['configmaps', 'endpoints']);
  });

  it('is not made by who may not delete it', async () => {
    const { cluster } = user((verb, resource) => resource !== 'namespaces' || verb !== 'delete');
    await expect(whyItWouldStay(cluster, 'made', never)).rejects.toMatchObject({
      reason: 'forbidden',
      message: 'Rights are missing in the namespace made: delete namespaces.',
      nextStep:
        'Ask for them, which docs/cluster-role.yaml of Topology Bench grants, or choose a namespace where you have them.',
    });
  });
});

type Contents = Record<string, ApiMeta[] | 'forbidden' | 'broken'>;

interface Change {
  readonly method: string;
  readonly path: string;
  readonly body: { readonly preconditions: { uid: string }; readonly metadata: { uid: string } };
}

/** A namespace with these objects by plural; deleted ones go unless a finalizer keeps them. */
function makeWorld(objects: Contents) {
  const deleted: [path: string, uid: string][] = [];
  const patched: [path: string, uid: string][] = [];
  let isThere = true;
  const labels = ownLabels(owner);
  const resources = Object.keys(objects).map((name) => ({ name, namespaced: true, verbs: ['list'] }));
  const listed = (plural: string): ApiMeta[] => {
    const found = objects[plural] ?? [];
    if (found === 'forbidden') throw new StatusError(403, 'Forbidden', `this user cannot list resource "${plural}"`);
    if (found === 'broken') throw new StatusError(500, '', 'etcd is away');
    return found;
  };
  const cluster = {
    settled: async () => undefined,
    async get(path: string) {
      if (path === '/apis') return { groups: [] };
      if (path === '/api/v1') return { resources };
      if (path === '/api/v1/namespaces/made') {
        if (!isThere) throw new StatusError(404, 'NotFound', 'gone');
        return { metadata: { name: 'made', uid: 'n', labels } };
      }
      const plural = /\/([a-z]+)\?/u.exec(path)?.[1] ?? '';
      return { items: listed(plural).map((metadata) => ({ metadata: { ...metadata } })) };
    },
    async change({ method, path, body }: Change) {
      if (method === 'PATCH') {
        patched.push([path, body.metadata.uid]);
        return { status: 200, body: {} };
      }
      deleted.push([path, body.preconditions.uid]);
      if (path === '/api/v1/namespaces/made') isThere = false;
      for (const [plural, found] of Object.entries(objects)) {
        if (typeof found === 'string' || !path.includes(`/${plural}/`)) continue;
        objects[plural] = found.flatMap((metadata) => {
          if (metadata.uid !== body.preconditions.uid) return [metadata];
          return metadata.finalizers === undefined ? [] : [{ ...metadata, deletionTimestamp: '2026-11-29T00:00:00Z' }];
        });
      }
      return { status: 200, body: {} };
    },
  } as unknown as Cluster;
  const lists = objects as Record<string, ApiMeta[] | undefined>;
  return { cluster, deleted, patched, objects: lists };
}
