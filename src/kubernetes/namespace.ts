import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../core/errors.ts';
import { fieldManager, labelKeys, ownLabels, type Anchor } from '../topologies/labels.ts';
import type { ApiList, ApiObject, Condition } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';
import { endLease, type Leased } from './lease.ts';
import { listAll } from './list.ts';
import { checkRights, missingRights, namespaceRights } from './rights.ts';
import { isStatus, refusal, StatusError } from './statusError.ts';

/** What every namespace has by itself. */
const byItself: Readonly<Record<string, (name: string) => boolean>> = {
  configmaps: (name) => name === 'kube-root-ca.crt' || name === 'openshift-service-ca.crt',
  serviceaccounts: (name) => name === 'default',
  events: () => true,
  leases: () => true,
};

const coreApi = '/api/v1';
/** A deletion that has failed for this long on end is not waited for any more; the cluster goes on with it. */
const stuckAfterMs = 15_000;
/** Nor one that is only slow for this long. */
const goneWithinMs = 120_000;
const shownKinds = 4;
/**
 * A cluster that cannot be reached is not worth a long wait for names to choose from, but one behind a VPN may need more than a
 * moment. It is asked once: connecting anew is no faster.
 */
const reachableWithinMs = 8_000;

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

/** The names of all namespaces. undefined: the user may not list them. */
export async function namespaceNames(cluster: Cluster, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    const items = await listAll<Namespace>(cluster, '/api/v1/namespaces', {}, signal, true, reachableWithinMs);
    return items.map(({ metadata }) => metadata.name).sort();
  } catch (error) {
    if (isStatus(error, 403)) return undefined;
    throw refusal(error, 'list namespaces');
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
 * @returns undefined when it is gone; when it stays on purpose, a sentence that says why, for the user
 * @throws BenchError clean-up-incomplete when it should go and does not, saying why
 */
export async function removeOwnNamespace(
  cluster: Cluster,
  name: string,
  runId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await cluster.settled(signal);
    const found = await readNamespace(cluster, name, signal);
    if (found === undefined) return undefined;
    const { uid, deletionTimestamp, labels = {} } = found.metadata;
    if (labels[labelKeys.managedBy] !== fieldManager || labels[labelKeys.run] !== runId)
      return `The namespace ${name} stays: it does not bear the labels of this run, so somebody else has made it or taken it over.`;
    if (deletionTimestamp === undefined) {
      const kept = whyKept(name, await look(cluster, name, signal));
      if (kept !== undefined) {
        // Nobody looks after it any more, and others may take it for what it is at once.
        await endLease(cluster, { path: namespacePath(name), uid }, signal).catch(() => undefined);
        return kept;
      }
      await deleteNamespace(cluster, name, uid, signal);
    }
    await untilGone(cluster, name, uid, signal);
    return undefined;
  } catch (error) {
    throw new BenchError({
      reason: 'clean-up-incomplete',
      message: `The namespace ${name}, which was made for this, is still there: ${whyOf(refusal(error, 'remove it'))}.`,
      nextStep: `Remove it later with "Topology Bench: Clean Up" in VS Code, "topology-bench clean --namespace ${name}" on the command line, or ${deletionOf(name)}.`,
      cause: error,
    });
  }
}

/**
 * Why a namespace that is not there yet would stay if a run made it, as far as that can be told before.
 * @returns a sentence for the user; undefined where nothing but what others put there can keep it
 * @throws BenchError forbidden, naming the rights to make and to delete it that are missing
 */
export async function whyItWouldStay(cluster: Cluster, name: string, signal: AbortSignal): Promise<string | undefined> {
  await checkRights(cluster, name, [namespaceRights], signal);
  const missing = await missingRights(cluster, name, [{ group: '*', resource: '*', verbs: ['list'] }], signal);
  // Who may list everything by one right need not be asked for each kind.
  if (missing.length === 0) return undefined;
  const [kind] = (await look(cluster, name, signal, 'first')).unseen;
  if (kind === undefined) return undefined;
  return `The namespace ${name} will stay when the run is over: this user may not list every kind in it (${kind}, for one), so whether others live there by then cannot be told. Afterwards it can be removed with ${deletionOf(name)}.`;
}

