import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
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
