import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * The files that make up the kubeconfig, in the order in which they decide; some may not be there.
 * @param named the only one, where the user named one; otherwise those of KUBECONFIG, then ~/.kube/config
 */
export function kubeconfigFiles(named: string | undefined): readonly string[] {
  if (named !== undefined) return [named];
  const listed = filesOfEnvironment();
  return listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')];
}

/** What KUBECONFIG names; empty: it names nothing. */
export function filesOfEnvironment(): readonly string[] {
  return (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
}
