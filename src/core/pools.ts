import type { AnyPlan } from './endpointPlan.ts';

/** What a run uses up: two runs that share any of it at the same time falsify each other. */
export interface Pool {
  /** The same whoever starts the run, from wherever; names no server, context or user. */
  readonly key: string;
  /** As the user knows it, e.g. "nvidia.com/gpu of staging"; names the context, which may say whose cluster it is. */
  readonly words: string;
  /** The same for what others read, too, e.g. "nvidia.com/gpu of this cluster". */
  readonly publicWords: string;
}

/** A cluster by what tells it apart, and by the name that the user knows it by. */
export interface ClusterName {
  readonly key: string;
  readonly context: string;
}

const machine: Pool = { key: 'this machine', words: 'this machine', publicWords: 'this machine' };

/**
 * What a run must not share: this machine, when servers or load are on it; on a cluster the GPUs of one resource, or its CPUs, and
 * the namespace.
 * @param cluster null for a plan without one, and where it cannot be told which it is
 */
export function poolsOf(plan: AnyPlan, cluster: ClusterName | null): Pool[] {
  const here = plan.load.vantage === 'this-machine' ? [machine] : [];
  if (plan.target.kind !== 'kubernetes' || cluster === null) return here;
  const { key, context } = cluster;
  const devices = plan.gpu?.resource ?? 'CPU';
  const { namespace } = plan.target;
  return [
    {
      key: `cluster ${key}, ${devices}`,
      words: `${devices} of ${context}`,
      publicWords: `${devices} of this cluster`,
    },
    {
      key: `cluster ${key}, namespace ${namespace}`,
      words: `the namespace ${namespace} of ${context}`,
      publicWords: 'this namespace of this cluster',
    },
    ...here,
  ];
}
