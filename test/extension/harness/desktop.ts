/** VS Code's desktop command line, answered by a server and a browser. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { format, parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser, newPage, screenshot } from './browser.ts';
import { startVsCode, type VsCode } from './vscode.ts';

const limitMs = 20 * 60_000;

/**
 * Runs `--extensionTestsPath` in the extension host with `--extensionDevelopmentPath` and the folder that is named; every
 * run has fresh data, so of `--user-data-dir` only User/settings.json is read. Other arguments of the desktop mean nothing here.
 * TOPOLOGY_BENCH_VSCODE_VERSION is "oldest" or "newest" (the default).
 *
 * @returns the exit code: what the tests ended with, or 1
 */
export async function runAsDesktop(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    options: {
      extensionDevelopmentPath: { type: 'string', multiple: true },
      extensionTestsPath: { type: 'string' },
      'user-data-dir': { type: 'string' },
      'extensions-dir': { type: 'string' },
    },
  });
  const [extensionDevelopmentPath, ...others] = (values.extensionDevelopmentPath ?? []).map(String);
  const extensionTestsPath = values.extensionTestsPath;
  if (extensionDevelopmentPath === undefined || others.length > 0 || typeof extensionTestsPath !== 'string') {
    console.error('This launcher runs tests: it wants one --extensionDevelopmentPath and --extensionTestsPath.');
    return 1;
  }
  const folder = positionals[0] ?? process.cwd();
  await using code = await startVsCode({
    version: process.env['TOPOLOGY_BENCH_VSCODE_VERSION'] === 'oldest' ? 'oldest' : 'newest',
    extensionDevelopmentPath,
    extensionTestsPath,
    settings: await settingsOf(values['user-data-dir']),
  });
  console.log(`VS Code ${code.version} as a server, shown by a browser; folder ${folder}`);
  return await runTests(code, folder);
}

async function runTests(code: VsCode, folder: string): Promise<number> {
  if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder.`);
  const browser = await launchBrowser();
  try {
    const page = await newPage(browser);
    try {
      return await untilTestsEnd(page, code.urlOf(folder));
    } catch (error) {
      await screenshot(page, join(import.meta.dirname, '..', '..', '..', 'out', 'drives', 'api-suite.png')).catch(
        () => undefined,
      );
      console.error(error instanceof Error ? error.message : error, `\n${(await code.serverLog()).slice(-4000)}`);
      return 1;
    }
  } finally {
    await browser.close();
  }
}

/** The extension host calls these two functions of the page when it runs tests. */
async function untilTestsEnd(page: Page, address: string): Promise<number> {
  await page.exposeFunction('codeAutomationLog', (type: string, values: readonly unknown[]) => {
    // Nearly all of it is VS Code's own; the tests' outcomes come by their results file.
    if (process.env['TOPOLOGY_BENCH_VERBOSE'] !== undefined) console.log(`[${type}] ${format(...values)}`);
  });
  const ended = new Promise<number>((resolve, reject) => {
    page
      .exposeFunction('codeAutomationExit', resolve)
      .then(() => page.goto(address))
      .catch(reject);
  });
  const crashed = new Promise<never>((_, reject) => {
    page.on('crash', () => {
      reject(new Error('The browser crashed before the tests ended.'));
    });
    page.on('close', () => {
      reject(new Error('The browser was closed before the tests ended.'));
    });
  });
  crashed.catch(() => undefined);
  const late = delay(limitMs, undefined, { ref: false }).then(() => {
    throw new Error(`The tests did not end within ${String(limitMs / 60_000)} minutes.`);
  });
  return Promise.race([ended, crashed, late]);
}

async function settingsOf(userDataDirectory: unknown): Promise<Record<string, unknown>> {
  if (typeof userDataDirectory !== 'string') return {};
  const path = join(userDataDirectory, 'User', 'settings.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
