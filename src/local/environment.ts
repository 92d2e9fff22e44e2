import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Assets } from '../assets/assets.ts';
import { sha256 } from '../hashes/sha256.ts';
import { isAlive, identityOf } from './processIdentity.ts';
import { runCommand } from './command.ts';
import { whyNoTritonWith, type Python } from './python.ts';

/** A virtual environment with the servers' pinned packages. */
export interface PythonEnvironment {
  /** Its interpreter. */
  readonly python: string;
  readonly sitePackages: string;
}

/**
 * Makes the environment on first use, several minutes with a slow network, and keeps it by the hash of what is in it.
 * @throws BenchError tool-missing when pip fails, cancelled
 */
export async function prepareEnvironment(
  python: Python,
  assets: Assets,
  cacheDirectory: string,
  status: (message: string) => void,
  signal: AbortSignal,
): Promise<PythonEnvironment> {
  const { home, environment, requirements } = await environmentFor(python, assets, cacheDirectory);
  const parent = dirname(home);
  if (existsSync(join(home, 'complete'))) return environment;
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  const partial = join(parent, await partialName());
  try {
    status(`Making a Python ${python.version} environment for the servers (once)`);
    await runCommand(
      'making a Python environment',
      [python.executable, '-m', 'venv', partial],
      () => undefined,
      signal,
    );
    const list = join(partial, 'requirements.txt');
    await writeFile(list, requirements);
    const pip = ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--no-input', '--disable-pip-version-check'];
    await runCommand(
      "installing the servers' Python packages with pip",
      [join(partial, 'bin', 'python3'), ...pip, '--progress-bar', 'off', '-r', list],
      (line) => {
        const collecting = /^Collecting (\S+)/.exec(line);
        if (collecting?.[1] !== undefined) status(`Installing ${collecting[1].replace(/==.*/, '')}`);
        else if (line.startsWith('Installing collected')) status('Unpacking the Python packages');
      },
      signal,
      'Check the network and the package index that pip is set up with.',
    );
    await writeFile(join(partial, 'complete'), '');
    await rename(partial, home).catch((error: unknown) => {
      // Another process was faster, and what it made is the same.
      if (!existsSync(join(home, 'complete'))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return environment;
}

/** Whether it was made before. */
export async function hasEnvironment(python: Python, assets: Assets, cacheDirectory: string): Promise<boolean> {
  const { home } = await environmentFor(python, assets, cacheDirectory);
  return existsSync(join(home, 'complete'));
}

async function environmentFor(
  python: Python,
  assets: Assets,
  cacheDirectory: string,
): Promise<{ readonly home: string; readonly environment: PythonEnvironment; readonly requirements: string }> {
  // The list for numpy 1 is Linux only and ends with Python 3.12; elsewhere only FastAPI runs, with the other list.
  const set =
    process.platform === 'linux' && whyNoTritonWith(python) === undefined ? 'cpu-numpy1' : setWithoutTriton(python);
  const requirements = await assets.requirements(set);
  const hash = sha256(JSON.stringify([requirements, python.executable, python.version, process.arch]));
  const home = join(cacheDirectory, 'environments', hash.slice(0, 24));
  const environment = {
    python: join(home, 'bin', 'python3'),
    sitePackages: join(home, 'lib', `python${python.version}`, 'site-packages'),
  };
  return { home, environment, requirements };
}

function setWithoutTriton(python: Python): 'cpu' | 'cpu-numpy1' {
  return python.version === '3.10' ? 'cpu-numpy1' : 'cpu';
}

/** Says who makes it, so that what a killed process left can be told from what another one is making. */
export async function partialName(): Promise<string> {
  const identity = await identityOf(process.pid);
  const owner = Buffer.from(identity?.startedAt ?? '').toString('hex');
  return `partial-${String(process.pid)}-${owner}-${randomBytes(4).toString('hex')}`;
}

export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const match = /^partial-(\d+)-([0-9a-f]*)-/.exec(name);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const owner = { pid: Number(match[1]), startedAt: Buffer.from(match[2], 'hex').toString() };
    if (!(await isAlive(owner))) await rm(join(folder, name), { recursive: true, force: true });
  }
}
