import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { carryOut, listen, loadSpec, openPhase } from './spec.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

let server: TruthServer;
let driver: LocalLoadDriver;

beforeAll(async () => {
  server = await startTruthServer();
  driver = createLoadDriver({ workerPath: await workerBundle() });
});
afterAll(() => server.stop());

const durationSeconds = 0.3;
const loops: readonly [string, Phase][] = [
  ['open loop', openPhase({ ratePerSecond: 40, durationSeconds })],
  ['closed loop', { name: 'load', kind: 'measured', loop: 'closed', connections: 4, durationSeconds }],
];

/** Two phases of the same load, one after the other. */
async function twice(path: string, phase: Phase, parts: Parameters<typeof loadSpec>[0]): Promise<PhaseMeasurement[]> {
  const heard = listen();
  const spec = loadSpec({ url: server.url(path), phases: [phase, phase], ...parts });
  await carryOut(driver, spec, {}, heard, new AbortController().signal);
  return heard.ended;
}

describe.each(loops)('an endpoint whose answers are awaited, %s', (_loop, phase) => {
  it('owes the next phase nothing when it answers late', async () => {
    const [first, second] = await twice('/ok?delay=1600', phase, { awaitsAnswers: true });
    expect(first?.requests.inFlight).toBeGreaterThan(0);
    expect(second?.generator.givenUpBefore).toBe(0);
  });

  it('is said to owe answers that never came', async () => {
    const [first, second] = await twice('/hang', phase, { awaitsAnswers: true, timeoutMs: 500 });
    expect(first?.generator.givenUpBefore).toBe(0);
    const owed = first?.requests.inFlight ?? 0;
    expect(owed).toBeGreaterThan(0);
    expect(second?.generator.givenUpBefore).toBe(owed);
    if (second === undefined) throw new Error('there was no second phase');
    expect(judgeMeasurement(second).caveats).toContainEqual(
      expect.stringMatching(
        new RegExp(`^${String(owed)} requests? of the phase before w(?:ere|as) never answered`, 'u'),
      ),
    );
  });

  it('whose counters tell more is not waited for so long, and nothing is said of it', async () => {
    const [, second] = await twice('/hang', phase, { timeoutMs: 60_000 });
    expect(second?.generator.givenUpBefore).toBeNull();
  });
});
