import type { Leftover, Removal } from '../core/cluster.ts';
import { BenchError, toBenchError } from '../core/errors.ts';
import { anchorComponent } from '../topologies/anchor.ts';
import { anchorName, anchorSelector, fieldManager, labelKeys, selectorText } from '../topologies/labels.ts';
import type { ApiMeta, ApiObject, Deployment, Pod } from './apiObjects.ts';
import { openCluster, query, type Cluster } from './cluster.ts';
import type { ClusterChoice } from './inventory.ts';
import { hasLease, isInUse } from './lease.ts';
import { listAll } from './list.ts';
import { removeOwnNamespace } from './namespace.ts';
import { requestOf } from './nodes.ts';
import { readServerVersion } from './preflight.ts';
import { deleteAnchor, removeAll, type RemoveOptions } from './remove.ts';
import { listPath, ownKinds, type OwnKind } from './resources.ts';
import { isStatus, refusal } from './statusError.ts';

type Kind = OwnKind | 'Namespace';

interface Found {
  readonly kind: Kind;
  readonly metadata: ApiMeta;
}

const kinds = Object.keys(ownKinds) as OwnKind[];
const oursAlone = selectorText({ [labelKeys.managedBy]: fieldManager });

/**
 * Everything of ours on the cluster, by the run or deployment that it belongs to, newest first: in the namespace chosen, or
 * in all namespaces without one (where the user may look into all; else in the context's own).
 * @throws BenchError api-unreachable, unauthenticated, forbidden, kubeconfig-missing, kubeconfig-broken
 */
