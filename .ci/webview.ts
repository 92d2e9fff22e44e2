/**
 * Builds the pages of dist/webview. What panel and report have in common is one script, shared.js, so that the .vsix holds it
 * once; main.js and report.js come after it, in a page as in a report.
 */
import { basename } from 'node:path';
import * as esbuild from 'esbuild';

export type PageFile = 'shared.js' | 'main.js' | 'report.js' | 'style.css' | 'report.css';

const common = { platform: 'browser', target: 'es2022', minify: true, legalComments: 'none' } as const;
/** Under which the shared script leaves its exports; classic scripts, since a report's cannot import one another. */
const sharedName = 'topologyBenchPage';

/** @returns the texts of the files by their names */
export async function buildPages(root: string): Promise<Readonly<Record<PageFile, string>>> {
  const { outputFiles } = await esbuild.build({
    ...common,
    absWorkingDir: root,
    entryPoints: ['webview/main.ts', 'webview/report.ts', 'webview/style.css'],
    outdir: 'dist/webview',
    write: false,
    bundle: true,
    format: 'esm',
    splitting: true,
    chunkNames: 'shared',
    logLevel: 'warning',
  });
  const text = (name: PageFile): string => {
    const file = outputFiles.find(({ path }) => basename(path) === name);
    if (file === undefined) throw new Error(`The bundler made no ${name}.`);
    return file.text;
  };
  const [shared, main, report] = await Promise.all([
    esbuild.transform(text('shared.js'), { ...common, format: 'iife', globalName: sharedName }),
    withShared(text('main.js')),
    withShared(text('report.js')),
  ]);
  return {
    'shared.js': shared.code,
    'main.js': main,
    'report.js': report,
    'style.css': text('style.css'),
    'report.css': text('report.css'),
  };
}

/** A page's own module as a classic script that takes its imports from the shared one before it. */
async function withShared(module: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    ...common,
    stdin: { contents: module },
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'warning',
    plugins: [
      {
        name: 'shared',
        setup(build) {
          build.onResolve({ filter: /^\.\/shared\.js$/ }, () => ({ path: 'shared', namespace: 'shared' }));
          build.onLoad({ filter: /./, namespace: 'shared' }, () => ({ contents: `module.exports=${sharedName}` }));
        },
      },
    ],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('The bundler made nothing.');
  return file.text;
}
