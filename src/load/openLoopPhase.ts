import { type ArrivalPlan, arrivalTimes } from '../core/arrivals.ts';
import type { Alarm } from './alarm.ts';
import { ConnectionPool } from './connectionPool.ts';
import type { Endpoint } from './endpoint.ts';
import { watchGenerator } from './generatorHealth.ts';
import type { HttpConnection } from './httpConnection.ts';
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
import { watchWallClock } from './wallClock.ts';

/** Sockets that are open before the first request; more are opened when they are needed. */
const openedBefore = 64;
/**
 * An alarm comes about 0.1 ms late, so it is set earlier and the event loop turns for the rest: a quarter of the mean gap at
 * most, so that turning never takes much more than a quarter of a core.
 */
const longestTurningMs = 0.25;

export interface OpenLoopPhase extends ArrivalPlan {
  readonly maxInFlight: number;
  readonly durationSeconds: number;
  readonly timeoutMs: number;
  readonly awaitsAnswers?: boolean;
  /** Unix time in milliseconds of the first request, for several generators that start together; null: at once. */
  readonly startAtMs: number | null;
  /** Whether snapshots carry the histogram, for the generators' to be added up. */
  readonly tellsHistogram: boolean;
  /** The requests as bytes, in the order of sending, from the first one again after the last. */
  readonly requests: readonly Buffer[];
}

/**
 * One open-loop phase: requests are due at the times of a seeded schedule, whatever the server does, and latency runs from
 * the moment a request was due to the read of its answer's last byte. What is due while `maxInFlight` are unanswered goes
 * out as soon as there is room, in order; its wait is part of its latency. The timeout runs from the sending.
 */
export async function runOpenLoopPhase(
  phase: OpenLoopPhase,
  endpoint: Endpoint,
  alarm: Alarm,
  listener: PhaseListener,
  signal: AbortSignal,
): Promise<EndedPhase> {
  const recorder = createPhaseRecorder(null, phase.durationSeconds, phase.tellsHistogram);
  const loop = new OpenLoop(phase, endpoint, alarm, recorder);
  try {
    await loop.open(signal);
    const wallClock = watchWallClock();
    await untilMoment(phase.startAtMs, signal);
    const health = watchGenerator();
    const startMs = wallClock.now();
    listener.started(startMs);
    const startedAt = loop.begin();
    await eachSecond(startedAt, phase.durationSeconds * 1000, signal, (elapsedMs) => {
      listener.snapshot(recorder.tick(elapsedMs));
    });
    const end = loop.finish();
    // Before the phase is encoded, which is work of the generator, but not of the load.
    const seen = health();
    const { littlesLawResidual, scheduleDelay, lateSends, ...recorded } = recorder.finish(
      end.elapsedMs,
      end.waitingMs,
      end,
    );
    const generator = {
      ...seen,
      littlesLawResidual,
      scheduleDelay,
      lateSends,
      overheadMs: null,
      connectionsOpened: end.connectionsOpened,
      clockShiftMs: wallClock.shiftMs(),
      givenUpBefore: null,
      team: null,
    };
    await drained(() => loop.inFlight() === 0, phase, signal);
    // The start is the wall clock's, the length the steady clock's: a clock set meanwhile changes no rate.
    const window = { startMs, endMs: startMs + end.elapsedMs };
    const givenUp = loop.inFlight() + recorder.timeoutsSinceEnd();
    return { measurement: { window, ...recorded, generator }, givenUp };
  } finally {
    loop.end();
  }
}

/** The schedule, and what is in flight. Times are milliseconds since the start, but for those of connections. */
class OpenLoop {
  readonly #recorder: PhaseRecorder;
  readonly #pool: ConnectionPool;
  readonly #alarm: Alarm;
  readonly #nextRequest: () => Buffer;
  readonly #nextTime: () => number;
  readonly #durationMs: number;
  readonly #turningMs: number;
  #startedAt = 0;
  #dueMs: number;
  #running = false;
  #turning = false;
  /** Whether the next request is due and waits for one in flight to be answered. */
  #blocked = false;
  /** When such a wait last ended. */
  #roomSinceMs = -Infinity;
  #inFlight = 0;
  #inFlightMs = 0;
  #changedAt = 0;