function whyKept(name: string, { other, unseen }: Inside): string | undefined {
  const made = `The namespace ${name}, which was made for this, stays`;
  if (other !== undefined)
    return `${made}: ${other} lives there, which is not of Topology Bench. Once nobody uses it, remove it with ${deletionOf(name)}.`;
  if (unseen.length === 0) return undefined;
  const kinds = unseen.slice(0, shownKinds).join(', ');
  const more = unseen.length > shownKinds ? ` and ${String(unseen.length - shownKinds)} more kinds` : '';
  return `${made}: whether it is empty cannot be told, because this user may not list ${kinds}${more} there. If nobody else uses it, remove it with ${deletionOf(name)}.`;
}

function deletionOf(name: string): string {
  return `"kubectl delete namespace ${name}"`;
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
  let failingSinceMs: number | undefined;
  for (;;) {
    const now = await readNamespace(cluster, name, signal).catch((error: unknown) => {
      // The right to see it may have gone with it.
      if (isStatus(error, 403)) return undefined;
      throw error;
    });
    if (now?.metadata.uid !== uid) return;
    const failing = now.status?.conditions?.find(
      ({ type, status }) => status === 'True' && type.startsWith('NamespaceDeletion') && type.endsWith('Failure'),
    );
    const nowMs = performance.now();
    failingSinceMs = failing === undefined ? undefined : (failingSinceMs ?? nowMs);
    if (failing !== undefined && failingSinceMs !== undefined && nowMs - failingSinceMs > stuckAfterMs) {
      throw new BenchError({ reason: 'clean-up-incomplete', message: failing.message ?? failing.type });
    }
    if (nowMs - began > goneWithinMs) {
      const left = (now.status?.conditions ?? []).filter(
        ({ type, status }) => status === 'True' && type.endsWith('Remaining'),
      );
      const words = left.map(({ type, message }) => message ?? type).join('; ');
      const why = words === '' ? '' : `: ${words}`;
      const seconds = String(goneWithinMs / 1000);
      throw new BenchError({
        reason: 'clean-up-incomplete',
        message: `the cluster has not ended it within ${seconds} s${why}`,
      });
    }
    await sleep(300, undefined, { signal });
  }
}

async function readNamespace(cluster: Cluster, name: string, signal: AbortSignal): Promise<Namespace | undefined> {
  try {
    return (await cluster.get(namespacePath(name), signal)) as Namespace;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** What is in a namespace besides what every namespace has. */
interface Inside {
  /** One object, if there is any. */
  readonly other: string | undefined;
  /** Kinds that the user may not list, which may hold something. */
  readonly unseen: readonly string[];
}

/**
 * Looks at every kind that the cluster knows.
 * @param wanted "first": one kind that the user may not list is enough
 * @throws what else than a missing right keeps a kind from being listed: it might hold something
 */
async function look(
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
  wanted: 'all' | 'first' = 'all',
): Promise<Inside> {
  const unseen: string[] = [];
  for (const { prefix, resource } of await namespacedResources(cluster, signal)) {
    const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${resource}?limit=50`;
    const listing = cluster.get(path, signal, { metadataOnly: true }) as Promise<ApiList<ApiObject>>;
    const list = await unlessOutOfOrder(
      prefix,
      listing.catch((error: unknown) => {
        if (!isStatus(error, 403)) throw error;
        unseen.push(resource);
        return undefined;
      }),
    );
    const isItsOwn = byItself[resource] ?? ((): boolean => false);
    const other = list?.items?.find(({ metadata }) => !isItsOwn(metadata.name));
    if (other !== undefined) return { other: `${other.metadata.name} (${resource})`, unseen };
    if (wanted === 'first' && unseen.length > 0) break;
  }
  return { other: undefined, unseen };
}

/**
 * An API that another server answers for (metrics.k8s.io and its like) may be out of order for long. It is passed over: the
 * cluster itself deletes no namespace before that API has said what it holds there.
 */
async function unlessOutOfOrder<Value>(prefix: string, reading: Promise<Value>): Promise<Value | undefined> {
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
      const found = await unlessOutOfOrder(prefix, cluster.get(prefix, signal) as Promise<ResourceList>);
      return (found?.resources ?? [])
        .filter(({ namespaced, verbs, name }) => namespaced && verbs.includes('list') && !name.includes('/'))
        .map(({ name }) => ({ prefix, resource: name }));
    }),
  );
  // Metrics of pods that just ended are no objects.
  return lists.flat().filter(({ prefix }) => !prefix.startsWith('/apis/metrics.k8s.io/'));
}
