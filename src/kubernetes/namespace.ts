import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../core/errors.ts';
import { fieldManager, labelKeys, ownLabels, type Anchor } from '../topologies/labels.ts';
import type { ApiList, ApiObject } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';
import { isStatus, refusal } from './statusError.ts';

/** What every namespace has by itself. */
const byItself: Readonly<Record<string, (name: string) => boolean>> = {
  configmaps: (name) => name === 'kube-root-ca.crt' || name === 'openshift-service-ca.crt',
  serviceaccounts: (name) => name === 'default',
  events: () => true,
  leases: () => true,
};

export function namespacePath(name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(name)}`;
}

/** Whether the namespace is there; a user who may not look is taken to know. */
export async function namespaceExists(cluster: Cluster, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await cluster.get(namespacePath(name), signal);
    return true;
  } catch (error) {
    if (isStatus(error, 403)) return true;
    if (isStatus(error, 404)) return false;
    throw refusal(error, `read the namespace ${name}`);
  }
}

export function namespaceMissing(name: string): BenchError {
  return new BenchError({
    reason: 'namespace-missing',
    message: `The namespace ${name} does not exist.`,
    nextStep: 'Choose another one, or allow it to be made (--create-namespace).',
  });
}

/** Makes the namespace and marks it as made by this run or deployment, so that it can go when that does. */
export async function createNamespace(
  cluster: Cluster,
  name: string,
  owner: Pick<Anchor, 'kind' | 'id'>,
  signal: AbortSignal,
): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: ownLabels(owner) },
  };
  try {
    await cluster.change({ method: 'POST', path: `/api/v1/namespaces?${query({ fieldManager })}`, body }, signal);
  } catch (error) {
    if (!isStatus(error, 409)) throw refusal(error, `create the namespace ${name}`);
  }
}

/**
 * Deletes the namespace if this run made it and nothing else has come to live there since, and waits until it is gone.
 * @returns false when it stays
 */
export async function removeOwnNamespace(
  cluster: Cluster,
  name: string,
  runId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await readNamespace(cluster, name, signal);
  const labels = found?.metadata.labels ?? {};
  if (found === undefined || labels[labelKeys.managedBy] !== fieldManager || labels[labelKeys.run] !== runId)
    return false;
  if (found.metadata.deletionTimestamp === undefined) {
    if (!(await isEmpty(cluster, name, signal))) return false;
    await cluster.change(
      { method: 'DELETE', path: namespacePath(name), body: { preconditions: { uid: found.metadata.uid } } },
      signal,
    );
  }
  for (;;) {
    const now = await readNamespace(cluster, name, signal);
    if (now?.metadata.uid !== found.metadata.uid) return true;
    await sleep(300, undefined, { signal });
  }
}

async function readNamespace(cluster: Cluster, name: string, signal: AbortSignal): Promise<ApiObject | undefined> {
  try {
    return (await cluster.get(namespacePath(name), signal)) as ApiObject;
  } catch (error) {
    if (isStatus(error, 404) || isStatus(error, 403)) return undefined;
    throw error;
  }
}

/** Looks at every kind that the cluster knows; one that may not be listed might hold something. */
async function isEmpty(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<boolean> {
  try {
    for (const { prefix, resource } of await namespacedResources(cluster, signal)) {
      const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${resource}?limit=50`;
      const { items } = (await cluster.get(path, signal, { metadataOnly: true })) as ApiList<ApiObject>;
      const isItsOwn = byItself[resource] ?? ((): boolean => false);
      if (items?.some(({ metadata }) => !isItsOwn(metadata.name)) === true) return false;
    }
    return true;
  } catch (error) {
    if (isStatus(error, 403)) return false;
    throw error;
  }
}

interface GroupList {
  readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

async function namespacedResources(
  cluster: Cluster,
  signal: AbortSignal,
): Promise<{ prefix: string; resource: string }[]> {
  const { groups } = (await cluster.get('/apis', signal)) as GroupList;
  const prefixes = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const lists = await Promise.all(
    prefixes.map(async (prefix) => {
      const { resources } = (await cluster.get(prefix, signal)) as ResourceList;
      return resources
        .filter(({ namespaced, verbs, name }) => namespaced && verbs.includes('list') && !name.includes('/'))
        .map(({ name }) => ({ prefix, resource: name }));
    }),
  );
  // Metrics of pods that just ended are no objects.
  return lists.flat().filter(({ prefix }) => !prefix.startsWith('/apis/metrics.k8s.io/'));
}
