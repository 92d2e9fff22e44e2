/** The kinds that this program makes, and how the API names them. */
export const ownKinds = {
  ConfigMap: { prefix: '/api/v1', plural: 'configmaps', group: '' },
  Secret: { prefix: '/api/v1', plural: 'secrets', group: '' },
  Service: { prefix: '/api/v1', plural: 'services', group: '' },
  Pod: { prefix: '/api/v1', plural: 'pods', group: '' },
  Job: { prefix: '/apis/batch/v1', plural: 'jobs', group: 'batch' },
  Deployment: { prefix: '/apis/apps/v1', plural: 'deployments', group: 'apps' },
  NetworkPolicy: { prefix: '/apis/networking.k8s.io/v1', plural: 'networkpolicies', group: 'networking.k8s.io' },
} as const;
export type OwnKind = keyof typeof ownKinds;

/** Path of all objects of a kind in a namespace. */
export function listPath(kind: OwnKind, namespace: string): string {
  const { prefix, plural } = ownKinds[kind];
  return `${prefix}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

export function objectPath(kind: OwnKind, namespace: string, name: string): string {
  return `${listPath(kind, namespace)}/${encodeURIComponent(name)}`;
}
