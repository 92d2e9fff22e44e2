/**
 * Runs the suites of test/extension/suite inside the extension host of a real VS Code, by @vscode/test-electron's runTests:
 * a downloaded desktop where its download host answers, else our launcher (a server and a browser) in its place.
 * TOPOLOGY_BENCH_VSCODE=desktop or =server decides instead; TOPOLOGY_BENCH_VSCODE_VERSION is "oldest" or "newest";
 * TOPOLOGY_BENCH_EXTENSION is the folder of the built extension, by default this repository.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { globSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { build } from 'esbuild';
import type { VsCodeVersion } from './harness/install.ts';
import { sampleRecord } from '../support/sampleRecord.ts';
import { makeSampleWorkspace } from './harness/sampleWorkspace.ts';
import type { Results } from './suite/index.ts';

const root = resolve(import.meta.dirname, '..', '..');
const downloadHost = 'https://update.code.visualstudio.com/api/releases/stable';

export interface SuiteOptions {
  /** Folder of the extension under test, already built. */
  readonly extension: string;
  /** Folder with *.suite.ts. */
  readonly suites: string;
  /** Folder to open. */
  readonly workspace: string;
  readonly version: VsCodeVersion;
  /** For the extension host; TOPOLOGY_BENCH_API_RESULTS names the file with the results. */
  readonly env?: Readonly<Record<string, string>>;
}

/** @returns 0 when all tests passed */
export async function runSuites(options: SuiteOptions): Promise<number> {
  const out = join(root, 'out', 'suites', basename(options.extension));
  await rm(out, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [join(import.meta.dirname, 'suite', 'index.ts'), ...globSync(join(options.suites, '*.suite.ts'))].map(
      (path) => ({ in: path, out: basename(path, '.ts') }),
    ),
    outdir: out,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.15',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  const results =
    options.env?.['TOPOLOGY_BENCH_API_RESULTS'] ??
    process.env['TOPOLOGY_BENCH_API_RESULTS'] ??
    join(out, 'results.json');
  await rm(results, { force: true });
  const where = await whichVsCode();
  console.log(where.because);
  try {
    const code = await runTests({
      ...(where.kind === 'server'
        ? { vscodeExecutablePath: join(import.meta.dirname, 'harness', 'launcher.mjs') }
        : { version: desktopVersion(options.version) }),
      extensionDevelopmentPath: options.extension,
      extensionTestsPath: join(out, 'index.cjs'),
      launchArgs: [options.workspace],
      extensionTestsEnv: {
        // The launcher is started by its first line, and must find the Node that can read it.
        PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
        TOPOLOGY_BENCH_VSCODE_VERSION: options.version,
        TOPOLOGY_BENCH_API_RESULTS: results,
        ...options.env,
      },
    });
    // Without results nothing was shown to pass.
    return (await print(results)) ? code : 1;
  } catch (error) {
    if (!(error instanceof TestRunFailedError)) throw error;
    if (!(await print(results))) console.error('No test was run to its end.');
    return error.code ?? 1;
  }
}

/** False when there are no results. */
async function print(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const { stats, tests } = JSON.parse(text) as Results;
  for (const { title, state, durationMs, error } of tests) {
    console.log(`${{ passed: '✓', failed: '✗', pending: '-' }[state]} ${title} (${String(durationMs)} ms)`);
    if (error !== undefined) console.log(error.replaceAll(/^/gmu, '    '));
  }
  console.log(
    `In the extension host: ${String(stats.passes)} passed, ${String(stats.failures)} failed, ${String(stats.pending)} skipped`,
  );
  return true;
}

async function whichVsCode(): Promise<{ kind: 'desktop' | 'server'; because: string }> {
  const asked = process.env['TOPOLOGY_BENCH_VSCODE'];
  if (asked === 'desktop')
    return { kind: 'desktop', because: 'Desktop VS Code by download: TOPOLOGY_BENCH_VSCODE says so.' };
  if (asked === 'server') return { kind: 'server', because: 'VS Code by our launcher: TOPOLOGY_BENCH_VSCODE says so.' };
  if (process.platform === 'linux' && (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') === '') {
    return {
      kind: 'server',
      because: 'VS Code by our launcher: this machine has no display for the desktop (xvfb-run gives it one).',
    };
  }
  try {
    await fetch(downloadHost, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
    return { kind: 'desktop', because: `Desktop VS Code by download: ${downloadHost} answers.` };
  } catch {
    return { kind: 'server', because: `VS Code by our launcher: ${downloadHost} did not answer within 5 s.` };
  }
}

function desktopVersion(version: VsCodeVersion): string {
  return version === 'oldest' ? '1.104.0' : 'stable';
}

if (import.meta.main) {
  const version = process.env['TOPOLOGY_BENCH_VSCODE_VERSION'] === 'oldest' ? 'oldest' : 'newest';
  const workspace = await mkdtemp(join(tmpdir(), 'topology-bench-workspace-'));
  try {
    await makeSampleWorkspace(workspace, [sampleRecord()]);
    process.exitCode = await runSuites({
      extension: process.env['TOPOLOGY_BENCH_EXTENSION'] ?? root,
      suites: join(import.meta.dirname, 'suite'),
      workspace,
      version,
    });
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}
