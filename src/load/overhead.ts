import { once } from 'node:events';
import type { LoadSpec, PhaseMeasurement } from '../core/load.ts';
import type { Phase } from '../core/plan.ts';
import type { Alarm } from './alarm.ts';
import { type ClosedLoopClient, runClosedLoopPhase } from './closedLoopPhase.ts';
import { openEndpoint } from './endpoint.ts';
import { runOpenLoopPhase } from './openLoopPhase.ts';
import type { EndedPhase, PhaseListener } from './phase.ts';
import { requestBytes } from './requestBytes.ts';
import { startThread } from './threads.ts';

export type Overhead = PhaseMeasurement['generator']['overheadMs'];

const warmUpSeconds = 0.15;
const measuredSeconds = 0.5;
/** Enough requests for a p95 at the one end, nothing that a small machine could not do at the other. */
const rateLimits = { least: 250, most: 1000 };

/** What the generator adds to each latency by itself, measured when it is first asked for. */
export interface Overheads {
  /** @param alarm of open loops */
  of(phase: Phase, alarm: Alarm | undefined, signal: AbortSignal): Promise<Overhead>;
}

/**
 * Latency of an endpoint that answers at once, measured here and now by the loops of the phases: what the generator adds by
 * itself. A closed loop runs with one connection, for more would wait for each other; an open one at the phase's rate,
 * within limits. TLS is left out: its price is the endpoint's, too.
 */
export function createOverheads(client: ClosedLoopClient): Overheads {
  const known = new Map<number, Overhead>();
  return {
    async of(phase, alarm, signal) {
      const rate = rateOf(phase);
      const before = known.get(rate);
      if (before !== undefined) return before;
      const responder = startThread({ role: 'responder' });
      try {
        const [port] = (await once(responder, 'message')) as [number];
        const overhead = await measureOne(`http://127.0.0.1:${String(port)}/`, rate, { client, alarm }, signal);
        known.set(rate, overhead);
        return overhead;
      } finally {
        await responder.terminate();
      }
    },
  };
}

/** 0 for a closed loop. */
function rateOf(phase: Phase): number {
  if (phase.loop === 'closed') return 0;
  return Math.min(rateLimits.most, Math.max(rateLimits.least, phase.ratePerSecond));
}

async function measureOne(
  url: string,
  ratePerSecond: number,
  { client, alarm }: { readonly client: ClosedLoopClient; readonly alarm: Alarm | undefined },
  signal: AbortSignal,
): Promise<Overhead> {
  const spec: Pick<LoadSpec, 'url' | 'tls' | 'method' | 'headers' | 'secretHeader' | 'bodies' | 'seed'> = {
    url,
    tls: null,
    method: 'GET',
    headers: {},
    secretHeader: null,
    bodies: [],
    seed: 1,
  };
  const endpoint = openEndpoint(spec);
  const requests = requestBytes(spec, {});
  const timeoutMs = 1_000;
  const run = (durationSeconds: number): Promise<EndedPhase> => {
    if (ratePerSecond === 0 || alarm === undefined) {
      const phase = { url, connections: 1, durationSeconds, timeoutMs, requests, client, ...alone };
      return runClosedLoopPhase(phase, endpoint, silent, signal);
    }
    const phase = { ratePerSecond, arrivals: 'poisson' as const, seed: spec.seed, maxInFlight: 64 };
    return runOpenLoopPhase(
      { ...phase, durationSeconds, timeoutMs, requests, ...alone },
      endpoint,
      alarm,
      silent,
      signal,
    );
  };
  await run(warmUpSeconds);
  const { latency } = (await run(measuredSeconds)).measurement;
  return latency.p50Ms === null ? null : { p50: latency.p50Ms, p95: latency.p95Ms };
}

/** Nobody starts with it, and nobody is told of it. */
const alone = { startAtMs: null, tellsHistogram: false } as const;
const silent: PhaseListener = { started: () => undefined, snapshot: () => undefined };
