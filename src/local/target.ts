import { mkdir } from 'node:fs/promises';
import { availableParallelism, arch, platform } from 'node:os';
import { basename, join } from 'node:path';
import type { Assets } from '../assets/assets.ts';
import { defaultCacheDirectory } from '../assets/cacheDirectory.ts';
import { BenchError, toBenchError } from '../core/errors.ts';
import { topologyKey, type Plan, type TopologyPlan } from '../core/plan.ts';
import type { DeployProgress, Deployment, LoadDriver, Target } from '../core/ports.ts';
import type { Environment } from '../core/record.ts';
import { LocalDeployment } from './deployment.ts';
import { prepareLocal, type Prepared } from './prepare.ts';
import { makeRunDirectory, removeLeftovers, type RunDirectory } from './runDirectory.ts';
import { keepLog } from './serverLog.ts';
import { placeModel, type ServerParts } from './servers.ts';

export interface LocalTargetOptions {
  readonly assets: Assets;
  readonly loadDriver: LoadDriver;
  /** The model's file names to paths on this machine. */
  readonly modelPaths: Readonly<Record<string, string>>;
  /** By default ~/.cache/topology-bench, or what TOPOLOGY_BENCH_CACHE names. */
  readonly cacheDirectory?: string | undefined;
  /** Folder of the runs' own folders; by default one in the cache folder. */
  readonly runsDirectory?: string | undefined;
  /** Where the log of a server that failed is kept, for the log. */
  log(line: string): void;
}

/** The topologies as processes on this machine: for people without a cluster, and for the demo. */
export function createLocalTarget(options: LocalTargetOptions): Target {
  return new LocalTarget(options);
}

class LocalTarget implements Target {
  readonly #options: LocalTargetOptions;
  readonly #cacheDirectory: string;
  readonly #runsDirectory: string;
  readonly #deployments = new Set<LocalDeployment>();
  #prepared: Prepared | undefined;
  #run: RunDirectory | undefined;
  #deployed = 0;

  constructor(options: LocalTargetOptions) {
    this.#options = options;
    this.#cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
    this.#runsDirectory = options.runsDirectory ?? join(this.#cacheDirectory, 'local-runs');
  }

  async preflight(plan: Plan, _runId: string, progress: DeployProgress, signal: AbortSignal): Promise<Environment> {
    const leftovers = await removeLeftovers(this.#runsDirectory);
    if (leftovers > 0) progress.status(`Removed what ${String(leftovers)} earlier run(s) left behind`);
    if (plan.gpu !== null)
      progress.warning('On this machine the topologies run on the CPU; the GPU asked for is not used.');
    this.#prepared = await prepareLocal(
      {
        assets: this.#options.assets,
        cacheDirectory: this.#cacheDirectory,
        triton: plan.topologies.some((topology) => topology.name !== 'fastapi'),
        status: progress.status.bind(progress),
      },
      signal,
    );
    this.#run = await makeRunDirectory(this.#runsDirectory);
    await placeModel(plan.model, this.#options.modelPaths, join(this.#run.path, 'model'));
    const cores = availableParallelism();
    const most = Math.max(...plan.topologies.map((topology) => topology.cores));
    if (most > cores) {
      progress.warning(
        `The plan gives each topology ${String(most)} cores and this machine has ${String(cores)}, which they share.`,
      );
    }
    return {
      target: 'local',
      cluster: null,
      serverVersion: null,
      machine: `${platform()} ${arch()}, ${String(cores)} cores`,
      gpuProducts: [],
      driverVersions: [],
      machines: [],
    };
  }

  async deploy(plan: Plan, topology: TopologyPlan, progress: DeployProgress, signal: AbortSignal): Promise<Deployment> {
    const prepared = this.#prepared;
    const run = this.#run;
    if (prepared === undefined || run === undefined) throw new Error('deploy was called before preflight');
    if (topology.name !== 'fastapi' && prepared.triton instanceof BenchError) throw prepared.triton;
    this.#deployed += 1;
    const directory = join(run.path, `${String(this.#deployed)}-${topology.name}`);
    await mkdir(directory);
    const parts: ServerParts = {
      plan,
      topology,
      assets: this.#options.assets,
      prepared,
      run,
      directory,
      modelDirectory: join(run.path, 'model'),
      pinned: platform() === 'linux' && topology.cores <= availableParallelism(),
    };
    const deployment = new LocalDeployment(parts, this.#options.loadDriver, (name, path) =>
      this.#keepLog(topology, name, path),
    );
    this.#deployments.add(deployment);
    try {
      await deployment.start(progress, signal);
      return deployment;
    } catch (error) {
      await this.#remove(deployment).catch((problem: unknown) => {
        progress.warning(toBenchError(problem, 'ending its processes').message);
      });
      throw error;
    }
  }

  async close(): Promise<undefined> {
    const results = await Promise.allSettled([...this.#deployments].map((deployment) => this.#remove(deployment)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw toBenchError(failed.reason, 'ending the processes of the run');
    await this.#run?.remove();
    this.#run = undefined;
  }

  async #keepLog(topology: TopologyPlan, name: string, path: string): Promise<void> {
    const kept = `${String(Date.now())}-${basename(this.#run?.path ?? '')}-${name}`;
    try {
      this.#options.log(
        `${topologyKey(topology)}: the log of ${name} is ${await keepLog(path, this.#cacheDirectory, kept)}`,
      );
    } catch (error) {
      this.#options.log(`${topologyKey(topology)}: the log of ${name} was not kept: ${String(error)}`);
    }
  }

  async #remove(deployment: LocalDeployment): Promise<void> {
    await deployment.remove();
    this.#deployments.delete(deployment);
  }
}
