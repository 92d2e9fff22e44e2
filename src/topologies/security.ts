import type { ContainerSecurityContext, PodSecurityContext } from './objects.ts';

/** The user that NVIDIA's Triton image has, and that no other image needs to have by name. */
const userId = 1000;

/**
 * What Pod Security "restricted" asks of a pod.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const podSecurityContext: PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: userId,
  runAsGroup: userId,
  // Makes the volumes writable for that user.
  fsGroup: userId,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** What Pod Security "restricted" asks of a container, and a root file system that nothing can be written to. */
export const containerSecurityContext: ContainerSecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
