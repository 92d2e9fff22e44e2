import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import type { Pod } from '../../../src/kubernetes/apiObjects.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
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
    stream: async () => watch(),
  } as unknown as Cluster;
}

async function waited(
  answers: Answers,
  timeoutSeconds: number,
): Promise<{ said: string[]; pods?: Pod[]; error?: unknown }> {
  const pods = [{ component: 'fastapi', name: 'a', selector }];
  const request = { namespace: 'team', selector, pods, reached: isPodReady, timeoutSeconds };
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
