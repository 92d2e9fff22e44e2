/** Builds every bundle into dist/. `node .ci/build.ts [--watch is not offered]`; prints sizes. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { leanAutocannon } from './leanAutocannon.ts';
import { leanKubernetesClient } from './leanKubernetesClient.ts';
import { sharedZod, zodSource } from './sharedZod.ts';
import { vscodeApi } from './vscodeApi.ts';
import { buildPages } from './webview.ts';

export const root = join(import.meta.dirname, '..');
const out = (name: string): string => join(root, 'dist', name);

const node: esbuild.BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22.15',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [leanAutocannon, leanKubernetesClient],
  // Its UMD build, which Node's resolution prefers, hides its files from the bundler.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  // CommonJS has no import.meta; the dependencies that ask for it get the bundle's own address.
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
};

/** Of those that VS Code's processes load side by side; worker and command line are copied and run alone. */
const sharing: esbuild.BuildOptions = { ...node, plugins: [...(node.plugins ?? []), sharedZod] };

/** What VS Code loads to activate; the others come when they are needed. */
export const extensionBundle: esbuild.BuildOptions = {
  ...node,
  entryPoints: ['src/extension/extension.ts'],
  outfile: out('extension.cjs'),
  external: ['./records.cjs', './firstPaint.cjs', './planFiles.cjs', './engine.cjs', './kubernetes.cjs'],
  plugins: [...(node.plugins ?? []), vscodeApi(root)],
};

/** VS Code brings its own Node; on the command line it is whatever is there, and an old one would end in a riddle. */
const refuseOldNode =
  "if(parseInt(process.versions.node)<22){console.error('topology-bench: It needs Node 22.15 or newer, and this is Node '+process.versions.node+'.');process.exit(2)}";

/** The code that goes into the .vsix, below dist/. */
export const shippedCode: readonly string[] = [
  'extension.cjs',
  'zod.cjs',
  'records.cjs',
  'firstPaint.cjs',
  'planFiles.cjs',
  'engine.cjs',
  'kubernetes.cjs',
  'runner.cjs',
  'worker.cjs',
  'webview/shared.js',
  'webview/main.js',
  'webview/report.js',
];

/** The load worker alone: small, and first, because tests of other parts need it. */
export async function buildWorker(outfile = out('worker.cjs')): Promise<void> {
  await esbuild.build({ ...node, entryPoints: ['src/load/worker.ts'], outfile });
}

export async function buildAll(): Promise<void> {
  await rm(join(root, 'dist'), { recursive: true, force: true });
  await Promise.all([
    buildWorker(),
    esbuild.build(extensionBundle),
    esbuild.build({
      ...node,
      entryPoints: ['src/runner/main.ts'],
      outfile: out('runner.cjs'),
      external: ['./engine.cjs', './kubernetes.cjs'],
    }),
    buildZod(),
    esbuild.build({ ...sharing, entryPoints: ['src/runs/index.ts'], outfile: out('records.cjs') }),
    // The page's own code, with a document that makes text.
    esbuild.build({
      ...node,
      entryPoints: ['webview/firstPaint.ts'],
      outfile: out('firstPaint.cjs'),
      inject: ['webview/textDocument.ts'],
    }),
    esbuild.build({ ...sharing, entryPoints: ['src/engine/planFiles.ts'], outfile: out('planFiles.cjs') }),
    esbuild.build({ ...sharing, entryPoints: ['src/engine/index.ts'], outfile: out('engine.cjs') }),
    esbuild.build({ ...sharing, entryPoints: ['src/kubernetes/index.ts'], outfile: out('kubernetes.cjs') }),
    // Without "vscode" among its externals, a stray import of it fails this bundle. The first line of its source makes it a program.
    esbuild.build({
      ...node,
      entryPoints: ['src/cli/main.ts'],
      outfile: out('cli.cjs'),
      banner: { js: `${refuseOldNode}${node.banner?.['js'] ?? ''}` },
    }),
    writePages(),
  ]);
}

async function buildZod(): Promise<void> {
  const stdin = { contents: await zodSource(root), resolveDir: root };
  await esbuild.build({ ...node, stdin, outfile: out('zod.cjs') });
}

async function writePages(): Promise<void> {
  const [pages] = await Promise.all([buildPages(root), mkdir(out('webview'), { recursive: true })]);
  await Promise.all(Object.entries(pages).map(([name, text]) => writeFile(out(join('webview', name)), text)));
}

if (import.meta.main) {
  const only = process.argv[2];
  if (only === 'worker') await buildWorker();
  else await buildAll();
  for (const name of [...shippedCode, 'cli.cjs']) {
    const size = await stat(out(name)).then(
      (file) => file.size,
      () => undefined,
    );
    if (size !== undefined) console.log(`${(size / 1024).toFixed(0).padStart(6)} KB  dist/${name}`);
  }
}
