import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { BenchError, throwIfCancelled } from '../core/errors.ts';
import { parseLoaderCache } from './sharedLibraries.ts';

/** A Python of this machine. */
export interface Python {
  /** The interpreter itself, links and version managers resolved. */
  readonly executable: string;
  /** e.g. "3.11" */
  readonly version: string;
  /** Installation folder, e.g. "/usr". */
  readonly prefix: string;
  /** Whether it can make virtual environments (Debian keeps that in a package of its own). */
  readonly makesEnvironments: boolean;
  /** Its shared library for Triton's Python backend; null when there is none. */
  readonly library: SharedPython | null;
}

export interface SharedPython {
  readonly path: string;
  /** Whether the loader finds it without being told its folder. */
  readonly known: boolean;
}

/** The pinned requirements have numpy 1.26 for these; Triton 2.51's Python backend fails with numpy 2. */
const versionsForTriton = ['3.10', '3.11', '3.12'];
/** FastAPI alone also runs on the next one; what it needs on Python 3.10 is listed for Linux only. */
const versionsForFastApi = process.platform === 'linux' ? [...versionsForTriton, '3.13'] : ['3.11', '3.12', '3.13'];

/** Names the Python to use, ahead of those on the PATH. */
const pythonVariable = 'TOPOLOGY_BENCH_PYTHON';

/**
 * The best Python of this machine: one that can run Triton's Python backend too, when there is one.
 * @throws BenchError tool-missing, with the command that installs what is missing
 */
export async function findPython(signal: AbortSignal): Promise<Python> {
  const found: Python[] = [];
  for (const command of candidates()) {
    throwIfCancelled(signal, 'looking for Python');
    const python = await inspect(command);
    if (python === undefined) continue;
    if (python.makesEnvironments && whyNoTritonWith(python) === undefined) return python;
    found.push(python);
  }
  const able = found.filter((python) => python.makesEnvironments);
  const best =
    able.find((python) => versionsForTriton.includes(python.version)) ??
    able.find((python) => versionsForFastApi.includes(python.version));
  if (best !== undefined) return best;
  throw noPython(found);
}

/** Whether Triton's Python backend can run with it; in words why not. */
export function whyNoTritonWith(python: Python): { why: string; nextStep: string } | undefined {
  if (!versionsForTriton.includes(python.version)) {
    return {
      why: `its Python backend needs Python ${versionsForTriton.join(', ')}, and this machine has ${python.version}`,
      nextStep: `Install one of them, and name it in ${pythonVariable} if it is not on the PATH.`,
    };
  }
  if (python.library !== null) return undefined;
  return {
    why: `its Python backend needs the shared library libpython${python.version}.so.1.0, which was not found`,
    nextStep: `Install it, on Debian or Ubuntu with "${installCommand([`libpython${python.version}`])}".`,
  };
}

export function installCommand(packages: readonly string[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get install ${packages.join(' ')}`;
}

function noPython(found: readonly Python[]): BenchError {
  const fitting = found.find((python) => versionsForFastApi.includes(python.version));
  if (fitting !== undefined) {
    return new BenchError({
      reason: 'tool-missing',
      message: `Python ${fitting.version} at ${fitting.executable} cannot make virtual environments: its modules venv and ensurepip are missing.`,
      nextStep: `Install them, on Debian or Ubuntu with "${installCommand([`python${fitting.version}-venv`])}".`,
    });
  }
  const versions = found.map((python) => python.version);
  return new BenchError({
    reason: 'tool-missing',
    message:
      versions.length === 0
        ? 'There is no Python 3 on this machine, and the servers are written in it.'
        : `The servers need Python ${versionsForFastApi.join(', ')}, and this machine has ${versions.join(', ')}.`,
    nextStep: `Install one, on Debian or Ubuntu with "${installCommand(['python3', 'python3-venv'])}", or name one in ${pythonVariable}.`,
  });
}

/** Commands to try: the one named, those on the PATH, and the system's own. */
function candidates(): string[] {
  const named = process.env[pythonVariable];
  const names = ['python3', ...versionsForFastApi.toReversed().map((version) => `python${version}`)];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'].filter(
    (folder) => folder !== '',
  );
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const existing = [...new Set(paths)].filter((path) => existsSync(path));
  return named === undefined || named === '' ? existing : [named];
}

const describeSource = `
import json, sys, sysconfig
def has(name):
    try:
        __import__(name)
        return True
    except Exception:
        return False
print(json.dumps({
    "executable": getattr(sys, "_base_executable", None) or sys.executable,
    "version": "%d.%d" % sys.version_info[:2],
    "prefix": sys.base_prefix,
    "makesEnvironments": has("venv") and has("ensurepip") and sys.implementation.name == "cpython",
    "libraryFolders": [folder for folder in (sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LIBPL")) if folder],
}))
`;

const descriptionSchema = z.object({
  executable: z.string(),
  version: z.string(),
  prefix: z.string(),
  makesEnvironments: z.boolean(),
  libraryFolders: z.array(z.string()),
});

/** undefined for what is not a working Python 3, for instance a version manager's stand-in for one that is not installed. */
async function inspect(command: string): Promise<Python | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ['-I', '-c', describeSource], { timeout: 20_000 });
    const { libraryFolders, ...python } = descriptionSchema.parse(JSON.parse(stdout));
    return { ...python, library: await findLibrary(python.version, libraryFolders) };
  } catch {
    return undefined;
  }
}

/** Of the Python's own folder first, because an interpreter and a library of two builds may differ. */
async function findLibrary(version: string, folders: readonly string[]): Promise<SharedPython | null> {
  const name = `libpython${version}.so.1.0`;
  const known = await parseLoaderCache(name);
  const own = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (own !== undefined) return { path: own, known: known.includes(own) };
  return known[0] === undefined ? null : { path: known[0], known: true };
}
