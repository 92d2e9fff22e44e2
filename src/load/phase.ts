import { longestStartWaitMs, type LoadSpec, type PhaseMeasurement, type PhaseSnapshot } from '../core/load.ts';
import { msUntil } from './wallClock.ts';

/** Longest wait for all sockets to open before the first request goes out. */
export const longestOpeningMs = 2_000;
/** Longest wait for the answers in flight when a phase has ended. They are not counted; the next phase starts on an idle server. */
const briefDrainMs = 1_000;
/** Timers are late now and then: a request is given this much longer to run into its timeout. */
const timeoutSlackMs = 500;

/** A phase that is over: nothing is on its way any more, or what is was given up. */
export interface EndedPhase {
  readonly measurement: PhaseMeasurement;
  /** Requests in flight at its end that were not answered afterwards either. */
  readonly givenUp: number;
}

export interface PhaseListener {
  /** Unix time in milliseconds. */
  started(startMs: number): void;
  snapshot(snapshot: PhaseSnapshot): void;
}

/**
 * Resolves at the moment, by this machine's clock as it stands now, or at once when it has passed or none is given; after
 * longestStartWaitMs at the latest.
 */
export async function untilMoment(atMs: number | null, signal: AbortSignal): Promise<void> {
  if (atMs === null) return;
  const inMs = Math.min(msUntil(atMs), longestStartWaitMs);
  if (inMs > 0) await withinMs(undefined, inMs, signal);
}

/** Calls `tick` at each whole second, without drift; resolves when `durationMs` is over or the signal is aborted. */
export function eachSecond(
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

/** Resolves when nothing is in flight, or has been waited for long enough. */
export async function drained(
  idle: () => boolean,
  { awaitsAnswers, timeoutMs }: Pick<LoadSpec, 'awaitsAnswers' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + (awaitsAnswers === true ? timeoutMs + timeoutSlackMs : briefDrainMs);
  while (!signal.aborted && performance.now() < deadline) {
    if (idle()) return;
    await withinMs(undefined, 5, signal);
  }
}

/** Resolves with the promise, after `milliseconds`, or when the signal is aborted, whichever is first. */
export async function withinMs(
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

/** The requests one after the other, from the first one again after the last. */
export function rotation(requests: readonly Buffer[]): () => Buffer {
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
