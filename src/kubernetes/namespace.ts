import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../core/errors.ts';
import { fieldManager, labelKeys, ownLabels, type Anchor } from '../topologies/labels.ts';
import type { ApiList, ApiObject, Condition } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';
import type { Leased } from './lease.ts';
import { isStatus, refusal, StatusError } from './statusError.ts';

/** What every namespace has by itself. */
const byItself: Readonly<Record<string, (name: string) => boolean>> = {
  configmaps: (name) => name === 'kube-root-ca.crt' || name === 'openshift-service-ca.crt',
  serviceaccounts: (name) => name === 'default',
  events: () => true,
  leases: () => true,
};

const coreApi = '/api/v1';
/** A deletion that fails for this long is not waited for any more; the cluster goes on with it. */
const stuckAfterMs = 15_000;

interface Namespace extends ApiObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

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

/**
 * Makes the namespace and marks it as made by this run or deployment, so that it can go when that does.
 * @param lease annotations by which others know that somebody looks after it
 * @returns what to keep that lease on; undefined when somebody else has made the namespace meanwhile
 */
export async function createNamespace(
  cluster: Cluster,
  name: string,
  owner: Pick<Anchor, 'kind' | 'id'>,
  lease: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Leased | undefined> {
  const metadata = { name, labels: ownLabels(owner), annotations: lease };
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata };
  const path = `/api/v1/namespaces?${query({ fieldManager })}`;
  try {
    const created = (await cluster.change({ method: 'POST', path, body }, signal)).body as ApiObject;
    return { path: namespacePath(name), uid: created.metadata.uid };
  } catch (error) {
    if (isStatus(error, 409)) return undefined;
    throw refusal(error, `create the namespace ${name}`);
  }
}

/**
 * Deletes the namespace if this run made it and nothing else has come to live there since, and waits until it is gone.
 * @returns false when it stays, because it is another's or others live there
 * @throws BenchError clean-up-incomplete when it should go and does not, saying why
 */
export async function removeOwnNamespace(
  cluster: Cluster,
  name: string,
  runId: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const found = await readNamespace(cluster, name, signal);
    const labels = found?.metadata.labels ?? {};
    if (found === undefined || labels[labelKeys.managedBy] !== fieldManager || labels[labelKeys.run] !== runId)
      return false;
    const { uid, deletionTimestamp } = found.metadata;
    if (deletionTimestamp === undefined) {
      if (!(await isEmpty(cluster, name, signal))) return false;
      await deleteNamespace(cluster, name, uid, signal);
    }
    await untilGone(cluster, name, uid, signal);
    return true;
  } catch (error) {
    throw new BenchError({
      reason: 'clean-up-incomplete',
      message: `The namespace ${name}, which was made for this, is still there: ${whyOf(refusal(error, 'remove it'))}.`,
      nextStep: `Remove it later with "Topology Bench: Clean Up" in VS Code, "topology-bench clean --namespace ${name}" on the command line, or "kubectl delete namespace ${name}".`,
      cause: error,
    });
  }
}

function whyOf(error: unknown): string {
  if (error instanceof BenchError) return error.message.replace(/\.$/u, '');
  return 'the time for the clean-up was up';
}

async function deleteNamespace(cluster: Cluster, name: string, uid: string, signal: AbortSignal): Promise<void> {
  try {
    await cluster.change({ method: 'DELETE', path: namespacePath(name), body: { preconditions: { uid } } }, signal);
  } catch (error) {
    // 409: it is being deleted already, or is another one by now.
    if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
  }
}

/** A namespace goes only when every API has said what it holds there, so one API that is out of order keeps it. */
async function untilGone(cluster: Cluster, name: string, uid: string, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  for (;;) {
    const now = await readNamespace(cluster, name, signal);
    if (now?.metadata.uid !== uid) return;
    const failing = now.status?.conditions?.find(
      ({ type, status }) => status === 'True' && type.startsWith('NamespaceDeletion') && type.endsWith('Failure'),
    );
    if (failing !== undefined && performance.now() - began > stuckAfterMs) {
      throw new BenchError({ reason: 'clean-up-incomplete', message: failing.message ?? failing.type });
    }
    await sleep(300, undefined, { signal });
  }
}

async function readNamespace(cluster: Cluster, name: string, signal: AbortSignal): Promise<Namespace | undefined> {
  try {
    return (await cluster.get(namespacePath(name), signal)) as Namespace;
  } catch (error) {
    if (isStatus(error, 404) || isStatus(error, 403)) return undefined;
    throw error;
  }
}

/**
 * Looks at every kind that the cluster knows.
 * @throws what keeps a kind from being listed: it might hold something
 */
async function isEmpty(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<boolean> {
  for (const { prefix, resource } of await namespacedResources(cluster, signal)) {
    const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${resource}?limit=50`;
    const list = (await unlessOutOfOrder(prefix, cluster.get(path, signal, { metadataOnly: true }))) as
      ApiList<ApiObject> | undefined;
    const isItsOwn = byItself[resource] ?? ((): boolean => false);
    if (list?.items?.some(({ metadata }) => !isItsOwn(metadata.name)) === true) return false;
  }
  return true;
}

/**
 * An API that another server answers for (metrics.k8s.io and its like) may be out of order for long. It is passed over: the
 * cluster itself deletes no namespace before that API has said what it holds there.
 */
async function unlessOutOfOrder(prefix: string, reading: Promise<unknown>): Promise<unknown> {
  try {
    return await reading;
  } catch (error) {
    const outOfOrder = error instanceof StatusError && (error.status >= 500 || [404, 405].includes(error.status));
    if (outOfOrder && prefix !== coreApi) return undefined;
    throw refusal(error, `list what is in the namespace`);
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
  const prefixes = [coreApi, ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const lists = await Promise.all(
    prefixes.map(async (prefix) => {
      const found = (await unlessOutOfOrder(prefix, cluster.get(prefix, signal))) as ResourceList | undefined;
      return (found?.resources ?? [])
        .filter(({ namespaced, verbs, name }) => namespaced && verbs.includes('list') && !name.includes('/'))
        .map(({ name }) => ({ prefix, resource: name }));
    }),
  );
  // Metrics of pods that just ended are no objects.
  return lists.flat().filter(({ prefix }) => !prefix.startsWith('/apis/metrics.k8s.io/'));
}
