import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../core/errors.ts';
import { selectorText } from '../topologies/labels.ts';
import type { Labels } from '../topologies/objects.ts';
import type { ApiMeta, ApiObject } from './apiObjects.ts';
import type { Cluster } from './cluster.ts';
import { query } from './cluster.ts';
import { listPath, objectPath, ownKinds, type OwnKind } from './resources.ts';
import { isConnectionTrouble, isStatus, refusal } from './statusError.ts';
import type { ApiList } from './apiObjects.ts';

export interface OwnedObject {
  readonly kind: OwnKind;
  readonly metadata: ApiMeta;
}

const lookEveryMs = 200;
/** An API server that is away for longer is left to the next clean-up. */
const awayForMs = 60_000;
const kinds = Object.keys(ownKinds) as OwnKind[];

/** Everything of ours with these labels, names and owners only. Kinds that the user may not list are left out. */
export async function listOwned(
  cluster: Cluster,
  namespace: string,
  selector: Labels,
  signal: AbortSignal,
): Promise<OwnedObject[]> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const path = `${listPath(kind, namespace)}?${query({ labelSelector: selectorText(selector) })}`;
      try {
        const list = (await cluster.get(path, signal, { metadataOnly: true })) as ApiList<ApiObject>;
        return (list.items ?? []).map(({ metadata }) => ({ kind, metadata }));
      } catch (error) {
        if (isStatus(error, 403) || isStatus(error, 404)) return [];
        throw refusal(error, `list ${ownKinds[kind].plural}`);
      }
    }),
  );
  return lists.flat();
}

/**
 * Deletes one object, and no namesake that took its place.
 * @returns whether it was there
 */
export async function deleteOne(
  cluster: Cluster,
  object: { readonly kind: OwnKind; readonly namespace: string; readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await cluster.change(
      {
        method: 'DELETE',
        path: objectPath(object.kind, object.namespace, object.name),
        body: { preconditions: { uid: object.uid }, propagationPolicy: 'Background' },
      },
      signal,
    );
    return true;
  } catch (error) {
    // 409: the object of that name is another one by now.
    if (isStatus(error, 404) || isStatus(error, 409)) return false;
    throw refusal(error, `delete the ${object.kind} ${object.name}`);
  }
}

/**
 * Deletes everything of ours with these labels and waits until it is gone, so that a GPU is free and an inventory taken
 * afterwards is the same as before. Pods go with their Job or Deployment; each object is deleted by its UID.
 * @throws BenchError clean-up-incomplete, naming what is left when the signal is aborted
 */
export async function removeAll(
  cluster: Cluster,
  namespace: string,
  selector: Labels,
  signal: AbortSignal,
): Promise<void> {
  let left: readonly OwnedObject[] = [];
  let answeredAtMs = performance.now();
  let trouble: unknown;
  const asked = new Set<string>();
  try {
    for (;;) {
      try {
        left = await listOwned(cluster, namespace, selector, signal);
        if (left.length === 0) return;
        const deletable = left.filter(({ kind, metadata }) => isDeletable(kind, metadata) && !asked.has(metadata.uid));
        await Promise.all(
          deletable.map(async ({ kind, metadata }) => {
            await deleteOne(cluster, { kind, namespace, name: metadata.name, uid: metadata.uid }, signal);
            asked.add(metadata.uid);
          }),
        );
        answeredAtMs = performance.now();
        trouble = undefined;
      } catch (error) {
        if (!isConnectionTrouble(error) || performance.now() - answeredAtMs > awayForMs) throw error;
        trouble = error;
      }
      await sleep(lookEveryMs, undefined, { signal });
    }
  } catch (error) {
    // When the time runs out while the API server is away, that is the reason.
    throw incomplete(namespace, left, trouble ?? error);
  }
}

function isDeletable(kind: OwnKind, metadata: ApiMeta): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return kind !== 'Pod' || (metadata.ownerReferences ?? []).length === 0;
}

function incomplete(namespace: string, left: readonly OwnedObject[], cause: unknown): BenchError {
  const names = left.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const what = names.length === 0 ? 'what this run made' : names.join(', ');
  const why = cause instanceof BenchError ? ` (${cause.message.replace(/\.$/u, '')})` : '';
  return new BenchError({
    reason: 'clean-up-incomplete',
    message: `In the namespace ${namespace} this is still there: ${what}${why}.`,
    nextStep: `Remove it with "Topology Bench: Clean Up" in VS Code or "topology-bench clean --namespace ${namespace}" on the command line, with the same context.`,
    cause,
  });
}
