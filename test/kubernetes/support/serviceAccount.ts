import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { kubectl, testCluster } from './testCluster.ts';

const docs = join(import.meta.dirname, '../../../docs');
const account = 'topology-bench';

/**
 * Makes a service account in the namespace that has the rights of docs/role.yaml there, and no others.
 * @returns the path of its kubeconfig
 */
export async function accountWithRole(namespace: string): Promise<string> {
  const here = ['--namespace', namespace];
  await kubectl('apply', ...here, '--filename', join(docs, 'role.yaml'));
  await kubectl('create', 'serviceaccount', account, ...here);
  const bound = [`--role=${account}`, `--serviceaccount=${namespace}:${account}`];
  await kubectl('create', 'rolebinding', account, ...bound, ...here);
  const token = (await kubectl('create', 'token', account, ...here)).trim();
  const { kubeconfig, stateDir } = testCluster();
  const config = parse(await readFile(kubeconfig, 'utf8')) as { users: { name: string }[] };
  const path = join(stateDir, `account-${namespace}.kubeconfig`);
  const users = config.users.map(({ name }) => ({ name, user: { token } }));
  await writeFile(path, stringify({ ...config, users }), { mode: 0o600 });
  return path;
}

/** Gives the rights of docs/cluster-role.yaml to a user, until they are removed. */
export async function userWithClusterRole(user: string): Promise<{ readonly remove: () => Promise<void> }> {
  const file = join(docs, 'cluster-role.yaml');
  await kubectl('apply', '--filename', file);
  await kubectl('create', 'clusterrolebinding', account, `--clusterrole=${account}`, `--user=${user}`);
  return {
    remove: async () => {
      await kubectl('delete', 'clusterrolebinding', account);
      await kubectl('delete', '--filename', file);
    },
  };
}
