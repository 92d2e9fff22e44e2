import { randomBytes } from 'node:crypto';
import { kubectl, kubectlApply } from './testCluster.ts';

/** Makes a namespace that enforces Pod Security "restricted", waits until it is complete, and returns its name. */
export async function makeNamespace(prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await kubectlApply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
  await kubectl(
    'wait',
    '--for=create',
    '--namespace',
    name,
    'serviceaccount/default',
    'configmap/kube-root-ca.crt',
    '--timeout=240s',
  );
  return name;
}

export async function deleteNamespace(name: string): Promise<void> {
  await kubectl('delete', 'namespace', name, '--wait=true', '--timeout=240s');
}
