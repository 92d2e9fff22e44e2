/** A running VS Code server with a data folder of its own: nothing of the user's VS Code is read or changed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installVsCode, type InstalledVsCode, type VsCodeVersion } from './install.ts';

export interface StartOptions {
  readonly version?: VsCodeVersion;
  /** A package to install, as a user would, or several. */
  readonly vsix?: string | readonly string[];
  /**
   * A folder with an extension, run from where it lies. For suites inside the extension host only: VS Code then runs as
   * under test, where some versions refuse modal dialogs and others show no notification. To see what a user sees, install a .vsix.
   */
  readonly extensionDevelopmentPath?: string;
  /** A CommonJS file (.cjs) that exports `run()`; it runs in the extension host in place of a user. */
  readonly extensionTestsPath?: string;
  /** User settings on top of the quiet ones below. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** For the server and the extension host; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Asks about trust in folders as the desktop does; off by default. */
  readonly workspaceTrust?: boolean;
}

const quietSettings: Readonly<Record<string, unknown>> = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'security.workspace.trust.startupPrompt': 'always',
  'telemetry.telemetryLevel': 'off',
  'update.showReleaseNotes': false,
  'window.restoreWindows': 'none',
  // The newest version shows settings and trust above the editors, the oldest among them.
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

const themes = {
  oldest: { dark: 'Default Dark Modern', light: 'Default Light Modern' },
  newest: { dark: 'Dark 2026', light: 'Light 2026' },
};
export type Theme = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';

/** Starts a server and waits until it answers. Disposing of it ends all its processes and removes its data. */
export async function startVsCode(options: StartOptions = {}): Promise<VsCode> {
  const installed = await installVsCode(options.version ?? 'newest');
  const dataDirectory = await mkdtemp(join(tmpdir(), 'topology-bench-vscode-'));
  const code = new VsCode(installed, options, dataDirectory);
  try {
    await code.start();
    return code;
  } catch (error) {
    const log = await code.serverLog();
    await code.stop();
    throw new Error(`VS Code ${installed.version} did not start. Its log ends with:\n${log.slice(-2000)}`, {
      cause: error,
    });
  }
}

export class VsCode implements AsyncDisposable {
  readonly version: string;
  /** User data, extensions and logs; removed at the end. */
  readonly dataDirectory: string;
  readonly options: StartOptions;
  readonly #installed: InstalledVsCode;
  readonly #firstSettings: Readonly<Record<string, unknown>>;
  #settings: Readonly<Record<string, unknown>>;
  /** How often they were written. */
  #settingsCount = 0;
  #process: ChildProcess | undefined;
  #port = 0;

  constructor(installed: InstalledVsCode, options: StartOptions, dataDirectory: string) {
    this.version = installed.version;
    this.dataDirectory = dataDirectory;
    this.options = options;
    this.#installed = installed;
    this.#firstSettings = { ...quietSettings, ...this.themeSettings('dark'), ...options.settings };
    this.#settings = this.#firstSettings;
  }

  /** e.g. "http://127.0.0.1:41234". */
  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** Address of the workbench with this folder open. */
  urlOf(folder: string): string {
    const payload: [string, string][] = [];
    const onServer = (path: string): string => `vscode-remote://127.0.0.1:${String(this.#port)}${resolve(path)}`;
    const { extensionDevelopmentPath, extensionTestsPath } = this.options;
    if (extensionDevelopmentPath !== undefined)
      payload.push(['extensionDevelopmentPath', onServer(extensionDevelopmentPath)]);
    if (extensionTestsPath !== undefined) payload.push(['extensionTestsPath', onServer(extensionTestsPath)]);
    const query = new URLSearchParams({ folder: resolve(folder) });
    if (payload.length > 0) query.set('payload', JSON.stringify([['skipWelcome', 'true'], ...payload]));
    return `${this.url}/?${query.toString()}`;
  }

  /**
   * Changes user settings; undefined removes one. `Workbench.changeSettings` also waits until the window has read them.
   *
   * They change in one file alone, the one that a server's window keeps an eye on: of changes in the user's own a window hears
   * sometimes, so that what was removed there could stay for it. That one has what the window begins with, also what counts nowhere else.
   */
  async changeSettings(changes: Readonly<Record<string, unknown>>): Promise<void> {
    this.#settings = { ...this.#settings, ...changes };
    this.#settingsCount += 1;
    await this.#writeSettings('Machine', { ...this.#settings, 'window.title': `\${rootName}${this.titleMark}` });
    await this.#writeSettings('User', this.#firstSettings);
  }

  /** What the title of a window ends with that has read the settings as they were written last: their count, in characters without width. */
  get titleMark(): string {
    const digits = this.#settingsCount.toString(2).replaceAll('0', '\u200b').replaceAll('1', '\u200c');
    return `\u2060${digits}\u2060`;
  }

