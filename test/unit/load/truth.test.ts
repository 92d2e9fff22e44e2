import { beforeAll, describe, expect, it } from 'vitest';
import { defaultMaxInFlight } from '../../../src/core/phaseLoad.ts';
import { judgeMeasurement } from '../../../src/core/validity.ts';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { type Identity, selfSigned } from '../../support/selfSigned.ts';
import { isClose, mostRepetitions, quantileNames } from './truthTolerance.ts';
import {
  measuredOf,
  type Repetition,
  runTruthCase,
  slowerThanAsked,
  type TruthCase,
  truthCases,
  truthOf,
} from './truthRun.ts';
import { workerBundle } from './worker-bundle.ts';

let driver: LocalLoadDriver;

beforeAll(async () => {
  driver = createLoadDriver({ workerPath: await workerBundle() });
});

const durationSeconds = 2;
const repetitions = 2;
/** Each is of two repetitions; the first alone is enough on a quiet machine. */
const mostTries = mostRepetitions / repetitions;

async function expectTrue(
  truthCase: TruthCase,
  loop: 'open' | 'closed',
  identity?: Identity,
): Promise<readonly Repetition[]> {
  const found: Repetition[] = [];
  const far = (): string[] =>
    quantileNames.filter((quantile) => !found.some((repetition) => isClose(repetition, loop, quantile)));
  for (let tries = 0; tries < mostTries && (tries === 0 || far().length > 0); tries += 1) {
    const options = { driver, repetitions, durationSeconds, ...(identity === undefined ? {} : { identity }) };
    found.push(...(await runTruthCase(truthCase, loop, options)));
  }
  expect(far(), JSON.stringify(found.map((one) => ({ truth: truthOf(one), measured: measuredOf(one) })))).toEqual([]);
  return found;
}

/** Every request is accounted for, by what the server did to it. */
function expectCounted({ measured, entries }: Repetition): void {
  const { requests, errorsByKind } = measured;
  const faults = Object.values(errorsByKind).reduce((sum, count) => sum + count, 0);
  const unanswered = entries.filter((entry) => entry.status !== 200).length;
  expect(requests.sent).toBe(requests.ok + requests.errors + requests.inFlight);
  expect(faults).toBeLessThanOrEqual(unanswered);
  expect(faults).toBeGreaterThanOrEqual(unanswered - requests.inFlight);
}

const kinds: Readonly<Record<string, string>> = {
  '10 % never answered': 'timeout',
  '10 % reset': 'ECONNRESET',
  '10 % closed unanswered': 'closed without an answer',
  '10 % answered 500': 'HTTP 500',
};

describe('the instrument against a server that knows the truth', () => {
  it.each(truthCases.map((truthCase): [string, TruthCase] => [truthCase.name, truthCase]))(
    'open loop, %s: latency from the schedule to the last byte',
    async (name, truthCase) => {
      const found = await expectTrue(truthCase, 'open');
      for (const repetition of found) {
        expectCounted(repetition);
        const kind = kinds[name];
        expect(Object.keys(repetition.measured.errorsByKind)).toEqual(kind === undefined ? [] : [kind]);
      }
    },
  );

  it.each(
    truthCases.flatMap((truthCase): [string, TruthCase][] =>
      truthCase.connections === null ? [] : [[truthCase.name, truthCase]],
    ),
  )('closed loop, %s: what the server logged', async (_name, truthCase) => {
    const found = await expectTrue(truthCase, 'closed');
    for (const repetition of found) expectCounted(repetition);
  });

  it('open loop over TLS', async () => {
    const identity = selfSigned({ ip: [127, 0, 0, 1] });
    const [constant] = truthCases;
    if (constant === undefined) throw new Error('there are no cases');
    await expectTrue(constant, 'closed', identity);
    await expectTrue(constant, 'open', identity);
  });

  it.each([64, defaultMaxInFlight])('refuses a server that is slower than asked, with room for %d', async (room) => {
    const [found] = await runTruthCase({ ...slowerThanAsked, maxInFlight: room }, 'open', {
      driver,
      repetitions: 1,
      durationSeconds,
    });
    if (found === undefined) throw new Error('nothing was measured');
    expectCounted(found);
    const { valid, reasons } = judgeMeasurement(found.measured);
    expect(valid).toBe(false);
    expect(reasons).toContainEqual(expect.stringMatching(/^the asked rate was not reached: \d+ of the \d+ requests/));
  });

  it('a stall of the server is the wait of everyone who was due in it', async () => {
    const stall = truthCases.find(({ service }) => service.kind === 'stall');
    if (stall === undefined) throw new Error('there is no stall');
    const [once] = await runTruthCase(stall, 'open', { driver, repetitions: 1, durationSeconds: 3 });
    if (once === undefined) throw new Error('nothing was measured');
    const { latency } = once.measured;
    // The stall of 1 s meets a third of all requests, which wait up to 1 s.
    expect(latency.p95Ms).toBeGreaterThan(700);
    expect(latency.maxMs).toBeGreaterThan(950);
    // The server's own log, from the read of a request to its answer, sees nothing of it.
    const logged = once.entries.map((entry) => (entry.answeredMs ?? 0) - entry.arrivedMs).sort((a, b) => a - b);
    expect(logged[Math.floor(logged.length * 0.95)]).toBeLessThan(500);
  });
});
