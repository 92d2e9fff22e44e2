import { BenchError } from '../core/errors.ts';
import type { Cluster } from './cluster.ts';
import { refusal } from './statusError.ts';

/** One right in a namespace, as the cluster's own rules name it. */
export interface Right {
  readonly group: string;
  /** With its subresource, e.g. "pods/exec". */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Asked for of the whole cluster rather than in the namespace. */
  readonly clusterWide?: true;
}

const applyAndDelete = ['get', 'list', 'create', 'patch', 'delete'];

/** To make a namespace, to keep its lease and to take it away again. */
export const namespaceRights: Right = {
  group: '',
  resource: 'namespaces',
  verbs: ['get', 'create', 'patch', 'delete'],
  clusterWide: true,
};

/**
 * What a run or a deployment needs; network policies and Secrets only for the hybrid, Deployments only for Deploy.
 * docs/role.yaml and docs/cluster-role.yaml grant all of it.
 * @param needs.makesNamespace whether the namespace is to be made, and deleted afterwards
 */
export function neededRights(needs: {
  hybrid: boolean;
  workload: 'Job' | 'Deployment' | 'both';
  makesNamespace: boolean;
}): Right[] {
  return [
    ...(needs.makesNamespace ? [namespaceRights] : []),
    { group: '', resource: 'pods', verbs: ['get', 'list', 'watch'] },
    { group: '', resource: 'pods/log', verbs: ['get'] },
    // Web sockets begin with a GET, and newer API servers ask for "create" as well.
    { group: '', resource: 'pods/exec', verbs: ['get', 'create'] },
    { group: '', resource: 'pods/portforward', verbs: ['get', 'create'] },
    { group: '', resource: 'configmaps', verbs: applyAndDelete },
    { group: '', resource: 'services', verbs: applyAndDelete },
    { group: '', resource: 'events', verbs: ['list'] },
    // The load generator and the probe of the hybrid's network policy are Jobs even where the servers are not.
    ...(needs.workload === 'Deployment' && !needs.hybrid
      ? []
      : [{ group: 'batch', resource: 'jobs', verbs: applyAndDelete }]),
    ...(needs.workload === 'Job' ? [] : [{ group: 'apps', resource: 'deployments', verbs: applyAndDelete }]),
    ...(needs.hybrid
      ? [
          {
            group: '',
            resource: 'secrets',
            verbs: needs.workload === 'Job' ? ['create', 'patch', 'delete'] : ['get', 'create', 'patch', 'delete'],
          },
          { group: 'networking.k8s.io', resource: 'networkpolicies', verbs: applyAndDelete },
        ]
      : []),
  ];
}

/**
 * Asks the cluster for each right.
 * @throws BenchError forbidden, naming every right that is missing
 */
export async function checkRights(
  cluster: Cluster,
  namespace: string,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<void> {
  const missing = await missingRights(cluster, namespace, rights, signal);
  if (missing.length === 0) return;
  const list = missing.map(
    ({ group, resource, verbs }) =>
      `${verbs.join(', ')} ${resource}${group === '' ? '' : ` in the API group ${group}`}`,
  );
  throw new BenchError({
    reason: 'forbidden',
    message: `Rights are missing in the namespace ${namespace}: ${list.join('; ')}.`,
    nextStep: `Ask for them, which ${grantedBy(missing)} of Topology Bench grants, or choose a namespace where you have them.`,
  });
}

function grantedBy(missing: readonly Right[]): string {
  const files = [
    ...(missing.some(({ clusterWide }) => clusterWide !== true) ? ['docs/role.yaml'] : []),
    ...(missing.some(({ clusterWide }) => clusterWide === true) ? ['docs/cluster-role.yaml'] : []),
  ];
  return files.join(' or ');
}

/** Those of the rights, and of each those of its verbs, that the user does not have. */
export async function missingRights(
  cluster: Cluster,
  namespace: string,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<Right[]> {
  const checked = await Promise.all(
    rights.map(async (right) => {
      const allowed = await Promise.all(right.verbs.map((verb) => isAllowed(cluster, namespace, right, verb, signal)));
      return { ...right, verbs: right.verbs.filter((_, index) => allowed[index] === false) };
    }),
  );
  return checked.filter((right) => right.verbs.length > 0);
}

async function isAllowed(
  cluster: Cluster,
  namespace: string,
  right: Right,
  verb: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        ...(right.clusterWide === true ? {} : { namespace }),
        // A right may be to one namespace by its name, save that to create it.
        ...(resource === 'namespaces' && verb !== 'create' ? { name: namespace } : {}),
        ...{ verb, group: right.group, resource, subresource },
      },
    },
  };
  try {
    const { body } = await cluster.change(
      { method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: review },
      signal,
    );
    return (body as { status?: { allowed?: boolean } }).status?.allowed === true;
  } catch (error) {
    throw refusal(error, 'ask for your own rights');
  }
}
