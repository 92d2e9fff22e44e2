import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, explain, isCancelled, type Reason } from '../core/errors.ts';
import { anchorName, labelKeys, selectorText, type Anchor, type AnchorKind } from '../topologies/labels.ts';
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
const listWithinMs = 10_000;
/** An API server that is away for longer is left to the next clean-up. */
const awayForMs = 60_000;
/** Pods have half a minute at most to end in good order. */
const usuallyStuckAfterMs = 120_000;
const usuallyTellAfterMs = 10_000;
const kinds = Object.keys(ownKinds) as OwnKind[];

/**
 * Everything of ours with these labels, names and owners only. Kinds that the user may not list are left out. What may be
 * cured by another try (see isConnectionTrouble) is thrown as it is, soon.
 */
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
        const options = { metadataOnly: true, onceWithinMs: listWithinMs };
        const list = (await cluster.get(path, signal, options)) as ApiList<ApiObject>;
        return (list.items ?? []).map(({ metadata }) => ({ kind, metadata }));
      } catch (error) {
        if (isStatus(error, 403) || isStatus(error, 404)) return [];
        throw isConnectionTrouble(error) ? error : refusal(error, `list ${ownKinds[kind].plural}`);
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
 * Deletes the ConfigMap that everything else of a run or deployment hangs on. It goes first: should this program die then, the
 * cluster itself collects the rest.
 * @throws BenchError with how to try once more as its next step, when the cluster refuses or cannot be reached
 */
export async function deleteAnchor(
  cluster: Cluster,
  { kind, id, namespace, uid }: Anchor & { readonly uid: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await deleteOne(cluster, { kind: 'ConfigMap', namespace, name: anchorName(id), uid }, signal);
  } catch (error) {
    if (!(error instanceof BenchError) || isCancelled(error)) throw error;
    throw new BenchError({
      reason: error.reason,
      message: `The ${kind} ${id} is still there. ${error.message}`,
      nextStep: `${cureOf(error)}${removalStep(namespace, kind)}`,
      cause: error,
    });
  }
}

export interface RemoveOptions {
  /** After so long in which nothing has gone, what is left is given up. */
  readonly stuckAfterMs?: number;
  /** Is told what is waited for, when nothing has gone for `tellAfterMs`, and whenever that changes. */
  readonly waiting?: (message: string) => void;
  readonly tellAfterMs?: number;
}

/**
 * Deletes everything of ours with these labels and waits until it is gone, so that a GPU is free and an inventory taken
 * afterwards is the same as before. Pods go with their Job or Deployment; each object is deleted by its UID.
 * @throws BenchError clean-up-incomplete, naming what is left and what keeps it, when it does not go or the signal is aborted
 */
export async function removeAll(
  cluster: Cluster,
  namespace: string,
  selector: Labels,
  signal: AbortSignal,
  options: RemoveOptions = {},
): Promise<void> {
  const { stuckAfterMs = usuallyStuckAfterMs, tellAfterMs = usuallyTellAfterMs, waiting } = options;
  const stuck = new AbortController();
  const timer = setTimeout(() => {
    stuck.abort();
  }, stuckAfterMs);
  const both = AbortSignal.any([signal, stuck.signal]);
  let left: readonly OwnedObject[] = [];
  let fewest = Number.POSITIVE_INFINITY;
  let fewerAtMs = performance.now();
  let answeredAtMs = performance.now();
  let trouble: unknown;
  let told = '';
  const asked = new Set<string>();
  try {
    await cluster.settled(both);
    for (;;) {
      try {
        left = await listOwned(cluster, namespace, selector, both);
        if (left.length === 0) return;
        if (left.length < fewest) {
          fewest = left.length;
          fewerAtMs = performance.now();
          timer.refresh();
        }
        const deletable = left.filter(({ kind, metadata }) => isDeletable(kind, metadata) && !asked.has(metadata.uid));
        await Promise.all(
          deletable.map(async ({ kind, metadata }) => {
            await deleteOne(cluster, { kind, namespace, name: metadata.name, uid: metadata.uid }, both);
            asked.add(metadata.uid);
          }),
        );
        answeredAtMs = performance.now();
        trouble = undefined;
      } catch (error) {
        if (!isConnectionTrouble(error) || performance.now() - answeredAtMs > awayForMs) throw error;
        trouble = refusal(error, 'say what is left');
      }
      const message = trouble === undefined ? `waiting until this is gone: ${describe(left)}` : explain(trouble);
      if (performance.now() - fewerAtMs > tellAfterMs && message !== told) {
        told = message;
        waiting?.(message);
      }
      await sleep(lookEveryMs, undefined, { signal: both });
    }
  } catch (error) {
    // When the time runs out while the API server is away, that is the reason.
    const why = trouble ?? (stuck.signal.aborted && !signal.aborted ? notGone(stuckAfterMs) : error);
    throw incomplete(namespace, left, why);
  } finally {
    clearTimeout(timer);
  }
}

function isDeletable(kind: OwnKind, metadata: ApiMeta): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return kind !== 'Pod' || (metadata.ownerReferences ?? []).length === 0;
}

