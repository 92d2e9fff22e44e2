import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultMaxInFlight } from '../../../src/core/phaseLoad.ts';
import type { LoadSpec, PhaseMeasurement } from '../../../src/core/load.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { heardOfWorker } from './heardOfWorker.ts';
import { loadSpec, openPhase } from './spec.ts';
import { startTimedServer } from './truthRun.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let workerPath: string;

beforeAll(async () => {
  server = await startTruthServer();
  workerPath = await workerBundle();
});
afterAll(() => server.stop());

const open = openPhase({ durationSeconds: 2 });

/** Runs the real worker and does something to it when its phase is about to start, and when it has started. */
async function measure(
  spec: LoadSpec,
  harm: { readonly before?: (worker: ChildProcess) => void; readonly during?: (worker: ChildProcess) => void },
): Promise<PhaseMeasurement> {
  const file = join(mkdtempSync(join(tmpdir(), 'topology-bench-provoked-')), 'spec.json');
  writeFileSync(file, JSON.stringify({ ...spec, gate: 'stdin' }));
  const worker = spawn(process.execPath, [workerPath, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { measurement } = await heardOfWorker(worker, (message) => {
    if (message.type === 'waiting') {
      const go = message.phase;
      const phase = spec.phases[go];
      if (phase !== undefined) harm.before?.(worker);
      const next = phase === undefined ? { next: 'end' } : { next: 'phase', phase, startAtMs: null };
      worker.stdin.write(`${JSON.stringify({ go, ...next })}\n`);
    }
    if (message.type === 'phase-started') harm.during?.(worker);
  });
  return measurement;
}

function refused(measurement: PhaseMeasurement, why: RegExp): void {
  const { valid, reasons } = judgeMeasurement(measurement);
  expect(valid).toBe(false);
  expect(reasons).toContainEqual(expect.stringMatching(why));
}

/** Stands a process still for `stopMs`, lets it go on for `goMs`, again and again. */
function stutter(worker: ChildProcess, stopMs: number, goMs: number): void {
  const stop = (): void => {
    if (worker.exitCode !== null || !worker.kill('SIGSTOP')) return;
    setTimeout(() => {
      worker.kill('SIGCONT');
      setTimeout(stop, goMs);
    }, stopMs);
  };
  stop();
}

/** Stands a process still once. */
function pause(worker: ChildProcess, afterMs: number, forMs: number): void {
  setTimeout(() => {
    if (worker.exitCode !== null || !worker.kill('SIGSTOP')) return;
    setTimeout(() => worker.kill('SIGCONT'), forMs);
  }, afterMs);
}

/** Where the groups of version 1, then 2, are made, and what gives one of them a fifth of a core. */
interface CpuGroups {
  readonly parent: string;
  readonly limit: Readonly<Record<string, string>>;
}

const cpuGroups: readonly CpuGroups[] = [
  {
    parent: '/sys/fs/cgroup/cpu',
    limit: { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '20000' },
  },
  { parent: '/sys/fs/cgroup', limit: { 'cpu.max': '20000 100000' } },
];

describe('what makes a measurement worthless, done to the real worker', () => {
  it('a generator that stood still once: one sample of 500, and all that was due meanwhile', async () => {
    const phase = openPhase({ durationSeconds: 5 });
    const measurement = await measure(loadSpec({ url: server.url('/ok?delay=2'), phases: [phase] }), {
      during: (worker) => {
        pause(worker, 2_000, 300);
      },
    });
    refused(measurement, /^the load generator was late: it stood still for \d+ ms of 5\d\d\d ms/);
    refused(measurement, /^the load generator was late: \d+ of the \d+ requests went out more than 10 ms after/);
    // 300 ms of 5 s, and whatever else this machine did.
    expect(measurement.generator.stalledMs).toBeGreaterThan(250);
    expect(measurement.generator.lateSends).toBeGreaterThan(0.04 * measurement.requests.sent);
  });

  it('a closed loop whose generator stood still once', async () => {
    const measurement = await measure(loadSpec({ url: server.url('/ok?delay=2'), durationSeconds: 2 }), {
      during: (worker) => {
        pause(worker, 800, 300);
      },
    });
    refused(measurement, /^the load generator was late: it stood still for \d+ ms of 2\d\d\d ms/);
    expect(measurement.generator.lateSends).toBeNull();
  });

  it('a generator that keeps its schedule late', async () => {
    const measurement = await measure(loadSpec({ url: server.url('/ok?delay=2'), phases: [open] }), {
      during: (worker) => {
        stutter(worker, 60, 4);
      },
    });
    refused(
      measurement,
      /^the load generator was late: median schedule delay \d+\.\d ms, and less than 10 ms is needed$/,
    );
    refused(measurement, /^the load generator was late: event-loop delay p99/);
    // Latency runs from the schedule, so the delay is part of it and not hidden.
    expect(measurement.latency.p50Ms).toBeGreaterThan(measurement.generator.scheduleDelay?.p50Ms ?? Infinity);
  });

  it('a closed loop whose event loop is blocked now and then', async () => {
    const measurement = await measure(loadSpec({ url: server.url('/ok?delay=2'), durationSeconds: 2 }), {
      during: (worker) => {
        stutter(worker, 60, 190);
      },
    });
    refused(measurement, /^the load generator was late: event-loop delay p99 \d+\.\d ms, the limit is 10 ms$/);
  });

  it('a server that is slower than the rate asked for', async () => {
    const slow = await startTimedServer({ kind: 'queue', ms: 10 });
    try {
      const measurement = await measure(
        loadSpec({
          url: `http://127.0.0.1:${String(slow.port)}/`,
          method: 'POST',
          bodies: ['1'],
          phases: [{ ...open, maxInFlight: 16, ratePerSecond: 400 }],
        }),
        {},
      );
      refused(measurement, /^the asked rate was not reached: \d+ of the \d+ requests scheduled were sent/);
    } finally {
      await slow.stop();
    }
  });

  it('a server that falls behind, with room for all that it leaves unanswered', async () => {
    const slow = await startTimedServer({ kind: 'queue', ms: 5 });
    try {
      const measurement = await measure(
        loadSpec({
          url: `http://127.0.0.1:${String(slow.port)}/`,
          method: 'POST',
          bodies: ['1'],
          phases: [{ ...open, maxInFlight: defaultMaxInFlight, ratePerSecond: 300, durationSeconds: 3 }],
        }),
        {},
      );
      expect(measurement.schedule?.unsent).toBe(0);
      refused(
        measurement,
        /^the asked rate was not reached: \d+ of the \d+ requests scheduled were unanswered at the end/,
      );
      refused(measurement, /^\d+\.\d% of the requests sent were unanswered at the end: .*; ask for a lower rate$/);
    } finally {
      await slow.stop();
    }
  });

  it("connections that wait for the generator, by Little's law", async () => {
    // Each socket is closed unanswered, so the loop pauses before it tries again: time that belongs to no request.
    const measurement = await measure(loadSpec({ url: server.url('/close?delay=1') }), {});
    refused(
      measurement,
      /^the connections were not kept busy: requests account for \d+\.\d% of their time \(Little's law\)/,
    );
  });

  it('a generator whose cgroup was throttled', async ({ skip }) => {
    // A machine has the CPU in groups of one version; the other's cpu.stat is read from made-up files (generatorHealth.test.ts).
    const tried = cpuGroups.map(({ parent, limit }) => makeCpuGroup(parent, limit));
    const made = tried.find((one) => 'group' in one);
    if (made === undefined) {
      skip(tried.map((one) => ('why' in one ? one.why : '')).join('; '));
      return;
    }
    try {
      const measurement = await measure(loadSpec({ url: server.url('/ok'), connections: 32, durationSeconds: 2 }), {
        before: (worker) => {
          writeFileSync(join(made.group, 'cgroup.procs'), String(worker.pid));
        },
      });
      expect(measurement.generator.throttledMs).toBeGreaterThan(100);
      refused(measurement, /^the load generator's CPU was throttled for \d+ ms of \d+ ms$/);
    } finally {
      rmdirSync(made.group);
    }
  });
});

/** A group of this machine; or why none can be made, as without root, or where the other version has the CPU. */
function makeCpuGroup(
  parent: string,
  limit: CpuGroups['limit'],
): { readonly group: string } | { readonly why: string } {
  const group = join(parent, `topology-bench-test-${String(process.pid)}`);
  try {
    mkdirSync(group);
  } catch (error) {
    return { why: `no group can be made in ${parent}: ${String(error)}` };
  }
  try {
    for (const [file, value] of Object.entries(limit)) {
      // In a group it is there already; elsewhere it would be made.
      if (!existsSync(join(group, file))) throw new Error(`${file} is not there`);
      writeFileSync(join(group, file), value);
    }
    return { group };
  } catch (error) {
    rmdirSync(group);
    return { why: `a group in ${parent} cannot be limited: ${String(error)}` };
  }
}
