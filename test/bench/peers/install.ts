/** Gets the programs that Topology Bench is compared with: pinned, kept in the cache folder by the hash of what pins them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defaultCacheDirectory } from '../../../src/assets/cacheDirectory.ts';
import { runCommand } from '../../../src/local/command.ts';
import { partialName, removeAbandoned } from '../../../src/local/environment.ts';
import type { Prepared } from '../../../src/local/prepare.ts';

/** A program to compare with, or why there is none. */
export type Peer =
  | {
      readonly available: true;
      readonly name: string;
      readonly version: string;
      readonly path: string;
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly available: false; readonly name: string; readonly reason: string };

export type AvailablePeer = Extract<Peer, { available: true }>;

const never = new AbortController().signal;
const silent = (): void => undefined;
const vegetaModule = 'github.com/tsenart/vegeta/v12';

/** wrk of the PATH; on a Debian machine of which we are root it is installed when it is missing. */
export async function installWrk(): Promise<Peer> {
  return attempt('wrk', async () => {
    if (!(await onPath('wrk'))) {
      if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
        throw new Error('it is not on the PATH, and only root on a Debian machine can install it');
      }
      console.log('Installing wrk: $ apt-get install -y wrk');
      await runCommand('updating the package lists', ['apt-get', 'update', '-qq'], silent, never);
      await runCommand('installing wrk', ['apt-get', 'install', '-y', '-qq', 'wrk'], silent, never);
    }
    // It prints its version and its usage, and ends with 1.
    const said = await runCommand('asking wrk', ['bash', '-c', 'wrk -v 2>&1 || true'], silent, never);
    return { version: /^wrk (\S+)/.exec(said)?.[1] ?? 'unknown', path: 'wrk', environment: {} };
  });
}

/** vegeta, built from its Go module and checked against the go.sum beside this file. */
export async function installVegeta(): Promise<Peer> {
  return attempt('vegeta', async () => {
    const source = join(import.meta.dirname, 'vegeta');
    const texts = await Promise.all(['go.mod', 'go.sum'].map((name) => readFile(join(source, name), 'utf8')));
    if (!(await onPath('go'))) throw new Error('building it needs Go on the PATH');
    const version = /vegeta\/v12 (v\S+)/.exec(texts.join('\n'))?.[1] ?? 'unknown';
    const folder = await kept('vegeta', texts, async (partial) => {
      console.log(`Building vegeta ${version} with Go (some minutes, once)`);
      const built = ['-trimpath', '-buildvcs=false', '-mod=readonly', '-o', join(partial, 'vegeta'), vegetaModule];
      await runCommand('building vegeta', ['nice', 'go', '-C', source, 'build', ...built], silent, never);
    });
    return { version, path: join(folder, 'vegeta'), environment: {} };
  });
}

/**
 * NVIDIA's perf_analyzer, from the wheel that is pinned beside this file. Two libraries that it needs are those of the
 * Triton wheel.
 */
export async function installPerfAnalyzer(prepared: Prepared): Promise<Peer> {
  return attempt('perf_analyzer', async () => {
    const { triton } = prepared;
    if (triton === null || triton instanceof Error) throw new Error('there is no Triton on this machine');
    const list = join(import.meta.dirname, 'perf-analyzer.txt');
    const folder = await kept('perf_analyzer', [await readFile(list, 'utf8'), triton.home], async (partial) => {
      console.log('Downloading perf_analyzer with pip (14 MB, once)');
      const python = prepared.environment.python;
      const pip = ['-m', 'pip', 'download', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-input'];
      await runCommand('downloading perf_analyzer', [python, ...pip, '--dest', partial, '-r', list], silent, never);
      const wheel = await onlyFile(partial, /\.whl$/);
      await runCommand('unpacking it', [python, '-I', '-m', 'zipfile', '-e', wheel, partial], silent, never);
      await rm(wheel);
      const program = join(await onlyFile(partial, /\.data$/), 'data', 'bin', 'perf_analyzer');
      await copyFile(program, join(partial, 'perf_analyzer'));
      await chmod(join(partial, 'perf_analyzer'), 0o755);
      const libraries = join(dirname(dirname(triton.home)), 'nvidia_pytriton.libs');
      await mkdir(join(partial, 'lib'));
      await copyFile(await onlyFile(libraries, /^libb64-.*\.so\.0d$/), join(partial, 'lib', 'libb64.so.0d'));
      await copyFile(await onlyFile(libraries, /^libcudart-.*\.so\.12/), join(partial, 'lib', 'libcudart.so.12'));
    });
    const path = join(folder, 'perf_analyzer');
    const environment = { LD_LIBRARY_PATH: join(folder, 'lib') };
    const ask = ['env', `LD_LIBRARY_PATH=${environment.LD_LIBRARY_PATH}`, path, '--version'] as const;
    const said = await runCommand('asking perf_analyzer', [...ask], silent, never);
    return { version: /Version (\S+)/.exec(said)?.[1] ?? 'unknown', path, environment };
  });
}

async function attempt(name: string, install: () => Promise<Omit<AvailablePeer, 'available' | 'name'>>): Promise<Peer> {
  try {
    return { available: true, name, ...(await install()) };
  } catch (error) {
    return { available: false, name, reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * A folder of the cache, made once for what pins its content.
 * @param make fills the folder that it is given
 */
export async function kept(
  name: string,
  pinnedBy: readonly string[],
  make: (partial: string) => Promise<void>,
): Promise<string> {
  const parent = join(defaultCacheDirectory(), 'bench-peers');
  const key = createHash('sha256').update(JSON.stringify(pinnedBy)).digest('hex').slice(0, 16);
  const folder = join(parent, `${name}-${key}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  const partial = join(parent, await partialName());
  await mkdir(partial);
  try {
    await make(partial);
    await writeFile(join(partial, 'complete'), '');
    await rename(partial, folder).catch((error: unknown) => {
      // Another process was faster, and what it made is the same.
      if (!existsSync(join(folder, 'complete'))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

async function onPath(program: string): Promise<boolean> {
  return await runCommand('looking for it', ['bash', '-c', `command -v ${program}`], silent, never).then(
    () => true,
    () => false,
  );
}

async function onlyFile(folder: string, pattern: RegExp): Promise<string> {
  const [name, ...more] = (await readdir(folder)).filter((file) => pattern.test(file));
  if (name === undefined || more.length > 0)
    throw new Error(`not exactly one file like ${String(pattern)} came with it`);
  return join(folder, name);
}
