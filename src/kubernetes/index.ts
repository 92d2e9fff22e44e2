/** What the extension and the command line use of Kubernetes; built as a bundle of its own and loaded when first needed. */
export { renderManifests } from './manifests.ts';
export { readInventory, type ClusterChoice } from './inventory.ts';
export { defaultNamespaceOf, listContexts, type KubeconfigChoice, type KubeContext } from './kubeconfig.ts';
export { createKubernetesTarget, type KubernetesTargetOptions } from './target.ts';
