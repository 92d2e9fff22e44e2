/** A real Triton on this machine with one text classifier, as the local target starts it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pythonEnvironment } from '../../../.ci/python.ts';
import type { Assets } from '../../../src/assets/assets.ts';
import { defaultCacheDirectory } from '../../../src/assets/cacheDirectory.ts';
import { openInferencePaths } from '../../../src/core/openInference.ts';
import { makePlan } from '../../../src/core/planning.ts';
import type { Payload } from '../../../src/core/ports.ts';
import { serverCountersFrom } from '../../../src/core/prometheus.ts';
import { runCommand } from '../../../src/local/command.ts';
import { freePorts, loopbackAddress, loopbackRequest } from '../../../src/local/loopback.ts';
import type { Prepared } from '../../../src/local/prepare.ts';
import { makeRunDirectory } from '../../../src/local/runDirectory.ts';
import { placeModel, tritonCommand } from '../../../src/local/servers.ts';
import { ServerProcess } from '../../../src/local/serverProcess.ts';
import { resolveModel } from '../../../src/models/resolve.ts';
import { kept } from './install.ts';

export interface BenchTriton extends AsyncDisposable {
  /** host:port of its HTTP door. */
  readonly address: string;
  readonly modelName: string;
  /** Where requests of the Open Inference Protocol go. */
  readonly inferUrl: string;
  /** Rows that the model has answered so far, by Triton's own count. */
  inferences(): Promise<number>;
}

const never = new AbortController().signal;
const longestStartMs = 120_000;

/** @param prepared with a Triton */
export async function startTriton(
  modelDirectory: string,
  { prepared, assets, payload }: { readonly prepared: Prepared; readonly assets: Assets; readonly payload: Payload },
): Promise<BenchTriton> {
  const { triton } = prepared;
  if (triton === null || triton instanceof Error) throw new Error('There is no Triton on this machine.');
  const resolved = await resolveModel({ path: modelDirectory }, never);
  const plan = makePlan({
    model: resolved.model,
    triton: resolved.triton,
    topologies: ['triton'],
    target: { kind: 'local' },
    profile: 'quick',
    payload,
  });
  const [topology] = plan.topologies;
  if (topology === undefined) throw new Error('The plan has no topology.');
  const run = await makeRunDirectory(join(defaultCacheDirectory(), 'local-runs'));
  await placeModel(plan.model, resolved.modelPaths, join(run.path, 'model'));
  const [http = 0, grpc = 0, metrics = 0] = await freePorts(3);
  const parts = {
    plan,
    topology,
    assets,
    prepared,
    run,
    directory: run.path,
    modelDirectory: join(run.path, 'model'),
    // The load generators share the cores with it, whoever they are.
    pinned: false,
  };
  const server = await ServerProcess.start(await tritonCommand(parts, triton, { http, grpc, metrics }));
  const stop = async (): Promise<void> => {
    await server.stop();
    await run.remove();
  };
  try {
    await untilReady(server, http);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `${loopbackAddress}:${String(http)}`,
    modelName: plan.model.name,
    inferUrl: `http://${loopbackAddress}:${String(http)}${openInferencePaths.infer(plan.model.name)}`,
    async inferences() {
      const page = await loopbackRequest({ port: metrics, path: openInferencePaths.metrics, timeoutMs: 10_000 }, never);
      return serverCountersFrom({ front: null, triton: page.text }, plan.model.name).triton?.inferences ?? Number.NaN;
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function untilReady(server: ServerProcess, port: number): Promise<void> {
  const deadline = performance.now() + longestStartMs;
  for (;;) {
    const asked = { port, path: openInferencePaths.ready, timeoutMs: 2000 };
    const response = await loopbackRequest(asked, never).catch(() => undefined);
    if (response?.status === 200) return;
    if (server.ended || performance.now() > deadline) {
      const log = await readFile(server.logPath, 'utf8').catch(() => '');
      throw new Error(`Triton is not ready: ${log.trim().split('\n').slice(-4).join(' / ')}`);
    }
    await sleep(100);
  }
}

/**
 * A DistilBERT of full size with random weights (67 million parameters): the real model's cost, made on this machine.
 * @returns its folder
 */
export async function fullSizeModel(assets: Assets): Promise<string> {
  const tools = join(assets.servingDirectory, 'tools');
  const texts = await Promise.all(
    ['make_full_size_model.py', 'distilbert_graph.py'].map((name) => readFile(join(tools, name), 'utf8')),
  );
  const python = join(await pythonEnvironment(), 'bin', 'python');
  const folder = await kept('full-size-model', texts, async (partial) => {
    console.log('Making the full-size model (268 MB, once)');
    const command = [python, join(tools, 'make_full_size_model.py'), assets.tinyModelDirectory] as const;
    await runCommand('making the full-size model', [...command, join(partial, 'full-size')], () => undefined, never);
  });
  return join(folder, 'full-size');
}
