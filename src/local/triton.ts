import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { topologiesWithoutCluster } from '../core/localSupport.ts';
import { sha256 } from '../hashes/sha256.ts';
import { runCommand } from './command.ts';
import { partialName, removeAbandoned, type PythonEnvironment } from './environment.ts';
import { whyNoTritonWith, type Python } from './python.ts';

/** A Triton on this machine. */
export interface LocalTriton {
  /** Folder with bin/tritonserver and backends/. */
  readonly home: string;
  readonly version: string;
  /** What its Python backend needs in the environment to find this Python. */
  readonly environment: Readonly<Record<string, string>>;
}

/** NVIDIA's wheel carries a whole Triton server. */
const wheel = {
  requirement: 'nvidia-pytriton==0.7.0',
  sha256: '21f063ff93bb426d0c06b7a55e7eb9efcfe62c0dddd9a908e9877e18710128df',
  tritonVersion: '2.51.0',
  leastGlibc: [2, 35],
} as const;

/**
 * Downloads and unpacks Triton on first use (55 MB, 145 MB unpacked) and fits its Python backend to this Python.
 * @throws BenchError tool-missing when this machine cannot run it, or when the download fails; cancelled
 */
export async function prepareTriton(
  python: Python,
  pythonEnvironment: PythonEnvironment,
  cacheDirectory: string,
  status: (message: string) => void,
  signal: AbortSignal,
): Promise<LocalTriton> {
  const obstacle = whyNoTriton(python);
  if (obstacle !== null) throw obstacle;
  const folder = folderOf(python, cacheDirectory);
  const parent = dirname(folder);
  const triton = {
    home: join(folder, 'pytriton', 'tritonserver'),
    version: wheel.tritonVersion,
    environment: libraryEnvironment(python),
  };
  if (hasTriton(python, cacheDirectory)) return triton;
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  const partial = join(parent, await partialName());
  await mkdir(partial);
  try {
    await unpack(
      await download(pythonEnvironment, partial, status, signal),
      pythonEnvironment,
      partial,
      status,
      signal,
    );
    await fitBackend(join(partial, 'pytriton', 'tritonserver'), python);
    await writeFile(join(partial, 'complete'), '');
    await rename(partial, folder).catch((error: unknown) => {
      // Another process was faster, and what it made is the same.
      if (!existsSync(join(folder, 'complete'))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return triton;
}

/** Whether it was fetched before. */
export function hasTriton(python: Python, cacheDirectory: string): boolean {
  return existsSync(join(folderOf(python, cacheDirectory), 'complete'));
}

function folderOf(python: Python, cacheDirectory: string): string {
  const key = sha256(`${wheel.sha256} ${python.version}`).slice(0, 24);
  return join(cacheDirectory, 'triton-servers', key);
}

/** Why it cannot run on this machine with this Python, a BenchError tool-missing; null where it can. */
export function whyNoTriton(python: Python): BenchError | null {
  if (!topologiesWithoutCluster(process).includes('triton')) {
    return missing(
      `there is no build of it for ${process.platform} on ${process.arch} that runs without a container`,
      'Benchmark it on a cluster, or on a Linux machine with x86-64; fastapi runs here.',
    );
  }
  const [major, minor] = wheel.leastGlibc;
  const glibc = glibcVersion();
  const parts = /^(\d+)\.(\d+)/.exec(glibc ?? '');
  if (parts === null || Number(parts[1]) < major || (Number(parts[1]) === major && Number(parts[2]) < minor)) {
    return missing(
      `its build needs glibc ${String(major)}.${String(minor)} or newer, and this machine has ${glibc ?? 'another C library'}`,
      'Benchmark it on a cluster, or on a newer Linux.',
    );
  }
  if (!existsSync('/dev/shm')) {
    return missing('its Python backend needs shared memory at /dev/shm', 'Mount a tmpfs there.');
  }
  const obstacle = whyNoTritonWith(python);
  return obstacle === undefined ? null : missing(obstacle.why, obstacle.nextStep);
}

function glibcVersion(): string | undefined {
  // Otherwise the report asks for the names of all that this process is connected to, and everything waits.
  const reports: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const before = reports.excludeNetwork;
  reports.excludeNetwork = true;
  try {
    const report = reports.getReport() as { header?: { glibcVersionRuntime?: unknown } };
    const version = report.header?.glibcVersionRuntime;
    return typeof version === 'string' ? version : undefined;
  } finally {
    reports.excludeNetwork = before ?? false;
  }
}

/** @returns path of the wheel */
async function download(
  environment: PythonEnvironment,
  folder: string,
  status: (message: string) => void,
  signal: AbortSignal,
): Promise<string> {
  status(`Downloading Triton ${wheel.tritonVersion} (55 MB, once)`);
  const list = join(folder, 'requirement.txt');
  await writeFile(list, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const pip = ['-m', 'pip', 'download', '--require-hashes', '--no-deps', '--only-binary=:all:', '--no-input'];
  await runCommand(
    `downloading Triton ${wheel.tritonVersion} with pip`,
    [environment.python, ...pip, '--disable-pip-version-check', '--progress-bar', 'off', '--dest', folder, '-r', list],
    () => undefined,
    signal,
    'Check the network and the package index that pip is set up with.',
  );
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (name === undefined)
    throw missing('pip downloaded no wheel of it', 'Check the package index that pip is set up with.');
  return join(folder, name);
}

async function unpack(
  wheelPath: string,
  environment: PythonEnvironment,
  folder: string,
  status: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  status('Unpacking Triton');
  await runCommand(
    'unpacking Triton',
    [environment.python, '-I', '-m', 'zipfile', '-e', wheelPath, folder],
    () => undefined,
    signal,
    'Check that the disk has 300 MB to spare.',
  );
  await rm(wheelPath);
}

/** The backend runs the stub that lies beside it, which must be the one for this Python; zip files keep no modes. */
async function fitBackend(home: string, python: Python): Promise<void> {
  const stub = join(home, 'backends', 'python', 'triton_python_backend_stub');
  await copyFile(join(home, 'python_backend_stubs', python.version, 'triton_python_backend_stub'), stub);
  for (const path of [stub, join(home, 'bin', 'tritonserver')]) await chmod(path, 0o755);
}

/** A Python outside the loader's folders is found by its library's folder, and its modules by its installation's. */
function libraryEnvironment(python: Python): Record<string, string> {
  if (python.library === null || python.library.known) return {};
  return { LD_LIBRARY_PATH: dirname(python.library.path), PYTHONHOME: python.prefix };
}

function missing(why: string, nextStep: string): BenchError {
  return new BenchError({
    reason: 'tool-missing',
    message: `Triton ${wheel.tritonVersion} cannot run on this machine: ${why}.`,
    nextStep,
  });
}
