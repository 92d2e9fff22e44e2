import type { PhaseMeasurement, PhaseSnapshot } from '../core/load.ts';
import { startAutocannon } from './autocannon.ts';
import { watchGenerator } from './generatorHealth.ts';
import { LoadConnection } from './loadConnection.ts';
import { createPhaseRecorder, type PhaseRecorder } from './phaseRecorder.ts';

/** Longest wait for all sockets to open before the first request goes out. */
const longestOpeningMs = 2_000;
/** Longest wait for the answers in flight when a phase has ended. They are not counted; the next phase starts on an idle server. */
const longestDrainMs = 1_000;

export interface ClosedLoopPhase {
  readonly url: string;
  readonly connections: number;
  readonly durationSeconds: number;
  readonly timeoutMs: number;
  /** The requests as bytes; sent one after the other, whichever connection is next, from the first one again after the last. */
  readonly requests: readonly Buffer[];
}

export interface PhaseListener {
  /** Unix time in milliseconds. */
  started(startMs: number): void;
  snapshot(snapshot: PhaseSnapshot): void;
}

/**
 * One closed-loop phase: every connection sends its next request when the last one is answered. The window runs from the
 * first request, sent on open connections, until the duration is over or the signal is aborted, and not a tick longer.
 * Latency is from the sending of a request to its answer's last byte.
 */
export async function runClosedLoopPhase(
  phase: ClosedLoopPhase,
  listener: PhaseListener,
  signal: AbortSignal,
): Promise<PhaseMeasurement> {
  const recorder = createPhaseRecorder(phase.connections);
  const connections: LoadConnection[] = [];
  const nextRequest = rotation(phase.requests);
  const ended = startAutocannon({
    url: phase.url,
    connections: phase.connections,
    setupConnection: (client) => {
      connections.push(new LoadConnection(client, { nextRequest, timeoutMs: phase.timeoutMs, observer: recorder }));
    },
  });
  // With fewer, autocannon has refused the options, and says why by rejecting.
  if (connections.length < phase.connections) await ended;
  try {
    await withinMs(Promise.all(connections.map((connection) => connection.opened)), longestOpeningMs, signal);
    const measurement = await measure(phase, connections, recorder, listener, signal);
    for (const connection of connections) connection.drain();
    await drained(connections, signal);
    return measurement;
  } finally {
    for (const connection of connections) connection.end();
    await ended;
  }
}

async function measure(
  phase: ClosedLoopPhase,
  connections: readonly LoadConnection[],
  recorder: PhaseRecorder,
  listener: PhaseListener,
  signal: AbortSignal,
): Promise<PhaseMeasurement> {
  const health = watchGenerator();
  const startMs = Date.now();
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
  const { littlesLawResidual, ...recorded } = recorder.finish(elapsedMs, waitingMs);
  // The start is the wall clock's, the length the steady clock's: a clock set meanwhile changes no rate.
  const window = { startMs, endMs: startMs + elapsedMs };
  return { window, ...recorded, generator: { ...health(), littlesLawResidual } };
}

/** Calls `tick` at each whole second, without drift; resolves when `durationMs` is over or the signal is aborted. */
function eachSecond(
  startedAt: number,
  durationMs: number,
  signal: AbortSignal,
  tick: (elapsedMs: number) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let nextTickMs = 1000;
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const wait = (): void => {
      const elapsedMs = performance.now() - startedAt;
      timer = setTimeout(next, Math.max(0, Math.min(nextTickMs, durationMs) - elapsedMs));
    };
    const next = (): void => {
      const elapsedMs = performance.now() - startedAt;
      // A timer may fire a fraction of a millisecond early.
      if (elapsedMs >= durationMs - 0.5) {
        end();
        return;
      }
      if (elapsedMs >= nextTickMs - 0.5) {
        tick(elapsedMs);
        nextTickMs = (Math.floor((elapsedMs + 0.5) / 1000) + 1) * 1000;
      }
      wait();
    };
    if (signal.aborted) {
      resolve();
      return;
    }
    signal.addEventListener('abort', end);
    wait();
  });
}

async function drained(connections: readonly LoadConnection[], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + longestDrainMs;
  while (!signal.aborted && performance.now() < deadline) {
    if (connections.every((connection) => connection.waitingSinceMs() === undefined)) return;
    await withinMs(undefined, 5, signal);
  }
}

/** Resolves with the promise, after `milliseconds`, or when the signal is aborted, whichever is first. */
async function withinMs(
  promise: Promise<unknown> | undefined,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    void promise?.then(end, end);
  });
}

function rotation(requests: readonly Buffer[]): () => Buffer {
  const [first] = requests;
  if (first === undefined) throw new Error('There is no request to send.');
  if (requests.length === 1) return () => first;
  let next = 0;
  return () => {
    const request = requests[next] ?? first;
    next = next + 1 === requests.length ? 0 : next + 1;
    return request;
  };
}