function notGone(afterMs: number): BenchError {
  return new BenchError({
    reason: 'clean-up-incomplete',
    message: `it was deleted and has not gone within ${String(Math.round(afterMs / 1000))} s`,
  });
}

/** Each with the finalizers that keep it. */
function describe(left: readonly OwnedObject[]): string {
  return left
    .map(({ kind, metadata }) => {
      const finalizers = foreignFinalizers(metadata);
      return `${kind} ${metadata.name}${finalizers.length === 0 ? '' : ` (kept by the finalizer ${finalizers.join(', ')})`}`;
    })
    .join(', ');
}

/** Kubernetes' own, which its garbage collector and Job controller take off, have no domain or its. */
function foreignFinalizers({ finalizers = [] }: ApiMeta): string[] {
  return finalizers.filter((name) => name.includes('/') && !/^([^/]*\.)?(k8s|kubernetes)\.io\//u.test(name));
}

function incomplete(namespace: string, left: readonly OwnedObject[], cause: unknown): BenchError {
  const what = left.length === 0 ? 'what this run made' : describe(left);
  const why = cause instanceof BenchError ? ` (${cause.message.replace(/\.$/u, '')})` : '';
  return new BenchError({
    reason: 'clean-up-incomplete',
    message: `In the namespace ${namespace} this is still there: ${what}${why}.`,
    nextStep: `${cureOf(cause)}${cureFor(left)}${removalStep(namespace, kindOf(left))}`,
    cause,
  });
}

/** What Deploy brought up is removed by the command line only when that is asked for. */
function removalStep(namespace: string, kind: AnchorKind): string {
  const also = kind === 'deployment' ? ' --deployments' : '';
  return `Remove it with "Topology Bench: Clean Up" in VS Code or "topology-bench clean --namespace ${namespace}${also}" on the command line, with the same context.`;
}

function kindOf(left: readonly OwnedObject[]): AnchorKind {
  return left.some(({ metadata }) => metadata.labels?.[labelKeys.kind] === 'deployment') ? 'deployment' : 'run';
}

/** What to see to first, where the cluster would not or could not delete. */
const cures: Partial<Record<Reason, string>> = {
  forbidden: 'First ask for that right in this namespace. ',
  unauthenticated: 'First log in again. ',
  'rejected-by-cluster': 'First see to what the cluster gives as its reason. ',
  'api-unreachable': 'First check that the cluster runs, and your network or VPN. ',
};

function cureOf(cause: unknown): string {
  return (cause instanceof BenchError ? cures[cause.reason] : undefined) ?? '';
}

/** What to see to first, where an object was deleted and somebody else keeps it from going. */
function cureFor(left: readonly OwnedObject[]): string {
  const going = left.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (going.some(({ metadata }) => foreignFinalizers(metadata).length > 0))
    return 'First ask whoever runs what the finalizer is named after why it does not let go. ';
  if (going.some(({ kind }) => kind === 'Pod'))
    return 'A pod that does not end is often on a node that is down: look at "kubectl get nodes" first. ';
  return '';
}
