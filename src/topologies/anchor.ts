import { planSchema, topologyKey, type Plan, type TopologyPlan } from '../core/plan.ts';
import { labelKeys, objectMeta, type Anchor } from './labels.ts';
import type { ConfigMap } from './objects.ts';

/** Value of the component label by which anchors are found again. */
export const anchorComponent = 'anchor';

/** Renewed while somebody looks after the run, so that others can tell a run under way from one left behind. */
export const leaseAnnotations = {
  renewedAt: 'topology-bench/renewed-at',
  holder: 'topology-bench/holder',
} as const;

/** Of a deployed hybrid's anchor: whether its cluster enforces network policies, as a probe found. */
export const networkPolicyAnnotation = 'topology-bench/network-policy';

/**
 * The ConfigMap that owns every other object of a run or deployment: deleting it deletes all. It is made first, and holds
 * the plan, which has nothing private in it.
 * @param topology what the Deploy action deploys; null for a run, which deploys one topology after the other
 */
export function renderAnchor(
  anchor: Anchor,
  plan: Plan,
  topology: TopologyPlan | null,
  annotations: Readonly<Record<string, string>>,
): ConfigMap {
  const { labels, ...meta } = objectMeta({ ...anchor, uid: null }, '', { [labelKeys.component]: anchorComponent });
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...meta, labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    data: {
      'plan.json': JSON.stringify(plan),
      ...(topology === null ? {} : { topology: topologyKey(topology) }),
    },
  };
}

/** The plan, and the deployed topology, that an anchor holds; undefined when its data are not ours or of another version. */
export function readAnchorData(
  data: Readonly<Record<string, string>>,
): { plan: Plan; topology: TopologyPlan | undefined } | undefined {
  const parsed = planSchema.safeParse(parseJson(data['plan.json'] ?? ''));
  if (!parsed.success) return undefined;
  const key = data['topology'];
  return { plan: parsed.data, topology: parsed.data.topologies.find((topology) => topologyKey(topology) === key) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
