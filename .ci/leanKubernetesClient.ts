import type { Plugin } from 'esbuild';

const owner = '@kubernetes/client-node';

/**
 * What the client's package has for work that is not done here. Its own requests, which are not ours, go by undici, which is
 * more than half of what its bundle would be. With openid-client it would renew OIDC tokens: it calls that wrongly, and what it
 * renewed would not be written back to the kubeconfig, so that is left to kubectl.
 */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  undici: ['Agent', 'ProxyAgent', 'fetch'],
  'openid-client': ['discovery', 'refreshTokenGrant', 'customFetch'],
};

function standIn(name: string): string {
  const exported = (leftOut[name] ?? []).map((one) => `missing as ${one}`);
  return [
    `const missing = function () { throw new Error('The bundle holds no ${name}.'); };`,
    `export { ${exported.join(', ')} };`,
  ].join('\n');
}

/**
 * The client's package does not say that its modules have no side effects, so a bundle would hold every API class of
 * Kubernetes for the sake of its kubeconfig reader. This says it in its place.
 */
export const leanKubernetesClient: Plugin = {
  name: 'lean Kubernetes client',
  setup(build) {
    build.onResolve({ filter: /^(undici|openid-client)$/ }, ({ path, importer }) =>
      importer.includes(`/${owner}/`) ? { path, namespace: 'left-out', sideEffects: false } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => ({ contents: standIn(path), loader: 'js' }));
    build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const inside = path === owner || importer.includes(`/${owner}/`);
      if (!inside || pluginData === owner || kind === 'entry-point') return undefined;
      const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: owner });
      return resolved.path.includes(`/${owner}/`) ? { ...resolved, sideEffects: false } : resolved;
    });
  },
};
