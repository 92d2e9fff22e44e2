import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { expectSnapshots } from './expectSnapshots.ts';
import { heardOfWorker } from './heardOfWorker.ts';
import { loadSpec, openPhase } from './spec.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let workerPath: string;

beforeAll(async () => {
  server = await startTruthServer();
  workerPath = await workerBundle();
});
afterAll(() => server.stop());

const hour = 3_600_000;
const seconds = 3;
/** What pauses of the machine may add to a phase and to a latency: far less than the clock is set by. */
const mostPausesMs = 60_000;
const closed: Phase = { name: 'load', kind: 'measured', loop: 'closed', connections: 4, durationSeconds: seconds };
const open = openPhase({ durationSeconds: seconds });

/** The real worker, whose clock is set in the middle of its phase. */
async function measure(
  phase: Phase,
  jumpMs: number,
): Promise<{ measurement: PhaseMeasurement; elapsedMs: number[]; tookMs: number }> {
  const file = join(mkdtempSync(join(tmpdir(), 'topology-bench-clock-')), 'spec.json');
  writeFileSync(file, JSON.stringify(loadSpec({ url: server.url('/ok?delay=5'), phases: [phase] })));
  const worker = spawn(process.execPath, ['--require', join(import.meta.dirname, 'clockJump.cjs'), workerPath, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], CLOCK_JUMP_MS: String(jumpMs) },
  });
  let startedAt = 0;
  let tookMs = 0;
  let wasSet = false;
  const { messages, measurement, code } = await heardOfWorker(worker, (message) => {
    if (message.type === 'phase-started') startedAt = performance.now();
    if (message.type === 'snapshot' && !wasSet) wasSet = worker.kill('SIGUSR2');
    if (message.type === 'phase-ended') tookMs = performance.now() - startedAt;
  });
  expect(code).toBe(0);
  const elapsedMs = messages.flatMap((message) => (message.type === 'snapshot' ? [message.snapshot.elapsedMs] : []));
  return { measurement, elapsedMs, tookMs };
}

describe('a clock that is set in the middle of a phase, done to the real worker', () => {
  it.each<[string, Phase, number]>([
    ['back, closed loop', closed, -hour],
    ['back, open loop', open, -hour],
    ['ahead, closed loop', closed, hour],
    ['ahead, open loop', open, hour],
  ])('changes no number, and is told: %s', async (_name, phase, jumpMs) => {
    const { measurement, elapsedMs, tookMs } = await measure(phase, jumpMs);
    const { window, latency, requests, timeSeries, generator } = measurement;
    expect(Math.abs(generator.clockShiftMs ?? 0)).toBeGreaterThan(hour - 1_000);
    expect(Math.sign(generator.clockShiftMs ?? 0)).toBe(Math.sign(jumpMs));
    const lengthMs = window.endMs - window.startMs;
    expect(lengthMs).toBeGreaterThan(seconds * 1_000 - 1);
    expect(lengthMs).toBeLessThan(seconds * 1_000 + mostPausesMs);
    expect(tookMs).toBeLessThan(seconds * 1_000 + mostPausesMs);
    expect(measurement.rps).toBeCloseTo((requests.ok * 1_000) / lengthMs, 2);
    expect(latency.p50Ms).toBeGreaterThan(4);
    expect(latency.maxMs).toBeLessThan(mostPausesMs);
    expect(requests.errors).toBe(0);
    expectSnapshots(elapsedMs, 2, generator.stalledMs);
    // A second without answers is one in which the generator or the server stood still, whatever the wall clock says.
    const stoodStillMs = Math.max(generator.stalledMs ?? 0, latency.maxMs ?? 0);
    expect(timeSeries.filter(({ ok }) => ok <= 50).length).toBeLessThanOrEqual(Math.round(stoodStillMs / 1_000));
    const told = judgeMeasurement(measurement).caveats.filter((caveat) => caveat.includes('clock'));
    expect(told).toEqual([expect.stringMatching(/clock (was set back|went ahead) by (3600\.0|3599\.9) s meanwhile/)]);
  });

  it('that nobody sets is not told of', async () => {
    const { measurement } = await measure(closed, 0);
    expect(Math.abs(measurement.generator.clockShiftMs ?? 1_000)).toBeLessThan(100);
    expect(judgeMeasurement(measurement).caveats.join('\n')).not.toContain('clock');
  });
});