  constructor(phase: OpenLoopPhase, endpoint: Endpoint, alarm: Alarm, recorder: PhaseRecorder) {
    this.#recorder = recorder;
    this.#alarm = alarm;
    this.#nextRequest = rotation(phase.requests);
    this.#nextTime = arrivalTimes(phase);
    this.#dueMs = this.#nextTime();
    this.#durationMs = phase.durationSeconds * 1000;
    this.#turningMs = Math.min(longestTurningMs, (longestTurningMs * 1000) / phase.ratePerSecond);
    this.#pool = new ConnectionPool(endpoint, {
      most: phase.maxInFlight,
      timeoutMs: phase.timeoutMs,
      listener: {
        answered: (connection, status, latencyMs, atMs) => {
          recorder.answered(status, latencyMs);
          this.#freed(connection, atMs);
        },
        failed: (connection, kind, afterMs, atMs) => {
          recorder.failed(kind, afterMs);
          this.#freed(connection, atMs);
        },
      },
    });
  }

  async open(signal: AbortSignal): Promise<void> {
    await withinMs(this.#pool.open(openedBefore), longestOpeningMs, signal);
  }

  /** @returns the start, by performance.now() */
  begin(): number {
    this.#alarm.onSound = () => {
      this.#sendDue();
    };
    this.#running = true;
    this.#startedAt = performance.now();
    this.#changedAt = this.#startedAt;
    this.#sendDue();
    return this.#startedAt;
  }

  /** Sends what is still due, ends the window, and says what there is to say of the schedule. */
  finish(): {
    elapsedMs: number;
    waitingMs: number[];
    scheduled: number;
    inFlightMs: number;
    connectionsOpened: number;
  } {
    this.#sendDue();
    this.#running = false;
    this.#alarm.onSound = () => undefined;
    const endedAt = performance.now();
    this.#count(endedAt, 0);
    const elapsedMs = endedAt - this.#startedAt;
    let unsent = 0;
    for (; this.#dueMs < Math.min(elapsedMs, this.#durationMs); this.#dueMs = this.#nextTime()) unsent += 1;
    return {
      elapsedMs,
      waitingMs: this.#pool.waitingSinceMs().map((since) => endedAt - since),
      scheduled: this.#recorder.sentSoFar() + unsent,
      inFlightMs: this.#inFlightMs,
      connectionsOpened: this.#pool.opened(),
    };
  }

  inFlight(): number {
    return this.#inFlight;
  }

  end(): void {
    this.#running = false;
    this.#pool.end();
  }

  #sendDue(): void {
    if (!this.#running) return;
    this.#blocked = false;
    let now = performance.now();
    while (this.#dueMs < this.#durationMs && this.#startedAt + this.#dueMs <= now) {
      const connection = this.#pool.take(now);
      if (connection === undefined) {
        this.#blocked = true;
        return;
      }
      connection.send(this.#nextRequest(), now, this.#startedAt + this.#dueMs);
      this.#sent(now);
      now = performance.now();
    }
    this.#wakeWhenDue(this.#startedAt + this.#dueMs - now);
  }

  #sent(now: number): void {
    const roomWaitMs = Math.max(0, this.#roomSinceMs - this.#dueMs);
    this.#recorder.sentBySchedule(now - this.#startedAt - this.#dueMs - roomWaitMs, roomWaitMs);
    this.#count(now, 1);
    this.#dueMs = this.#nextTime();
  }

  #freed(connection: HttpConnection, atMs: number): void {
    this.#pool.give(connection);
    this.#count(atMs, -1);
    if (!this.#blocked) return;
    this.#roomSinceMs = atMs - this.#startedAt;
    this.#sendDue();
  }

  #wakeWhenDue(inMs: number): void {
    if (this.#turning || this.#dueMs >= this.#durationMs) return;
    if (inMs > this.#turningMs) {
      this.#alarm.set(inMs - this.#turningMs);
      return;
    }
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      this.#sendDue();
    });
  }

  #count(atMs: number, change: number): void {
    this.#inFlightMs += this.#inFlight * (atMs - this.#changedAt);
    this.#changedAt = atMs;
    this.#inFlight += change;
  }
}
