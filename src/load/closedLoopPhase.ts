import type { PhaseMeasurement } from '../core/load.ts';
import { startAutocannon } from './autocannon.ts';
import type { Endpoint } from './endpoint.ts';
import { watchGenerator } from './generatorHealth.ts';
import { LoadConnection, type RequestObserver } from './loadConnection.ts';
import {
  drained,
  eachSecond,
  type EndedPhase,
  longestOpeningMs,
  type PhaseListener,
  rotation,
  untilMoment,
  withinMs,
} from './phase.ts';
import { createPhaseRecorder, type PhaseRecorder } from './phaseRecorder.ts';
import { HttpLoadConnection } from './httpLoadConnection.ts';
import { watchWallClock, type WallClockWatch } from './wallClock.ts';

export interface ClosedLoopPhase {
  readonly url: string;
  readonly connections: number;
  readonly durationSeconds: number;
  readonly timeoutMs: number;
  readonly awaitsAnswers?: boolean;
  /** Unix time in milliseconds of the first request, for several generators that start together; null: at once. */
  readonly startAtMs: number | null;
  /** Whether snapshots carry the histogram, for the generators' to be added up. */
  readonly tellsHistogram: boolean;
  /** The requests as bytes; sent one after the other, whichever connection is next, from the first one again after the last. */
  readonly requests: readonly Buffer[];
  readonly client: ClosedLoopClient;
}

/** autocannon drives http; https, which it never verifies, goes through connections of our own. */
export type ClosedLoopClient = 'autocannon' | 'own';

/** A connection that sends its next request when the last one is answered. */
export interface ClosedLoopConnection {
  /** Resolves when the socket is open, or could not be opened; never rejects. */
  readonly opened: Promise<void>;
  /** When the unanswered request was sent, by performance.now(); undefined when there is none. */
  waitingSinceMs(): number | undefined;
  /** Sends the first request, and from then on one after each answer. */
  begin(): void;
  /** Sends nothing more; an answer on its way may still arrive. */
  drain(): void;
  end(): void;
}

/**
 * One closed-loop phase: every connection sends its next request when the last one is answered. The window runs from the
 * first request, sent on open connections, until the duration is over or the signal is aborted, and not a tick longer.
 * Latency is from the sending of a request to its answer's last byte.
 */
export async function runClosedLoopPhase(
  phase: ClosedLoopPhase,
  endpoint: Endpoint,
  listener: PhaseListener,
  signal: AbortSignal,
): Promise<EndedPhase> {
  const recorder = createPhaseRecorder(phase.connections, phase.durationSeconds, phase.tellsHistogram);
  const { connections, ended } =
    phase.client === 'own' ? openOwn(phase, endpoint, recorder) : await openAutocannon(phase, recorder);
  try {
    await withinMs(Promise.all(connections.map((connection) => connection.opened)), longestOpeningMs, signal);
    const wallClock = watchWallClock();
    await untilMoment(phase.startAtMs, signal);
    const measurement = await measure(phase, connections, { recorder, wallClock, listener }, signal);
    for (const connection of connections) connection.drain();
    const inFlight = (): number => connections.filter((connection) => connection.waitingSinceMs() !== undefined).length;
    await drained(() => inFlight() === 0, phase, signal);
    return { measurement, givenUp: inFlight() + recorder.timeoutsSinceEnd() };
  } finally {
    for (const connection of connections) connection.end();
    await ended;
  }
}

interface Opened {
  readonly connections: readonly ClosedLoopConnection[];
  /** Resolves when every connection has ended. */
  readonly ended: Promise<unknown>;
}

async function openAutocannon(phase: ClosedLoopPhase, observer: RequestObserver): Promise<Opened> {
  const connections: ClosedLoopConnection[] = [];
  const nextRequest = rotation(phase.requests);
  const ended = startAutocannon({
    url: phase.url,
    connections: phase.connections,
    setupConnection: (client) => {
      connections.push(new LoadConnection(client, { nextRequest, timeoutMs: phase.timeoutMs, observer }));
    },
  });
  // With fewer, autocannon has refused the options, and says why by rejecting.
  if (connections.length < phase.connections) await ended;
  return { connections, ended };
}

function openOwn(phase: ClosedLoopPhase, endpoint: Endpoint, observer: RequestObserver): Opened {
  const { timeoutMs } = phase;
  const nextRequest = rotation(phase.requests);
  const connections = Array.from(
    { length: phase.connections },
    () => new HttpLoadConnection(endpoint, { nextRequest, timeoutMs, observer }),
  );
  return { connections, ended: Promise.resolve() };
}

async function measure(
  phase: ClosedLoopPhase,
  connections: readonly ClosedLoopConnection[],
  parts: { readonly recorder: PhaseRecorder; readonly wallClock: WallClockWatch; readonly listener: PhaseListener },
  signal: AbortSignal,
): Promise<PhaseMeasurement> {
  const { recorder, wallClock, listener } = parts;
  const health = watchGenerator();
  const startMs = wallClock.now();
  const startedAt = performance.now();
  listener.started(startMs);
  for (const connection of connections) connection.begin();
  await eachSecond(startedAt, phase.durationSeconds * 1000, signal, (elapsedMs) => {
    listener.snapshot(recorder.tick(elapsedMs));
  });
  const endedAt = performance.now();
  const waitingMs = connections
    .map((connection) => connection.waitingSinceMs())
    .filter((since) => since !== undefined)
    .map((since) => endedAt - since);
  const elapsedMs = endedAt - startedAt;
  // Before the phase is encoded, which is work of the generator, but not of the load.
  const seen = health();
  const { littlesLawResidual, scheduleDelay, lateSends, ...recorded } = recorder.finish(elapsedMs, waitingMs);
  // The start is the wall clock's, the length the steady clock's: a clock set meanwhile changes no rate.
  const window = { startMs, endMs: startMs + elapsedMs };
  const generator = {
    ...seen,
    littlesLawResidual,
    scheduleDelay,
    lateSends,
    overheadMs: null,
    connectionsOpened: null,
    clockShiftMs: wallClock.shiftMs(),
    givenUpBefore: null,
    team: null,
  };
  return { window, ...recorded, generator };
}
