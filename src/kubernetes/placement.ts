import type { Toleration } from '../topologies/objects.ts';
import type { Node, Pod } from './apiObjects.ts';
import { lackingResources } from './nodes.ts';

export const placementNextStep =
  'Uncordon or add a node that takes it, or name the taints of the GPU nodes under gpu.tolerations in a plan file (topologyBench.gpu.tolerations in VS Code).';

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** Borne for a while by a node that comes up, is short of something or does not answer; no toleration is wanted for them. */
const passingTaints = /^node\.kubernetes\.io\/|not-?ready|uninitialized|unregistered|startup/iu;

/**
 * Why none of these nodes would ever take a pod, were they empty: cordons, taints, labels and sizes, each with how many
 * nodes it holds for. undefined where one would, or none is known.
 */
export function whyNowhere(pod: Pick<Pod, 'spec'>, nodes: readonly Node[]): string | undefined {
  const refusals = nodes.map((node) => refusalOf(pod, node));
  if (refusals.length === 0 || refusals.includes(undefined)) return undefined;
  const counts = new Map<string, number>();
  for (const refusal of refusals) counts.set(refusal ?? '', (counts.get(refusal ?? '') ?? 0) + 1);
  const parts = [...counts].toSorted(([, a], [, b]) => b - a).map(([why, count]) => `${String(count)} ${why}`);
  return `${String(nodes.length)} ${nodes.length === 1 ? 'node' : 'nodes'}: ${parts.join(', ')}`;
}

/** Whether a node would take a pod, were it empty. */
export function takes(node: Node, pod: Pick<Pod, 'spec'>): boolean {
  return refusalOf(pod, node) === undefined;
}

/** Whether a node's labels are those that a pod asks for. */
export function isSelected(nodeSelector: Readonly<Record<string, string>>, node: Node): boolean {
  return missingLabels(nodeSelector, node).length === 0;
}

/** The taints of a node that keep a pod with these tolerations off it. */
export function repellingTaints(tolerations: readonly Toleration[], node: Node): readonly Taint[] {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return taints.filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
}

function refusalOf(pod: Pick<Pod, 'spec'>, node: Node): string | undefined {
  if (node.spec?.unschedulable === true) return 'cordoned';
  const [taint] = repellingTaints(pod.spec.tolerations ?? [], node).filter(({ key }) => !passingTaints.test(key));
  if (taint !== undefined) return `with the taint ${taintText(taint)}`;
  const missing = missingLabels(pod.spec.nodeSelector ?? {}, node);
  if (missing.length > 0) return `without the label ${missing.join(' or ')}`;
  const lacking = lackingResources(pod, node);
  return lacking.length === 0 ? undefined : `with too little ${lacking.join(' and ')}`;
}

function missingLabels(nodeSelector: Readonly<Record<string, string>>, { metadata }: Node): string[] {
  const missing = Object.entries(nodeSelector).filter(([key, value]) => metadata.labels?.[key] !== value);
  return missing.map(([key, value]) => `${key}=${value}`);
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false;
  if (toleration.key === undefined) return toleration.operator === 'Exists';
  if (toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

/** As kubectl writes it: "sku=gpu:NoSchedule". */
function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`;
}
