import { mkdtempSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { openAssets } from '../../src/assets/assets.ts';
import type { PhaseMeasurement } from '../../src/core/load.ts';
import { inferenceRequestBody } from '../../src/core/openInference.ts';
import type { Phase, Plan, TopologyName } from '../../src/core/plan.ts';
import { makePlan } from '../../src/core/planning.ts';
import type { DeployProgress, Deployment, ServerCounters, Target } from '../../src/core/ports.ts';
import { createLoadDriver } from '../../src/load/driver.ts';
import { createLocalTarget } from '../../src/local/target.ts';
import { resolveModel } from '../../src/models/resolve.ts';

export const root = resolve(import.meta.dirname, '..', '..');
export const assets = openAssets(root, 'test');
/** Of these tests alone, so that they can count what is in it; a child process of a test uses its parent's. */
export const runsDirectory = process.env['TOPOLOGY_BENCH_TEST_RUNS'] ?? ownRunsDirectory();
export const never = new AbortController().signal;

export interface Bench {
  readonly plan: Plan;
  readonly target: Target;
  /** What the target reported, in order. */
  readonly said: string[];
  readonly progress: DeployProgress;
  deploy(name: TopologyName, signal?: AbortSignal): Promise<Deployment>;
}

/** A local target with its plan, past preflight. */
export async function openBench(options: { modelPath?: string; plan?: (plan: Plan) => Plan } = {}): Promise<Bench> {
  const resolved = await resolveModel({ path: options.modelPath ?? assets.tinyModelDirectory }, never);
  const defaults = makePlan({
    model: resolved.model,
    triton: resolved.triton,
    topologies: ['fastapi', 'triton', 'hybrid'],
    target: { kind: 'local' },
    profile: 'quick',
    payload: await assets.payload(),
  });
  const plan = options.plan?.(defaults) ?? defaults;
  const said: string[] = [];
  const target = createLocalTarget({
    assets,
    loadDriver: createLoadDriver({ workerPath: assets.workerPath }),
    modelPaths: resolved.modelPaths,
    runsDirectory,
    log: (line) => said.push(line),
  });
  const progress: DeployProgress = {
    stage: (stage) => said.push(stage),
    status: (message) => said.push(message),
    upload: () => undefined,
    warning: (message) => said.push(message),
  };
  await target.preflight(plan, '20261122-000000-0000', progress, never);
  return {
    plan,
    target,
    said,
    progress,
    deploy(name, signal = never) {
      const topology = plan.topologies.find((candidate) => candidate.name === name);
      if (topology === undefined) throw new Error(`no ${name} in the plan`);
      return target.deploy(plan, topology, progress, signal);
    },
  };
}

/** The first texts of the payload that have no identifiers in them, so that all three topologies are given the same. */
export async function plainTexts(count: number): Promise<string[]> {
  const { texts } = await assets.payload();
  return texts
    .filter((entry) => !entry.identifiers)
    .slice(0, count)
    .map((entry) => entry.text);
}

export function requestsOf(texts: readonly string[]): string[] {
  return texts.map((text) => inferenceRequestBody([text]));
}

/** One phase of load, with the servers' counters before and after it, as the engine reads them. */
export async function loadOnce(
  deployment: Deployment,
  connections: number,
  bodies: string[],
): Promise<{ measurement: PhaseMeasurement; before: ServerCounters; after: ServerCounters }> {
  const before = await deployment.counters(never);
  const measurements: PhaseMeasurement[] = [];
  await deployment.load(
    {
      bodies,
      seed: 7,
      timeoutMs: 20_000,
    },
    {
      running: () => undefined,
      nextPhase: async (index) => (index === 0 ? measuredPhase(connections, 3) : null),
      phaseEnded: (_, measurement) => {
        measurements.push(measurement);
        return Promise.resolve();
      },
      snapshot: () => undefined,
      warning: (message) => {
        throw new Error(message);
      },
    },
    never,
  );
  const [measurement] = measurements;
  if (measurement === undefined) throw new Error('the load ended without a measurement');
  return { measurement, before, after: await countersAtRest(deployment) };
}

/** What was in flight at the end of a load is answered a moment later, and counted by one server before the other. */
async function countersAtRest(deployment: Deployment): Promise<ServerCounters> {
  for (let before = await deployment.counters(never); ;) {
    await sleep(200);
    const now = await deployment.counters(never);
    if (isDeepStrictEqual(now, before)) return now;
    before = now;
  }
}

export function measuredPhase(connections: number, durationSeconds: number): Phase {
  return { name: `c${String(connections)}`, kind: 'measured', loop: 'closed', connections, durationSeconds };
}

/** Processes of these tests' runs, by their environment. */
export async function serverProcesses(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = await readFile(`/proc/${name}/environ`, 'latin1');
      if (!`\0${environment}`.includes(`\0TOPOLOGY_BENCH_RUN_DIRECTORY=${runsDirectory}`)) continue;
      const command = await readFile(`/proc/${name}/cmdline`, 'latin1');
      found.push(`${name}: ${command.replaceAll('\0', ' ').slice(0, 200)}`);
    } catch {
      // It has ended in the meantime.
    }
  }
  return found;
}

/** Waits until there are none; returns those that are still there in the end. */
export async function remainingProcesses(patienceMs: number): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await serverProcesses();
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(100);
  }
}

export async function withFolder<Result>(action: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'topology-bench-test-'));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function ownRunsDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'topology-bench-runs-'));
  process.env['TOPOLOGY_BENCH_TEST_RUNS'] = folder;
  return folder;
}

/** To be called after a file's last test: what is in the folder then was left behind and is looked at first. */
export async function removeRunsDirectory(): Promise<void> {
  const left = await readdir(runsDirectory);
  await rm(runsDirectory, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`runs left behind: ${left.join(', ')}`);
}
