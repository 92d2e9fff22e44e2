import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Assets } from '../assets/assets.ts';
import { BenchError } from '../core/errors.ts';
import type { ModelPlan, Plan, TopologyPlan } from '../core/plan.ts';
import {
  pythonModelPath,
  pythonModelSource,
  renderModelConfig,
  tritonArguments,
} from '../topologies/modelRepository.ts';
import { gatewayShare, modelShare, modelThreads } from '../topologies/shares.ts';
import { loopbackAddress } from './loopback.ts';
import type { Prepared } from './prepare.ts';
import { runDirectoryVariable, type RunDirectory } from './runDirectory.ts';
import type { ServerCommand } from './serverProcess.ts';
import type { LocalTriton } from './triton.ts';

/** What the servers of one topology are started with. */
export interface ServerParts {
  readonly plan: Plan;
  readonly topology: TopologyPlan;
  readonly assets: Assets;
  readonly prepared: Prepared;
  readonly run: RunDirectory;
  /** Folder of this topology's logs and state. */
  readonly directory: string;
  readonly modelDirectory: string;
  /** Whether this machine has the cores that the topology asks for. */
  readonly pinned: boolean;
}

export interface TritonPorts {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

export function fastapiCommand(parts: ServerParts, port: number): ServerCommand {
  const { plan, topology, prepared } = parts;
  const threads = modelThreads(topology);
  return {
    ...common('fastapi', parts),
    command: [prepared.environment.python, '-m', 'topology_bench_serving.serve', 'fastapi'],
    environment: {
      ...baseEnvironment(parts),
      ...httpEnvironment(parts, 'fastapi', port),
      TOPOLOGY_BENCH_WORKERS: String(threads.copies),
      TOPOLOGY_BENCH_INTRA_OP_THREADS: String(threads.intraOpThreads),
      TOPOLOGY_BENCH_MODEL_DIRECTORY: parts.modelDirectory,
      TOPOLOGY_BENCH_MAX_LENGTH: String(plan.model.maxLength),
      TOPOLOGY_BENCH_PADDING_BUCKETS: plan.model.paddingBuckets.join(','),
      TOPOLOGY_BENCH_PROVIDER: 'cpu',
    },
    cpus: cpusOf(parts, 0, modelShare(topology).cores),
  };
}

/** The gateway's cores come first, then Triton's. */
export function gatewayCommand(parts: ServerParts, port: number, tritonGrpc: number, apiKey: string): ServerCommand {
  const { plan, topology, prepared } = parts;
  const { cores } = gatewayShare(topology);
  return {
    ...common('gateway', parts),
    command: [prepared.environment.python, '-m', 'topology_bench_serving.serve', 'gateway'],
    environment: {
      ...baseEnvironment(parts),
      ...httpEnvironment(parts, 'gateway', port),
      TOPOLOGY_BENCH_WORKERS: String(cores),
      TOPOLOGY_BENCH_TRITON_GRPC: `${loopbackAddress}:${String(tritonGrpc)}`,
      TOPOLOGY_BENCH_TRITON_TIMEOUT_SECONDS: String(Math.max(1, Math.ceil(plan.load.timeoutMs / 1000))),
      TOPOLOGY_BENCH_API_KEY: apiKey,
    },
    cpus: cpusOf(parts, 0, cores),
  };
}

/** Writes the model repository, too. */
export async function tritonCommand(
  parts: ServerParts,
  triton: LocalTriton,
  ports: TritonPorts,
): Promise<ServerCommand> {
  const { topology, run, prepared, assets } = parts;
  const packages = [assets.servingDirectory, prepared.environment.sitePackages];
  const repository = join(parts.directory, 'model-repository');
  await writeRepository(parts, repository);
  const offset = topology.split?.gatewayCores ?? 0;
  return {
    ...common('triton', parts),
    command: [
      join(triton.home, 'bin', 'tritonserver'),
      ...tritonArguments({ repository, ...ports, limitsBodies: false }),
      `--http-address=${loopbackAddress}`,
      `--grpc-address=${loopbackAddress}`,
      `--metrics-address=${loopbackAddress}`,
      `--backend-directory=${join(triton.home, 'backends')}`,
      `--cache-directory=${join(triton.home, 'caches')}`,
      `--backend-config=python,shm-region-prefix-name=${run.sharedMemoryPrefix}`,
      '--allow-gpu-metrics=false',
    ],
    environment: {
      ...baseEnvironment(parts),
      ...triton.environment,
      // The backend's interpreter ignores PYTHONPATH; the model adds these folders itself.
      TOPOLOGY_BENCH_PACKAGES: packages.join(delimiter),
      TRITON_SERVER_VERSION: triton.version,
    },
    cpus: cpusOf(parts, offset, modelShare(topology).cores),
  };
}

/**
 * Puts the model's files under the names that the servers read. Links where that is the same to them: weights beside the
 * ONNX file must really be there, because ONNX Runtime follows no link out of its folder.
 * @throws BenchError model-not-found when a file has changed since the plan was made
 */
export async function placeModel(
  model: ModelPlan,
  modelPaths: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const external = model.files.some((file) => !['model.onnx', 'tokenizer.json', 'config.json'].includes(file.name));
  for (const file of model.files) {
    const path = modelPaths[file.name];
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    // Weights that were trained further have the size of the old ones.
    if (path === undefined || found?.size !== file.sizeBytes || (await sha256Of(path)) !== file.sha256) {
      throw new BenchError({
        reason: 'model-not-found',
        message: `The model's file ${file.name} is gone or has changed since the plan was made${path === undefined ? '' : `: ${path}`}.`,
        nextStep: 'Start the benchmark again.',
      });
    }
    const place = join(folder, file.name);
    if (!external) await symlink(path, place);
    else await link(await realpath(path), place).catch(() => copyFile(path, place));
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function writeRepository(parts: ServerParts, repository: string): Promise<void> {
  const { plan, topology, prepared, assets } = parts;
  const folder = join(repository, plan.model.name);
  const settings = topology.triton ?? { dynamicBatching: null, instances: 1 };
  const config = renderModelConfig({
    model: plan.model,
    settings,
    intraOpThreads: modelThreads(topology).intraOpThreads,
    provider: 'cpu',
    instanceKind: 'cpu',
    devices: 1,
    modelDirectory: parts.modelDirectory,
    packageDirectories: [assets.servingDirectory, prepared.environment.sitePackages],
  });
  const pythonModel = join(folder, pythonModelPath);
  await mkdir(dirname(pythonModel), { recursive: true });
  await writeFile(join(folder, 'config.pbtxt'), config);
  await copyFile(join(assets.servingDirectory, pythonModelSource), pythonModel);
}

function common(name: string, parts: ServerParts): Pick<ServerCommand, 'name' | 'python' | 'directory'> {
  return { name, python: parts.prepared.environment.python, directory: parts.directory };
}

/** Nothing of this process's environment but what programs need; credentials in it are none of the servers' business. */
function baseEnvironment(parts: ServerParts): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  const inherited = kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    [runDirectoryVariable]: parts.run.path,
    PYTHONPATH: parts.assets.servingDirectory,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
}

function httpEnvironment(parts: ServerParts, name: string, port: number): Record<string, string> {
  const { model } = parts.plan;
  return {
    TOPOLOGY_BENCH_MODEL_NAME: model.name,
    TOPOLOGY_BENCH_HOST: loopbackAddress,
    TOPOLOGY_BENCH_PORT: String(port),
    TOPOLOGY_BENCH_MAX_BATCH_SIZE: String(model.maxBatchSize),
    TOPOLOGY_BENCH_STATE_DIRECTORY: join(parts.directory, `${name}-state`),
  };
}

function cpusOf(parts: ServerParts, first: number, count: number): ServerCommand['cpus'] {
  return parts.pinned ? { first, count } : null;
}
