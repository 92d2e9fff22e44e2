import type { Plugin } from 'esbuild';

const owner = '@kubernetes/client-node';

/**
 * The client's package does not say that its modules have no side effects, so a bundle would hold every API class of
 * Kubernetes for the sake of its kubeconfig reader. This says it in its place.
 */
export const leanKubernetesClient: Plugin = {
  name: 'lean Kubernetes client',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const inside = path === owner || importer.includes(`/${owner}/`);
      if (!inside || pluginData === owner || kind === 'entry-point') return undefined;
      const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: owner });
      return resolved.path.includes(`/${owner}/`) ? { ...resolved, sideEffects: false } : resolved;
    });
  },
};
