import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { BenchError, throwIfCancelled } from '../../../src/core/errors.ts';
import type { ContainerStatus, Pod } from '../../../src/kubernetes/apiObjects.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { createDeployment, type DeploymentParts } from '../../../src/kubernetes/deployment.ts';
import { isPodReady, waitForPods } from '../../../src/kubernetes/ready.ts';
import { superviseServers, type StandingServer } from '../../../src/kubernetes/supervise.ts';
import { connectionError } from '../../../src/kubernetes/transport.ts';

const never = new AbortController().signal;
const selector = { app: 'a' };
const refused = connectionError(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
const loggedOut = new BenchError({ reason: 'unauthenticated', message: 'The credential helper failed.' });
const podOf = (ready: boolean): Pod => ({
  metadata: { name: 'a-1', uid: 'u', labels: selector, resourceVersion: '2' },
  spec: { nodeName: 'node-1', containers: [{ name: 'fastapi' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

describe('waiting for pods', () => {
  it('ends in time when the API server never says anything of them, and tells that it does not answer', async () => {
    const { said, error } = await waited({ list: () => Promise.reject(refused) }, 1);
    expect(said).toEqual(['fastapi: the API server does not answer']);
    expect(error).toMatchObject({
      reason: 'api-unreachable',
      message: expect.stringMatching(
        /said nothing of the pods of fastapi within 1 s\. .*the connection was refused/u,
      ) as string,
      nextStep: expect.stringContaining('VPN') as string,
    });
  });

  it('ends at once when there are no credentials to ask with, which no other try cures', async () => {
    const { error } = await waited({ list: () => Promise.reject(loggedOut) }, 60);
    expect(error).toMatchObject({ reason: 'unauthenticated' });
  });

  it('goes on when the API server is back, and when a watch breaks in the middle of a line', async () => {
    let lists = 0;
    const { pods, said } = await waited(
      {
        list: () => {
          lists += 1;
          return lists === 1 ? Promise.reject(refused) : Promise.resolve([podOf(lists > 2)]);
        },
        watch: () => {
          const stream = new PassThrough();
          stream.end('{"type":"MODIFIED","obj');
          return stream;
        },
      },
      60,
    );
    expect(pods?.[0]?.metadata.name).toBe('a-1');
    expect(lists).toBe(3);
    expect(said.join()).toMatch(/fastapi: /u);
  });

  it('says that the API server is away while the pods are known and not ready', async () => {
    let lists = 0;
    const { said, error } = await waited(
      {
        list: () => {
          lists += 1;
          return lists === 1 ? Promise.resolve([podOf(false)]) : Promise.reject(refused);
        },
        watch: () => {
          const stream = new PassThrough();
          stream.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
          return stream;
        },
      },
      2,
    );
    expect(said.at(-1)).toMatch(/the API server does not answer at the moment$/u);
    expect(error).toMatchObject({ reason: 'not-ready' });
  });
});

describe('patience with a pod', () => {
  const creating = { waiting: { reason: 'ContainerCreating' } };
  const notCreated = { waiting: { reason: 'CreateContainerError', message: 'context deadline exceeded' } };
  const notConfigured = { waiting: { reason: 'CreateContainerConfigError', message: 'secret "key" not found' } };
  const pulled = (reason: string) => ({ waiting: { reason, message: 'dial tcp 10.0.0.9:443: i/o timeout' } });

  it('begins with the trouble, not with the harmless wait before it', async () => {
    const { said, error } = await lived([
      { forSeconds: 60, state: creating },
      { forSeconds: 10, state: notCreated },
      { forSeconds: 60, state: creating },
      { forSeconds: 10, state: notCreated },
      { forSeconds: 0, state: { running: {} } },
    ]);
    expect(error).toBeUndefined();
    expect(said).toEqual([
      expect.stringContaining('being made') as string,
      expect.stringContaining('CreateContainerError') as string,
      expect.stringContaining('being made') as string,
      expect.stringContaining('CreateContainerError') as string,
      expect.stringContaining('starting') as string,
    ]);
  });

  it('ends with a trouble that stays', async () => {
    const { error } = await lived([
      { forSeconds: 60, state: creating },
      { forSeconds: 31, state: notCreated },
    ]);
    expect(error).toMatchObject({
      reason: 'rejected-by-cluster',
      message: expect.stringContaining('CreateContainerError') as string,
    });
  });

  it('begins anew with another trouble, and ends with two that take turns', async () => {
    const other = await lived([
      { forSeconds: 20, state: notConfigured },
      { forSeconds: 20, state: notCreated },
      { forSeconds: 0, state: { running: {} } },
    ]);
    expect(other.error).toBeUndefined();
    const turns = await lived(
      [0, 1, 2, 3].map((turn) => ({ forSeconds: 12, state: turn % 2 === 0 ? notConfigured : notCreated })),
    );
    expect(turns.error).toMatchObject({ reason: 'rejected-by-cluster' });
  });

  it('ends with an image whose pull fails and waits by turns', async () => {
    const { error, said } = await lived([
      { forSeconds: 60, state: creating },
      { forSeconds: 10, state: pulled('ErrImagePull') },
      { forSeconds: 10, state: pulled('ImagePullBackOff') },
      { forSeconds: 10, state: pulled('ErrImagePull') },
    ]);
    expect(said).toHaveLength(2);
    expect(error).toMatchObject({ reason: 'image-unavailable' });
  });

  it('ends with the trouble of one pod of a Job, whatever the others of that name wait for', async () => {
    const realNow = performance.now.bind(performance);
    let aheadMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => realNow() + aheadMs);
    const member = (index: string, state: NonNullable<ContainerStatus['state']>): Pod => ({
      metadata: { ...podOf(false).metadata, name: `a-${index}`, uid: index, labels: { index } },
      spec: podOf(false).spec,
      status: { containerStatuses: [{ name: 'load', ready: false, restartCount: 0, state }] },
    });
    const pods = ['0', '1'].map((index) => ({ component: `load generator ${index}`, name: 'a', selector: { index } }));
    const cluster = fakeCluster({ list: () => Promise.resolve([member('0', creating), member('1', notCreated)]) });
    const reached = (): boolean => {
      aheadMs += 5_000;
      return false;
    };
    const request = { namespace: 'team', selector: {}, pods, reached, timeoutSeconds: 100 };
    const waiting = (async () => {
      for await (const said of waitForPods(cluster, request, never)) expect(said).toContain('load generator 1');
    })();
    try {
      await expect(waiting).rejects.toMatchObject({ reason: 'rejected-by-cluster' });
    } finally {
      clock.mockRestore();
    }
  });

  it('ends with a container that starts and crashes by turns, however long each start lives', async () => {
    const crashed = { waiting: { reason: 'CrashLoopBackOff' } };
    const lastState = { terminated: { exitCode: 1 } };
    const { error } = await lived([
      { forSeconds: 100, state: { running: {} } },
      { forSeconds: 10, state: crashed, restartCount: 1, lastState },
      { forSeconds: 100, state: { running: {} }, restartCount: 1, lastState },
      { forSeconds: 0, state: crashed, restartCount: 2, lastState },
    ]);
    expect(error).toMatchObject({
      reason: 'pod-failed',
      message: expect.stringContaining('it was started 3 times') as string,
    });
  });
});

it('servers are not watched for ever by whoever has no credentials any more', async () => {
  const servers = [{ server: { component: 'fastapi' }, pod: podOf(true) }] as unknown as StandingServer[];
  const watching = superviseServers(
    fakeCluster({ list: () => Promise.reject(loggedOut) }),
    'team',
    selector,
    servers,
    never,
  );
  await expect(watching).rejects.toMatchObject({ reason: 'unauthenticated' });
});

it('a question to a server that ends meanwhile ends with how, and not with a connection that breaks', async () => {
  const failed: Pod = {
    ...podOf(true),
    status: {
      phase: 'Failed',
      containerStatuses: [
        {
          name: 'fastapi',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        },
      ],
    },
  };
  let asked: AbortSignal | undefined;
  const deployment = createDeployment({
    cluster: fakeCluster({ list: () => Promise.resolve([failed]) }),
    request: { anchor: { id: 'run', namespace: 'team' }, topology: { name: 'fastapi' } },
    up: { servers: [{ server: { component: 'fastapi' }, pod: podOf(true) }] },
    connection: {
      infer: async (_texts: unknown, signal: AbortSignal) => {
        asked = signal;
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
        throw new Error('cancelled');
      },
    },
    nodes: [],
  } as unknown as DeploymentParts);
  await expect(deployment.infer(['text'], never)).rejects.toMatchObject({
    reason: 'pod-failed',
    message: expect.stringContaining('OOMKilled') as string,
  });
  expect(asked?.aborted).toBe(true);
});

interface Answers {
  readonly list: () => Promise<readonly Pod[]>;
  readonly watch?: () => PassThrough;
}

/** Everything but the pods is empty. */
function fakeCluster({ list, watch = () => new PassThrough() }: Answers): Cluster {
  return {
    async get(path: string) {
      if (!path.includes('/pods?')) return { items: [] };
      return { metadata: { resourceVersion: '1' }, items: await list() };
    },
    async stream(_path: string, signal: AbortSignal) {
      throwIfCancelled(signal, 'watching');
      const stream = watch();
      signal.addEventListener('abort', () => stream.end());
      return stream;
    },
  } as unknown as Cluster;
}

async function waited(
  answers: Answers,
  timeoutSeconds: number,
  reached: (pod: Pod) => boolean = isPodReady,
): Promise<{ said: string[]; pods?: Pod[]; error?: unknown }> {
  const pods = [{ component: 'fastapi', name: 'a', selector }];
  const request = { namespace: 'team', selector, pods, reached, timeoutSeconds };
  const waiting = waitForPods(fakeCluster(answers), request, never);
  const said: string[] = [];
  try {
    for (;;) {
      const { done, value } = await waiting.next();
      if (done === true) return { said, pods: value };
      said.push(value);
    }
  } catch (error) {
    return { said, error };
  }
}

interface Episode extends Partial<ContainerStatus> {
  readonly forSeconds: number;
  readonly state: NonNullable<ContainerStatus['state']>;
}

/** What is said of a pod whose container goes through these states, each of which lasts for as long by the clock. */
async function lived(episodes: readonly Episode[]): Promise<{ said: string[]; error?: unknown }> {
  const realNow = performance.now.bind(performance);
  let aheadMs = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => realNow() + aheadMs);
  const podIn = (index: number): Pod => {
    const containerStatuses = [{ name: 'fastapi', ready: false, restartCount: 0, ...episodes[index] }];
    return {
      ...podOf(false),
      metadata: { ...podOf(false).metadata, name: String(index) },
      status: { containerStatuses },
    };
  };
  const stream = new PassThrough();
  const show = (index: number): void => {
    stream.write(`${JSON.stringify({ type: 'MODIFIED', object: podIn(index) })}\n`);
  };
  const looks = episodes.map(() => 0);
  /** The first look at a state begins its time, the second is at the end of it. */
  const reached = (pod: Pod): boolean => {
    const index = Number(pod.metadata.name);
    looks[index] = (looks[index] ?? 0) + 1;
    if (looks[index] === 1) show(index);
    if (looks[index] !== 2) return looks.at(-1) === 3;
    aheadMs += (episodes[index]?.forSeconds ?? 0) * 1_000;
    show(Math.min(index + 1, episodes.length - 1));
    return false;
  };
  try {
    return await waited({ list: () => Promise.resolve([podIn(0)]), watch: () => stream }, 3_600, reached);
  } finally {
    clock.mockRestore();
  }
}