  async #writeSettings(scope: 'User' | 'Machine', settings: Readonly<Record<string, unknown>>): Promise<void> {
    const path = join(this.dataDirectory, 'data', scope, 'settings.json');
    const text = JSON.stringify(settings, undefined, 2);
    if ((await readFile(path, 'utf8').catch(() => '')) === text) return;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** `Workbench.switchTheme` makes them. */
  themeSettings(theme: Theme): Record<string, unknown> {
    const names = themes[this.options.version ?? 'newest'];
    const name = {
      dark: names.dark,
      light: names.light,
      'high-contrast': 'Default High Contrast',
      'high-contrast-light': 'Default High Contrast Light',
    }[theme];
    return { 'workbench.colorTheme': name };
  }

  async start(): Promise<void> {
    await this.changeSettings({});
    for (const vsix of [this.options.vsix ?? []].flat()) await this.#installExtension(resolve(vsix));
    this.#port = await freePort();
    await this.#serve();
  }

  /**
   * Starts anew what `kill` has ended, on the same data and at the same address: what a window keeps in the browser is
   * kept by address.
   */
  async restart(): Promise<void> {
    await this.#serve();
  }

  /** What server and extension host wrote to their output. */
  async serverLog(): Promise<string> {
    return readFile(this.#logPath, 'utf8').catch(() => '');
  }

  /** Ends the server and its extension hosts at once, as a crash of VS Code would; the data folder stays, and runs go on. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the processes of the runs that windows of this VS Code began, as a crash of the machine would. @returns how many */
  async killRuns(): Promise<number> {
    const runs = await runsUnder(this.dataDirectory);
    for (const pid of runs) kill(pid);
    return runs.length;
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await this.killRuns();
    await rm(this.dataDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #logPath(): string {
    return join(this.dataDirectory, 'server.log');
  }

  async #serve(): Promise<void> {
    const server = this.#spawn([
      ...['--host', '127.0.0.1', '--port', String(this.#port), '--without-connection-token'],
      ...(this.options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
      '--disable-experiments',
      // The newest version takes an extension under development only beside a test driver.
      ...(this.options.extensionDevelopmentPath === undefined ? [] : ['--enable-smoke-test-driver']),
    ]);
    this.#process = server;
    const deadline = Date.now() + 60_000;
    while (!(await this.#answers())) {
      if (hasEnded(server)) throw new Error(`The server ended with ${String(server.exitCode ?? server.signalCode)}.`);
      if (Date.now() > deadline) throw new Error('The server did not answer within 60 s.');
      await delay(50);
    }
  }

  async #installExtension(vsix: string): Promise<void> {
    const installer = this.#spawn(['--install-extension', vsix, '--force']);
    await ended(installer);
    if (installer.exitCode !== 0) throw new Error(`Installing ${vsix} ended with ${String(installer.exitCode)}.`);
  }

  #spawn(args: readonly string[]): ChildProcess {
    const log = openSync(this.#logPath, 'a');
    const server = join(this.#installed.directory, 'out', 'server-main.js');
    const own = ['--accept-server-license-terms', '--telemetry-level', 'off', '--server-data-dir', this.dataDirectory];
    const supervisor = join(import.meta.dirname, 'supervise.mjs');
    const environment = { ...process.env, ...this.options.env };
    // A debugger or a test runner leaves these behind; they would change how the extension host starts.
    for (const name of ['NODE_OPTIONS', 'NODE_PATH', 'VSCODE_IPC_HOOK_CLI', 'ELECTRON_RUN_AS_NODE']) {
      if (!(name in (this.options.env ?? {}))) Reflect.deleteProperty(environment, name);
    }
    const child = spawn(
      this.#installed.node,
      [supervisor, this.dataDirectory, this.#installed.node, server, ...own, ...args],
      { stdio: ['pipe', log, log], detached: true, env: environment },
    );
    closeSync(log);
    return child;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/version`, { signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server?.pid === undefined) return;
    killGroup(server.pid, signal);
    // The group outlives its leader while an extension host still cleans up.
    for (let waitedMs = 0; waitedMs < 5000 && killGroup(server.pid, 0); waitedMs += 50) await delay(50);
    killGroup(server.pid, 'SIGKILL');
    if (!hasEnded(server)) await ended(server);
  }
}

/** The ids of processes whose journal lies in a folder. */
async function runsUnder(folder: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name)).map(Number);
  const commands = await Promise.all(
    ids.map(async (id) => ({
      id,
      command: await readFile(`/proc/${String(id)}/cmdline`, 'utf8').catch(() => ''),
    })),
  );
  return commands
    .filter(({ command }) => command.includes('runner.cjs\0') && command.includes(`\0${folder}/`))
    .map(({ id }) => id);
}

/** One that has ended meanwhile needs no more. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** False when no process of the group is left. */
function killGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  await new Promise<void>((done, failed) => {
    child.once('exit', () => {
      done();
    });
    child.once('error', failed);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('The machine gave no free port.');
  return address.port;
}
