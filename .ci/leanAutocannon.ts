/** autocannon can send forms, which takes a table of every media type; nothing here does, and the load's bundle travels in a ConfigMap. */
import type { Plugin } from 'esbuild';

const refusal = 'module.exports = class { constructor() { throw new Error("Forms are not part of this program."); } };';

export const leanAutocannon: Plugin = {
  name: 'lean-autocannon',
  setup(build) {
    build.onResolve({ filter: /^form-data$/ }, ({ importer }) =>
      /[\\/]autocannon[\\/]/.test(importer) ? { path: 'form-data', namespace: 'lean-autocannon' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'lean-autocannon' }, () => ({ contents: refusal, loader: 'js' }));
  },
};
