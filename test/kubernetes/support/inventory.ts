import { expect } from 'vitest';
import { kubectl } from './testCluster.ts';

/** Kinds that come and go by themselves; the kubelet's and the controllers' own. */
const passing = /^(events|leases|events\.events\.k8s\.io|leases\.coordination\.k8s\.io|componentstatuses)$/u;

/** Every object of the cluster but Events and Leases, as "kind/namespace/name uid". */
export async function inventory(): Promise<string[]> {
  const resources = (await kubectl('api-resources', '--verbs=list', '--output=name'))
    .split('\n')
    .filter((name) => name !== '' && !passing.test(name) && !name.endsWith('metrics.k8s.io'));
  const template = '{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\\n"}{end}';
  const text = await kubectl(
    'get',
    resources.join(','),
    '--all-namespaces',
    '--ignore-not-found',
    '--output',
    `jsonpath=${template}`,
  );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** Fails unless the cluster holds exactly what it held before; what garbage collection has to do yet is waited for. */
export async function expectSameInventory(before: readonly string[]): Promise<void> {
  // Less than the half minute that a pod may have to end, so that nothing passes for removed which was not told to go.
  const deadline = Date.now() + 25_000;
  let after = await inventory();
  while (Date.now() < deadline && after.join('\n') !== before.join('\n')) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    after = await inventory();
  }
  expect(after).toEqual(before);
}
