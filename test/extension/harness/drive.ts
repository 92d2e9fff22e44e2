/** One drive of the extension: a fresh VS Code, a fresh copy of a workspace, and evidence when it fails. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { drivenVersion } from './drivenVersion.ts';
import { startVsCode, type StartOptions, type VsCode } from './vscode.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

export interface DriveOptions extends StartOptions {
  /** A folder whose copy is opened; an empty one if there is none. */
  readonly workspace?: string;
  /** Called with the copy before anything starts. */
  readonly prepare?: (folder: string) => Promise<void>;
}

export interface Drive {
  readonly code: VsCode;
  readonly workbench: Workbench;
  /** The copy that is open. */
  readonly folder: string;
}

/**
 * Starts all, runs `steps`, and ends all. When a step fails, a screenshot, the server's log and the output channels lie in
 * out/drives/<name> and the error says so.
 */
export async function drive(
  name: string,
  options: DriveOptions,
  steps: (drive: Drive) => Promise<void>,
): Promise<void> {
  await using open = await openDrive(options);
  await withEvidence(name, open, steps);
}

/** A drive that lasts until it is disposed of. TOPOLOGY_BENCH_DRIVES_VERSION goes before the version of its options. */
export async function openDrive(options: DriveOptions): Promise<Drive & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'topology-bench-workspace-'));
  opening.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  if (options.workspace !== undefined) await cp(options.workspace, folder, { recursive: true });
  await options.prepare?.(folder);
  const code = opening.use(await startVsCode({ ...options, version: drivenVersion(options.version) }));
  const workbench = opening.use(await openWorkbench(code, folder));
  const opened = opening.move();
  return { code, workbench, folder, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

export async function withEvidence(name: string, open: Drive, steps: (drive: Drive) => Promise<void>): Promise<void> {
  try {
    await steps(open);
  } catch (error) {
    const evidence = await keepEvidence(name, open.workbench);
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n(screenshot and logs: ${evidence})`, {
      cause: error,
    });
  }
}

async function keepEvidence(name: string, workbench: Workbench): Promise<string> {
  const directory = resolve(import.meta.dirname, '..', '..', '..', 'out', 'drives', name.replaceAll(/[^\w.-]+/gu, '-'));
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  // Evidence is worth having, but nothing that goes wrong here may hide the failure itself.
  await Promise.allSettled([
    workbench.screenshot(join(directory, 'screen.png')),
    workbench.code.serverLog().then((log) => writeFile(join(directory, 'server.log'), log)),
    cp(join(workbench.code.dataDirectory, 'data', 'logs'), join(directory, 'logs'), { recursive: true }),
    writeFile(join(directory, 'webview.txt'), [...workbench.policyViolations, ...workbench.webviewErrors].join('\n')),
  ]);
  return directory;
}
