import { beforeAll, describe, expect, it } from 'vitest';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { type Identity, selfSigned } from '../../support/selfSigned.ts';
import {
  measuredOf,
  type Quantiles,
  type Repetition,
  runTruthCase,
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
const mostTries = 4;

/**
 * How far a measurement may be from the truth: a share of it or milliseconds, whichever is more. A pause of the machine adds
 * to what is measured and never takes from it, and server, generator and test share its cores. So each quantile is repeated
 * until one repetition is as close as this; an engine that counts wrongly is further off in every one of them. The closed loop
 * gets more room: its connections are answered at the same moment, and the last of them waits for the others on both sides.
 */
const tolerances = {
  open: { p50: { share: 0.01, ms: 0.5 }, p95: { share: 0.01, ms: 1 }, p99: { share: 0.03, ms: 3 } },
  closed: { p50: { share: 0.01, ms: 1 }, p95: { share: 0.01, ms: 1.5 }, p99: { share: 0.03, ms: 3 } },
} as const;
const quantiles = ['p50', 'p95', 'p99'] as const;

async function expectTrue(
  truthCase: TruthCase,
  loop: 'open' | 'closed',
  identity?: Identity,
): Promise<readonly Repetition[]> {
  const found: Repetition[] = [];
  const far = (): string[] => quantiles.filter((quantile) => !isClose(found, loop, quantile));
  for (let tries = 0; tries < mostTries && (tries === 0 || far().length > 0); tries += 1) {
    const options = { driver, repetitions, durationSeconds, ...(identity === undefined ? {} : { identity }) };
    found.push(...(await runTruthCase(truthCase, loop, options)));
  }
  expect(far(), JSON.stringify(found.map((one) => ({ truth: truthOf(one), measured: measuredOf(one) })))).toEqual([]);
  return found;
}

function isClose(found: readonly Repetition[], loop: 'open' | 'closed', quantile: keyof Quantiles): boolean {
  const { share, ms } = tolerances[loop][quantile];
  return found.some((repetition) => {
    const truth = truthOf(repetition)[quantile];
    const measured = measuredOf(repetition)[quantile];
    // With too few successes for a quantile none is told.
    if (Number.isNaN(measured)) return repetition.measured.requests.ok < 459;
    return Math.abs(measured - truth) <= Math.max(share * truth, ms);
  });
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
