import { once } from 'node:events';
import type { LoadSpec, PhaseMeasurement } from '../core/load.ts';
import type { Phase } from '../core/plan.ts';
import { validityLimits } from '../core/validityLimits.ts';
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

/** Where the machine stood still in one of them, the next one is believed. */
const mostMeasurements = 3;

/** What the generator adds to each latency by itself, measured when it is first asked for. */
export interface Overheads {
  /** @param alarm of open loops */
  of(phase: Phase, alarm: Alarm | undefined, signal: AbortSignal): Promise<Overhead>;
}

/** A load of an endpoint that answers at once. */
export interface InstantLoad {
  run(durationSeconds: number): Promise<PhaseMeasurement>;
  end(): Promise<unknown>;
}

interface Loop {
  /** 0: a closed loop with one connection. */
  readonly ratePerSecond: number;
  readonly client: ClosedLoopClient;
  readonly alarm: Alarm | undefined;
}

/**
 * Latency of an endpoint that answers at once, measured here and now by the loops of the phases: what the generator adds by
 * itself. A closed loop runs with one connection, for more would wait for each other; an open one at the phase's rate,
 * within limits. TLS is left out: its price is the endpoint's, too.
 */
export function createOverheads(
  client: ClosedLoopClient,
  begin: (loop: Loop, signal: AbortSignal) => Promise<InstantLoad> = beginInstantLoad,
): Overheads {
  const known = new Map<number, Overhead>();
  return {
    async of(phase, alarm, signal) {
      const ratePerSecond = rateOf(phase);
      const before = known.get(ratePerSecond);
      if (before !== undefined) return before;
      const load = await begin({ ratePerSecond, client, alarm }, signal);
      try {
        const overhead = await measure(load, signal);
        if (overhead !== null) known.set(ratePerSecond, overhead);
        return overhead;
      } finally {
        await load.end();
      }
    },
  };
}

/** 0 for a closed loop. */
function rateOf(phase: Phase): number {
  if (phase.loop === 'closed') return 0;
  return Math.min(rateLimits.most, Math.max(rateLimits.least, phase.ratePerSecond));
}

/** It holds for every phase of the rate, so that a pause of the machine must not be taken for the generator's own. */
async function measure(load: InstantLoad, signal: AbortSignal): Promise<Overhead> {
  await load.run(warmUpSeconds);
  for (let measurements = 1; ; measurements += 1) {
    const measurement = await load.run(measuredSeconds);
    const { p50Ms, p95Ms } = measurement.latency;
    const isLast = measurements === mostMeasurements || signal.aborted;
    if (p50Ms !== null && (isLast || !stoodStill(measurement))) return { p50: p50Ms, p95: p95Ms };
    if (isLast) return null;
  }
}

function stoodStill({ generator, window }: PhaseMeasurement): boolean {
  return (generator.stalledMs ?? 0) > validityLimits.stalledShare * (window.endMs - window.startMs);
}

async function beginInstantLoad(loop: Loop, signal: AbortSignal): Promise<InstantLoad> {
  const responder = startThread({ role: 'responder' });
  const [port] = (await once(responder, 'message')) as [number];
  return {
    run: async (durationSeconds) =>
      (await runLoop(`http://127.0.0.1:${String(port)}/`, loop, durationSeconds, signal)).measurement,
    end: () => responder.terminate(),
  };
}

function runLoop(
  url: string,
  { ratePerSecond, client, alarm }: Loop,
  durationSeconds: number,
  signal: AbortSignal,
): Promise<EndedPhase> {
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
  const shared = { durationSeconds, timeoutMs: 1_000, requests: requestBytes(spec, {}), ...alone };
  if (ratePerSecond === 0 || alarm === undefined) {
    return runClosedLoopPhase({ url, connections: 1, client, ...shared }, endpoint, silent, signal);
  }
  const phase = { ratePerSecond, arrivals: 'poisson' as const, seed: spec.seed, maxInFlight: 64 };
  return runOpenLoopPhase({ ...phase, ...shared }, endpoint, alarm, silent, signal);
}

/** Nobody starts with it, and nobody is told of it. */
const alone = { startAtMs: null, tellsHistogram: false } as const;
const silent: PhaseListener = { started: () => undefined, snapshot: () => undefined };
