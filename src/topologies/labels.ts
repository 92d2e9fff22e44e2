import { topologyKey, type TopologyPlan } from '../core/plan.ts';
import type { Labels, ObjectMeta } from './objects.ts';

/** Under which every object of ours is applied, and by which it is known later. */
export const fieldManager = 'topology-bench';

export const labelKeys = {
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
  component: 'app.kubernetes.io/component',
  run: 'topology-bench/run',
  kind: 'topology-bench/kind',
  topology: 'topology-bench/topology',
} as const;

/** What a pod is there for. */
export type Component = 'fastapi' | 'gateway' | 'triton' | 'load' | 'probe';

/** "run": a benchmark run, which ends. "deployment": made by the Deploy action, and stays until it is deleted. */
export type AnchorKind = 'run' | 'deployment';

/** The one object that owns all others of a run: who it is, where, and its uid once it exists. */
export interface Anchor {
  readonly kind: AnchorKind;
  /** The run's id, or the deployment's. */
  readonly id: string;
  readonly namespace: string;
  /** null where nothing was applied yet: then objects name no owner. */
  readonly uid: string | null;
}

/** The ConfigMap's name, which every other name begins with. */
export function anchorName(id: string): string {
  return `tb-${id}`;
}

export function ownLabels(anchor: Pick<Anchor, 'kind' | 'id'>): Labels {
  return {
    [labelKeys.managedBy]: fieldManager,
    [labelKeys.name]: fieldManager,
    [labelKeys.kind]: anchor.kind,
    [labelKeys.run]: anchor.id,
  };
}

/** Selects every object of a run or deployment. */
export function anchorSelector(id: string): Labels {
  return { [labelKeys.managedBy]: fieldManager, [labelKeys.run]: id };
}

export function topologySelector(id: string, topology: Pick<TopologyPlan, 'name' | 'variant'>): Labels {
  return { ...anchorSelector(id), [labelKeys.topology]: topologySlug(topology) };
}

export function componentSelector(
  id: string,
  topology: Pick<TopologyPlan, 'name' | 'variant'>,
  component: Component,
): Labels {
  return { ...topologySelector(id, topology), [labelKeys.component]: component };
}

/** "a=b,c=d" as the API's labelSelector wants it. */
export function selectorText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Metadata of an object of ours: `suffix` follows the anchor's name. */
export function objectMeta(anchor: Anchor, suffix: string, labels: Labels): ObjectMeta {
  const { uid } = anchor;
  return {
    name: suffix === '' ? anchorName(anchor.id) : `${anchorName(anchor.id)}-${suffix}`,
    namespace: anchor.namespace,
    labels: { ...ownLabels(anchor), ...labels },
    ...(uid === null
      ? {}
      : {
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: anchorName(anchor.id),
              uid,
              controller: false,
              // Blocking would need rights on the owner's finalizers, which some clusters ask for.
              blockOwnerDeletion: false,
            },
          ],
        }),
  };
}

/**
 * A topology's key as part of names and as a label: "triton", "triton-no-batching". At most 24 characters, so that the
 * longest name stays within the 63 that a Service may have; a hash keeps shortened ones apart.
 */
export function topologySlug(topology: Pick<TopologyPlan, 'name' | 'variant'>): string {
  if (topology.variant === '') return topology.name;
  const slug = `${topology.name}-${topology.variant}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/-+$/u, '');
  const faithful = slug === `${topology.name}-${topology.variant}`;
  if (faithful && slug.length <= 24) return slug;
  return `${slug.slice(0, 19).replace(/-+$/u, '')}-${shortHash(topologyKey(topology))}`;
}

/** Four characters of FNV-1a: enough to tell the few variants of one plan apart. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(4, '0').slice(-4);
}