export async function findLeftovers(choice: ClusterChoice, signal: AbortSignal): Promise<Leftover[]> {
  using cluster = openCluster(choice);
  await readServerVersion(cluster, signal);
  const found = await findAll(cluster, choice.namespace, signal);
  const groups = new Map<string, Found[]>();
  for (const object of found) {
    const run = object.metadata.labels?.[labelKeys.run];
    if (run === undefined) continue;
    const key = `${namespaceOf(object)}/${run}`;
    groups.set(key, [...(groups.get(key) ?? []), object]);
  }
  const own = [...groups.values()].filter((group) => group.some(isApplied));
  const leftovers = await Promise.all(own.map((group) => describe(cluster, group, signal)));
  return leftovers.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/**
 * Removes what `findLeftovers` found, by UID, and waits until it is gone; one that does not go keeps none of the others.
 * @throws BenchError clean-up-incomplete, naming what is left
 */
export async function removeLeftovers(
  choice: ClusterChoice,
  leftovers: readonly Leftover[],
  signal: AbortSignal,
  options: RemoveOptions = {},
): Promise<Removal> {
  using cluster = openCluster(choice);
  const kept: string[] = [];
  const failures: BenchError[] = [];
  for (const leftover of leftovers) {
    try {
      const stays = await removeLeftover(cluster, leftover, signal, options);
      if (stays !== undefined) kept.push(stays);
    } catch (error) {
      failures.push(toBenchError(error, `removing ${leftover.id}`));
      if (signal.aborted) break;
    }
  }
  const [first] = failures;
  if (first !== undefined) throw failures.length === 1 ? first : together(failures, first);
  return { removed: leftovers.length - kept.length, kept };
}

/** @returns why the namespace that was made for it stays; undefined when there is none, or it is gone */
async function removeLeftover(
  cluster: Cluster,
  { kind, namespace, id, objects }: Leftover,
  signal: AbortSignal,
  options: RemoveOptions,
): Promise<string | undefined> {
  const anchor = objects.find((object) => object.kind === 'ConfigMap' && object.name === anchorName(id));
  if (anchor !== undefined) await deleteAnchor(cluster, { kind, id, namespace, uid: anchor.uid }, signal);
  await removeAll(cluster, namespace, anchorSelector(id), signal, options);
  if (!objects.some((object) => object.kind === 'Namespace')) return undefined;
  return await removeOwnNamespace(cluster, namespace, id, signal);
}

function together(failures: readonly BenchError[], first: BenchError): BenchError {
  return new BenchError({
    reason: first.reason,
    message: failures.map(({ message }) => message).join(' '),
    nextStep: first.nextStep,
    cause: first,
  });
}

async function describe(cluster: Cluster, group: readonly Found[], signal: AbortSignal): Promise<Leftover> {
  const [first] = group;
  const labels = first?.metadata.labels ?? {};
  const namespace = first === undefined ? '' : namespaceOf(first);
  const anchor = group.find(({ metadata }) => metadata.labels?.[labelKeys.component] === anchorComponent);
  const created = group.map(({ metadata }) => metadata.creationTimestamp ?? '').sort();
  const holdsPods = group.some(({ kind }) => kind === 'Pod');
  const kind = labels[labelKeys.kind] === 'deployment' ? 'deployment' : 'run';
  const id = labels[labelKeys.run] ?? '';
  // A namespace is made before the anchor, and says by itself that its run is under way.
  const inUse = group.some(({ metadata }) => isInUse(metadata, cluster.serverNow()));
  // Deploy takes its lease off when all is ready.
  const leased = anchor ?? group.find((object) => object.kind === 'Namespace');
  const wasInterrupted = leased !== undefined && hasLease(leased.metadata);
  return {
    kind,
    id,
    namespace,
    createdAt: anchor?.metadata.creationTimestamp ?? created[0] ?? '',
    objects: group.map(({ kind, metadata }) => ({ kind, name: metadata.name, uid: metadata.uid })),
    gpus: holdsPods ? await countGpus(cluster, namespace, id, signal) : 0,
    inUse,
    leftBehind:
      !inUse && (kind === 'run' || (wasInterrupted && !(await mayServe(cluster, namespace, id, group, signal)))),
  };
}

/** Whether a deployment is ready after all, as when only the last word of its Deploy got lost, or that cannot be seen. */
async function mayServe(
  cluster: Cluster,
  namespace: string,
  id: string,
  group: readonly Found[],
  signal: AbortSignal,
): Promise<boolean> {
  if (!group.some(({ kind }) => kind === 'ConfigMap')) return false;
  const labelSelector = selectorText(anchorSelector(id));
  try {
    const deployments = await listAll<Deployment>(
      cluster,
      listPath('Deployment', namespace),
      { labelSelector },
      signal,
    );
    return deployments.length > 0 && deployments.every(({ status }) => (status?.availableReplicas ?? 0) > 0);
  } catch (error) {
    if (isStatus(error, 403)) return true;
    throw refusal(error, 'list deployments');
  }
}

async function findAll(cluster: Cluster, namespace: string | undefined, signal: AbortSignal): Promise<Found[]> {
  const everywhere = namespace === undefined && (await mayListEverywhere(cluster, signal));
  const where = everywhere ? undefined : (namespace ?? cluster.namespace);
  const lists = await Promise.all([
    ...kinds.map((kind) => find(cluster, kind, where, signal)),
    findNamespaces(cluster, where, signal),
  ]);
  return lists.flat();
}

async function mayListEverywhere(cluster: Cluster, signal: AbortSignal): Promise<boolean> {
  try {
    await cluster.get(`/api/v1/configmaps?${query({ labelSelector: oursAlone, limit: 1 })}`, signal, {
      metadataOnly: true,
    });
    return true;
  } catch (error) {
    if (isStatus(error, 403)) return false;
    throw refusal(error, 'list ConfigMaps');
  }
}

async function find(
  cluster: Cluster,
  kind: OwnKind,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Found[]> {
  const { prefix, plural } = ownKinds[kind];
  const path =
    namespace === undefined ? `${prefix}/${plural}` : `${prefix}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  try {
    const items = await listAll<ApiObject>(cluster, path, { labelSelector: oursAlone }, signal, true);
    return items.map(({ metadata }) => ({ kind, metadata }));
  } catch (error) {
    // Anchors tell of a run; without the right to see them nothing can be said, and that must not read as "nothing left".
    if (isStatus(error, 403) && kind !== 'ConfigMap') return [];
    throw refusal(error, `list ${plural}`);
  }
}

/** Namespaces that a run was allowed to make. */
async function findNamespaces(cluster: Cluster, only: string | undefined, signal: AbortSignal): Promise<Found[]> {
  try {
    const items = await listAll<ApiObject>(cluster, '/api/v1/namespaces', { labelSelector: oursAlone }, signal, true);
    return items
      .filter(({ metadata }) => only === undefined || metadata.name === only)
      .map(({ metadata }) => ({ kind: 'Namespace', metadata }));
  } catch (error) {
    if (isStatus(error, 403)) return [];
    throw refusal(error, 'list namespaces');
  }
}

function namespaceOf({ kind, metadata }: Found): string {
  return kind === 'Namespace' ? metadata.name : (metadata.namespace ?? '');
}

/** Manifests that somebody rendered and applied with another tool bear our labels too, and are not ours to delete. */
function isApplied({ kind, metadata }: Found): boolean {
  return kind !== 'Pod' && metadata.managedFields?.some(({ manager }) => manager === fieldManager) === true;
}

async function countGpus(cluster: Cluster, namespace: string, id: string, signal: AbortSignal): Promise<number> {
  const path = `${ownKinds.Pod.prefix}/namespaces/${encodeURIComponent(namespace)}/${ownKinds.Pod.plural}`;
  const pods = await listAll<Pod>(
    cluster,
    path,
    { labelSelector: selectorText(anchorSelector(id)), fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
    signal,
  );
  return pods.reduce((sum, pod) => {
    const extended = pod.spec.containers.flatMap(({ resources }) => Object.keys(resources?.limits ?? {}));
    const gpus = [...new Set(extended)].filter((resource) => resource.includes('/'));
    return sum + gpus.reduce((inPod, resource) => inPod + requestOf(pod, resource), 0);
  }, 0);
}
