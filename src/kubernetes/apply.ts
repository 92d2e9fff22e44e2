import { fieldManager } from '../topologies/labels.ts';
import type { Manifest } from '../topologies/objects.ts';
import type { ApiObject } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';
import { objectPath } from './resources.ts';
import { isStatus, refusal } from './statusError.ts';

export interface Change {
  readonly kind: Manifest['kind'];
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly change: 'created' | 'configured' | 'unchanged';
}

/**
 * Applies objects one after the other under our field manager (server-side apply) and says what became of each.
 * @throws BenchError forbidden, unauthenticated or rejected-by-cluster, in the cluster's words; those before it stay
 */
export async function apply(cluster: Cluster, objects: readonly Manifest[], signal: AbortSignal): Promise<Change[]> {
  const changes: Change[] = [];
  for (const object of objects) changes.push(await applyOne(cluster, object, signal));
  return changes;
}

async function applyOne(cluster: Cluster, object: Manifest, signal: AbortSignal): Promise<Change> {
  const before = await versionOf(cluster, object, signal);
  const { status, body } = await patch(cluster, object, false, signal);
  const { metadata } = body as ApiObject;
  const unchanged = before !== undefined && before === metadata.resourceVersion;
  return {
    kind: object.kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
    uid: metadata.uid,
    change: status === 201 ? 'created' : unchanged ? 'unchanged' : 'configured',
  };
}

/** Sends one object as it should be; with `dryRun` the API server checks it in full and keeps nothing. */
export async function patch(
  cluster: Cluster,
  object: Manifest,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<{ status: number; body: unknown }> {
  const { name, namespace } = object.metadata;
  const options = query({ fieldManager, force: true, dryRun: dryRun ? 'All' : undefined });
  try {
    return await cluster.change(
      {
        method: 'PATCH',
        path: `${objectPath(object.kind, namespace, name)}?${options}`,
        body: object,
        contentType: 'application/apply-patch+yaml',
      },
      signal,
    );
  } catch (error) {
    throw refusal(error, `make the ${object.kind} ${name}`);
  }
}

/** A Secret is never read: the right to write it must be enough. */
async function versionOf(cluster: Cluster, object: Manifest, signal: AbortSignal): Promise<string | undefined> {
  if (object.kind === 'Secret') return undefined;
  const { name, namespace } = object.metadata;
  try {
    const found = (await cluster.get(objectPath(object.kind, namespace, name), signal)) as ApiObject;
    return found.metadata.resourceVersion;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw refusal(error, `read the ${object.kind} ${name}`);
  }
}
