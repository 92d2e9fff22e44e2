import { dirname, join, resolve } from 'node:path';
import { openAssets, type Assets } from '../assets/assets.ts';
import { defaultCacheDirectory } from '../assets/cacheDirectory.ts';
import { BenchError, explain } from '../core/errors.ts';
import { nothingRunsHere, topologiesWithoutCluster } from '../core/localSupport.ts';
import { hasEnvironment, prepareEnvironment, type PythonEnvironment } from './environment.ts';
import { findPython, type Python } from './python.ts';
import { installSystemPackages } from './systemPackages.ts';
import { hasTriton, prepareTriton, whyNoTriton, type LocalTriton } from './triton.ts';

export interface PrepareRequest {
  readonly assets: Assets;
  /** Where what is made is kept; by default ~/.cache/topology-bench or TOPOLOGY_BENCH_CACHE. */
  readonly cacheDirectory?: string | undefined;
  /** false: FastAPI alone is prepared. */
  readonly triton: boolean;
  /** What is being done, for a person. */
  status(message: string): void;
}

export interface Prepared {
  readonly python: Python;
  readonly environment: PythonEnvironment;
  /** null when it was not asked for; an error when this machine cannot run it, and then fastapi still runs. */
  readonly triton: LocalTriton | BenchError | null;
}

/**
 * Makes what the local target needs, once; the next time it takes a second. Never installs system packages.
 * @throws BenchError tool-missing when not even FastAPI can run here, with the command that helps; cancelled
 */
export async function prepareLocal(request: PrepareRequest, signal: AbortSignal): Promise<Prepared> {
  const cacheDirectory = request.cacheDirectory ?? defaultCacheDirectory();
  const python = await pythonHere(signal);
  const status = (message: string): void => {
    request.status(message);
  };
  const environment = await prepareEnvironment(python, request.assets, cacheDirectory, status, signal);
  if (!request.triton) return { python, environment, triton: null };
  try {
    return { python, environment, triton: await prepareTriton(python, environment, cacheDirectory, status, signal) };
  } catch (error) {
    if (error instanceof BenchError && error.reason === 'tool-missing') return { python, environment, triton: error };
    throw error;
  }
}

/** What a run on this machine will find there. */
export interface LookedAt {
  /** What it fetches, once, before anything is measured. */
  readonly toFetch: readonly ('packages' | 'triton')[];
  /** Where that is kept. */
  readonly cacheDirectory: string;
  /** Why Triton and the hybrid cannot run; null where they can, or were not asked for. */
  readonly noTriton: BenchError | null;
}

/**
 * Looks, before a run is agreed to, at what prepareLocal will need. Makes and fetches nothing.
 * @throws BenchError as prepareLocal
 */
export async function lookAtMachine(
  { assets, triton, ...named }: Pick<PrepareRequest, 'assets' | 'cacheDirectory' | 'triton'>,
  signal: AbortSignal,
): Promise<LookedAt> {
  const cacheDirectory = named.cacheDirectory ?? defaultCacheDirectory();
  const python = await pythonHere(signal);
  const noTriton = triton ? whyNoTriton(python) : null;
  const needsTriton = triton && noTriton === null && !hasTriton(python, cacheDirectory);
  return {
    toFetch: [
      ...((await hasEnvironment(python, assets, cacheDirectory)) ? [] : (['packages'] as const)),
      ...(needsTriton ? (['triton'] as const) : []),
    ],
    cacheDirectory,
    noTriton,
  };
}

async function pythonHere(signal: AbortSignal): Promise<Python> {
  if (topologiesWithoutCluster(process).length > 0) return findPython(signal);
  throw nothingRunsHere();
}

/**
 * `node src/local/prepare.ts [triton] [--install-system-packages]`, for the demo and the tests. Progress goes to standard
 * error; with `triton`, the last line of standard output is the folder that holds bin/tritonserver.
 */
async function main(args: readonly string[], root: string): Promise<void> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      controller.abort();
    });
  }
  const say = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  if (args.includes('--install-system-packages')) await installSystemPackages(say, controller.signal);
  const assets = openAssets(root, 'development');
  const prepared = await prepareLocal({ assets, triton: true, status: say }, controller.signal);
  if (prepared.triton instanceof BenchError) {
    if (args.includes('triton')) throw prepared.triton;
    say(explain(prepared.triton));
  } else if (prepared.triton !== null) {
    process.stdout.write(`${prepared.triton.home}\n`);
  }
}

const script = process.argv[1];
if (script?.endsWith(join('src', 'local', 'prepare.ts')) === true) {
  main(process.argv.slice(2), resolve(dirname(script), '..', '..')).catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  });
}
