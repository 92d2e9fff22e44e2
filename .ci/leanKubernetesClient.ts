import type { Plugin } from 'esbuild';

const owner = '@kubernetes/client-node';

/** The client's own requests, which are not ours, go by undici, which is more than half of what its bundle would be. */
const withoutUndici = [
  "const missing = function () { throw new Error('The bundle holds no undici: requests go by node:https.'); };",
  'export { missing as Agent, missing as ProxyAgent, missing as fetch };',
].join('\n');

/**
 * The client's package does not say that its modules have no side effects, so a bundle would hold every API class of
 * Kubernetes for the sake of its kubeconfig reader. This says it in its place.
 */
export const leanKubernetesClient: Plugin = {
  name: 'lean Kubernetes client',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, ({ importer }) =>
      importer.includes(`/${owner}/`) ? { path: 'undici', namespace: 'no-undici', sideEffects: false } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'no-undici' }, () => ({ contents: withoutUndici, loader: 'js' }));
    build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const inside = path === owner || importer.includes(`/${owner}/`);
      if (!inside || pluginData === owner || kind === 'entry-point') return undefined;
      const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: owner });
      return resolved.path.includes(`/${owner}/`) ? { ...resolved, sideEffects: false } : resolved;
    });
  },
};
