import { expect, it } from 'vitest';
import type { Cluster, GetOptions } from '../../../src/kubernetes/cluster.ts';
import { namespaceNames } from '../../../src/kubernetes/namespace.ts';
import { StatusError } from '../../../src/kubernetes/statusError.ts';

const never = new AbortController().signal;
const answering = (get: () => Promise<unknown>): Cluster => ({ get }) as unknown as Cluster;

it('namespaces are listed by name, for who may', async () => {
  const items = ['team-b', 'team-a'].map((name) => ({ metadata: { name } }));
  expect(
    await namespaceNames(
      answering(async () => ({ items })),
      never,
    ),
  ).toEqual(['team-a', 'team-b']);
  const forbidden = new StatusError(403, 'Forbidden', 'this user cannot list namespaces');
  expect(
    await namespaceNames(
      answering(() => Promise.reject(forbidden)),
      never,
    ),
  ).toBeUndefined();
  const away = new StatusError(503, '', 'it is away');
  await expect(
    namespaceNames(
      answering(() => Promise.reject(away)),
      never,
    ),
  ).rejects.toThrow('list namespaces');
});

it('a cluster that is slow to say its namespaces has more time than whoever chooses one waits for it', async () => {
  let asked: GetOptions | undefined;
  const cluster = {
    async get(_path: string, _signal: AbortSignal, options: GetOptions) {
      asked = options;
      return { items: [] };
    },
  } as unknown as Cluster;
  await namespaceNames(cluster, never);
  expect(asked?.onceWithinMs).toBeGreaterThan(5_000);
});
