import { openCluster } from './cluster.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import { namespaceExists as exists, namespaceNames, whyItWouldStay } from './namespace.ts';

/** What the extension and the command line use of Kubernetes; built as a bundle of its own and loaded when first needed. */
export { deployTopology, type DeployListener, type DeployOptions } from './deploy.ts';
export {
  deleteDeployment,
  deploymentLogs,
  inferOnce,
  listDeployments,
  openEndpoint,
  uploadModelAgain,
  type Endpoint,
} from './deploymentActions.ts';
export { readInventory, type ClusterChoice } from './inventory.ts';
export {
  clusterName,
  defaultNamespaceOf,
  listContexts,
  type KubeconfigChoice,
  type KubeContext,
} from './kubeconfig.ts';
export { kubeconfigFiles } from './kubeconfigFiles.ts';
export { findLeftovers, removeLeftovers } from './leftovers.ts';
export { renderManifests } from './manifests.ts';
export { createKubernetesTarget, type KubernetesTargetOptions } from './target.ts';
export { modelManifestSha256 } from './upload.ts';

/** Whether the namespace is there; true as well for a user who may not look. */
export async function namespaceExists(
  choice: KubeconfigChoice,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  using cluster = openCluster(choice);
  return await exists(cluster, namespace, signal);
}

/**
 * The names of all namespaces, sorted. undefined: the user may not list them.
 * @throws BenchError api-unreachable, unauthenticated, kubeconfig-missing, kubeconfig-broken
 */
export async function listNamespaces(choice: KubeconfigChoice, signal: AbortSignal): Promise<string[] | undefined> {
  using cluster = openCluster(choice);
  return await namespaceNames(cluster, signal);
}

/**
 * Why a namespace that does not exist yet would stay after the run that made it, as far as that can be told before.
 * @throws BenchError forbidden, naming the rights to make and to delete it that are missing
 */
export async function whyNamespaceWouldStay(
  choice: KubeconfigChoice,
  namespace: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  using cluster = openCluster(choice);
  return await whyItWouldStay(cluster, namespace, signal);
}
