/**
 * Puts real VS Code servers, and the browser that shows them, on this machine: `node test/extension/harness/install.ts`.
 *
 * npm's `code-server` package carries the workbench and the extension host of a given VS Code under `lib/vscode`; nothing
 * of code-server itself is used. They lie in the cache, each in a folder of its version, and nothing native is built.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type VsCodeVersion = 'oldest' | 'newest';

/** A VS Code on disk, ready to start. */
export interface InstalledVsCode {
  /** As `vscode.version` says it. */
  readonly version: string;
  /** Folder with out/server-main.js. */
  readonly directory: string;
  /** The Node binary that this version wants. */
  readonly node: string;
}

interface Release {
  /** Of the npm package; its minor version is VS Code's. */
  readonly codeServer: string;
  readonly vscode: string;
  readonly node: string;
}

const releases: Readonly<Record<VsCodeVersion, Release>> = {
  // What package.json's engines.vscode claims, on the oldest Node that the Kubernetes client imports on.
  oldest: { codeServer: '4.104.0', vscode: '1.104.0', node: '22.15.1' },
  newest: { codeServer: '4.139.1', vscode: '1.139.1', node: '24.21.0' },
};

export const cacheDirectory =
  process.env['TOPOLOGY_BENCH_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'topology-bench');

/** Installs what is missing and says so; once installed it takes milliseconds. Safe to call from several processes. */
export async function installVsCode(which: VsCodeVersion): Promise<InstalledVsCode> {
  const release = releases[which];
  const node = await installNode(release.node);
  const ripgrep = installSystemPackage('ripgrep', ['rg']);
  const directory = join(cacheDirectory, 'vscode', release.vscode);
  await once(directory, async (temporary) => {
    say(`installing VS Code ${release.vscode} (npm's code-server@${release.codeServer}) into ${directory}`);
    const tarball = join(temporary, `code-server-${release.codeServer}.tgz`);
    run('npm', ['pack', '--silent', '--pack-destination', temporary, `code-server@${release.codeServer}`]);
    run('tar', ['xzf', tarball, '-C', temporary, '--strip-components=2', 'package/lib/vscode']);
    const server = join(temporary, 'vscode');
    // Install scripts would build native code. Not "npm ci": the lock that the package ships lacks an optional peer.
    run(
      'npm',
      ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'],
      server,
      node,
    );
    await linkRipgrep(server, ripgrep);
    await link('node_modules', join(server, 'node_modules.asar'));
    return server;
  });
  await replaceLogger(directory);
  return { version: release.vscode, directory, node };
}

/** Path of a Chromium: `TOPOLOGY_BENCH_CHROMIUM`, one from PATH, or on a Debian machine as root a newly installed one. */
export function installBrowser(): string {
  const chosen = process.env['TOPOLOGY_BENCH_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') return chosen;
  return installSystemPackage('chromium', ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
}

async function installNode(version: string): Promise<string> {
  const directory = join(cacheDirectory, 'node', version);
  await once(directory, async (temporary) => {
    const name = `node-${process.platform}-${process.arch}`;
    say(`installing Node ${version} (npm's ${name}) into ${directory}`);
    run('npm', ['pack', '--silent', '--pack-destination', temporary, `${name}@${version}`]);
    run('tar', ['xzf', join(temporary, `${name}-${version}.tgz`), '-C', temporary]);
    return join(temporary, 'package');
  });
  return join(directory, 'bin', 'node');
}

/** Older versions fetch ripgrep in an install script; without it `findFiles` finds nothing and says nothing. */
async function linkRipgrep(server: string, ripgrep: string): Promise<void> {
  const owner = join(server, 'node_modules', '@vscode', 'ripgrep');
  if (!existsSync(owner)) return;
  await mkdir(join(owner, 'bin'), { recursive: true });
  await link(ripgrep, join(owner, 'bin', 'rg'));
}

/** Outside the installation proper, so that a change here reaches a cache that is already filled. */
async function replaceLogger(server: string): Promise<void> {
  const ours = await readFile(join(import.meta.dirname, 'spdlog.cjs'), 'utf8');
  const path = join(server, 'node_modules', '@vscode', 'spdlog', 'index.js');
  if ((await readFile(path, 'utf8')) === ours) return;
  const temporary = `${path}.${String(process.pid)}`;
  await writeFile(temporary, ours);
  await rename(temporary, path);
}

async function link(target: string, path: string): Promise<void> {
  if (!existsSync(path)) await symlink(target, path);
}

/** Makes a folder in a temporary place and renames it into its own, so that a folder in its place is always whole. */
async function once(directory: string, make: (temporary: string) => Promise<string>): Promise<void> {
  if (existsSync(directory)) return;
  const parent = join(directory, '..');
  await mkdir(parent, { recursive: true });
  const lockPath = `${directory}.lock`;
  await lock(lockPath);
  const temporary = await mkdtemp(join(parent, 'new-'));
  try {
    if (!existsSync(directory)) await rename(await make(temporary), directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(lockPath, { force: true });
  }
}

/** One installer at a time; the lock of a process that died is taken over. */
async function lock(path: string): Promise<void> {
  const deadline = Date.now() + 15 * 60_000;
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (Date.now() > deadline)
      throw new Error(`Another process has been installing for 15 minutes; its lock is ${path}.`);
    if (await isStale(path)) await rm(path, { force: true });
    else await delay(200);
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const owner = Number(await readFile(path, 'utf8'));
    // Between its creation and its first byte the lock is empty.
    if (owner === 0) return Date.now() - (await stat(path)).mtimeMs > 5000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function installSystemPackage(name: string, binaries: readonly string[]): string {
  const present = binaries.map(onPath).find((path) => path !== undefined);
  if (present !== undefined) return present;
  const command = `apt-get install --no-install-recommends ${name}`;
  if (process.getuid?.() !== 0 || !isDebian()) {
    throw new Error(
      `The tests of the extension need ${name}, which is not on this machine. Install it, on Debian by: ${command}`,
    );
  }
  say(`installing the system package ${name}: ${command}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const waitForLock = ['-o', 'DPkg::Lock::Timeout=600'];
  const install = [...waitForLock, 'install', '-y', '-qq', '--no-install-recommends', name];
  if (spawnSync('apt-get', install, { env: environment }).status !== 0) {
    run('apt-get', [...waitForLock, 'update', '-qq']);
    run('apt-get', install);
  }
  const installed = binaries.map(onPath).find((path) => path !== undefined);
  if (installed === undefined)
    throw new Error(`The package ${name} is installed and yet none of ${binaries.join(', ')} is in PATH.`);
  return installed;
}

function isDebian(): boolean {
  return existsSync('/etc/os-release') && /^ID(_LIKE)?=.*debian/mu.test(readFileSync('/etc/os-release', 'utf8'));
}

function onPath(binary: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, binary);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function run(command: string, args: readonly string[], directory?: string, node?: string): void {
  const path = process.env['PATH'] ?? '';
  const result = spawnSync(command, args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: {
      ...process.env,
      DEBIAN_FRONTEND: 'noninteractive',
      PATH: node === undefined ? path : `${join(node, '..')}${delimiter}${path}`,
    },
  });
  if (result.error !== undefined) throw result.error;
  if (result.status === 0) return;
  throw new Error(
    `"${command} ${args.join(' ')}" ended with ${String(result.status)}:\n${result.stderr || result.stdout}`,
  );
}

function say(text: string): void {
  console.error(`[vscode] ${text}`);
}

if (import.meta.main) {
  for (const which of ['oldest', 'newest'] as const) {
    const { version, directory, node } = await installVsCode(which);
    console.log(`VS Code ${version}: ${directory} (Node: ${node})`);
  }
  console.log(`Browser: ${installBrowser()}`);
}
