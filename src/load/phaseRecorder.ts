import {
  createLatencyHistogram,
  encodeHistogram,
  type LatencyHistogram,
  latencyOf,
  mergeLatencies,
  quantileMs,
  recordLatency,
} from '../core/histogram.ts';
import { lateSendMs } from '../core/lateness.ts';
import type { PhaseMeasurement, PhaseSnapshot, RequestCounts } from '../core/load.ts';
import { encodeWindows } from '../core/windows.ts';
import { failureKinds, type RequestObserver } from './loadConnection.ts';
import { createWindowRecorder } from './windowRecorder.ts';

/** Fewer answers than this say nothing about Little's law. */
const fewestForLittlesLaw = 30;

export type RecordedPhase = Omit<PhaseMeasurement, 'window' | 'generator'> & {
  /** See generatorHealthSchema. */
  readonly littlesLawResidual: number | null;
  readonly scheduleDelay: PhaseMeasurement['generator']['scheduleDelay'];
  readonly lateSends: PhaseMeasurement['generator']['lateSends'];
};

/** What an open loop alone knows when it ends. */
export interface ScheduleEnd {
  /** Requests that were due by then, sent or not. */
  readonly scheduled: number;
  /** Time that connections had a request, all together. */
  readonly inFlightMs: number;
}

/** Counts and times the requests of one phase. Every number of a measurement comes from here. */
export interface PhaseRecorder extends RequestObserver {
  /**
   * A request of an open loop went out.
   * @param delayMs after it was due and there was room for it
   * @param roomWaitMs how long it had waited for room, with `maxInFlight` others unanswered
   */
  sentBySchedule(delayMs: number, roomWaitMs: number): void;
  sentSoFar(): number;
  /** Requests that ran into their timeout after the phase had ended. */
  timeoutsSinceEnd(): number;
  /** Ends a second of the time series and says how the phase stands. */
  tick(elapsedMs: number): PhaseSnapshot;
  /**
   * Ends the phase; what happens afterwards is not counted.
   * @param waitingMs for each request still unanswered, since when its latency counts, as time ago
   * @param schedule of an open loop
   */
  finish(elapsedMs: number, waitingMs: readonly number[], schedule?: ScheduleEnd): RecordedPhase;
}

/**
 * @param connections of a closed loop; null for an open one
 * @param durationSeconds how long the phase is meant to be; it says how wide its windows are
 * @param tellsHistogram whether snapshots carry the histogram
 */
export function createPhaseRecorder(
  connections: number | null,
  durationSeconds: number,
  tellsHistogram = false,
): PhaseRecorder {
  const all = createLatencyHistogram();
  const lately = createLatencyHistogram();
  const delays = createLatencyHistogram();
  const windows = createWindowRecorder(durationSeconds);
  /** When the first request was sent, by performance.now(): the start of the windows. */
  let startedAtMs: number | undefined;
  const errorsByKind = new Map<string, number>();
  const timeSeries: PhaseMeasurement['timeSeries'] = [];
  let sent = 0;
  let late = 0;
  let lateSends = 0;
  /** Time between due and sent, all together. */
  let heldMs = 0;
  let ok = 0;
  let errors = 0;
  let okBefore = 0;
  let errorsBefore = 0;
  /** Time that all requests together took, answered or not. */
  let busyMs = 0;
  let finished = false;
  let timeoutsSinceEnd = 0;

  return {
    sent() {
      if (finished) return;
      sent += 1;
      startedAtMs ??= performance.now();
    },
    sentBySchedule(delayMs, roomWaitMs) {
      if (finished) return;
      sent += 1;
      startedAtMs ??= performance.now();
      if (roomWaitMs > 0) late += 1;
      if (delayMs > lateSendMs) lateSends += 1;
      heldMs += delayMs + roomWaitMs;
      recordLatency(delays, delayMs);
    },
    sentSoFar: () => sent,
    timeoutsSinceEnd: () => timeoutsSinceEnd,
    answered(status, latencyMs) {
      if (finished) return;
      busyMs += latencyMs;
      if (status >= 200 && status < 300) {
        ok += 1;
        recordLatency(lately, latencyMs);
        windows.succeeded(sinceStartMs(), latencyMs);
      } else {
        countError(`HTTP ${String(status)}`);
      }
    },
    failed(kind, afterMs) {
      if (finished) {
        if (kind === failureKinds.timeout) timeoutsSinceEnd += 1;
        return;
      }
      busyMs += afterMs;
      countError(kind);
    },
    tick(elapsedMs) {
      endSecond(elapsedMs);
      return {
        elapsedMs,
        requests: counts(),
        latency: latencyOf(all),
        rps: perSecond(ok, elapsedMs),
        ...(tellsHistogram ? { histogram: encodeHistogram(all) } : {}),
      };
    },
    finish(elapsedMs, waitingMs, schedule) {
      finished = true;
      endSecond(elapsedMs);
      const waited = waitingMs.reduce((sum, each) => sum + each, 0);
      return {
        // Of the connections themselves, so that a request which was lost unnoticed shows as a sum that does not add up.
        requests: { ...counts(), inFlight: waitingMs.length },
        errorsByKind: Object.fromEntries([...errorsByKind].sort(([a], [b]) => (a < b ? -1 : 1))),
        latency: latencyOf(all),
        rps: perSecond(ok, elapsedMs),
        attemptedRps: perSecond(sent, elapsedMs),
        longestWaitMs: waitingMs.length === 0 ? null : Math.max(...waitingMs),
        histogram: encodeHistogram(all),
        windows: encodeWindows(windows.finish(elapsedMs)),
        timeSeries,
        schedule:
          schedule === undefined ? null : { scheduled: schedule.scheduled, late, unsent: schedule.scheduled - sent },
        littlesLawResidual:
          ok + errors < fewestForLittlesLaw
            ? null
            : residual(schedule?.inFlightMs ?? (connections ?? 0) * elapsedMs, busyMs + waited - heldMs),
        scheduleDelay: schedule === undefined ? null : delayOf(delays),
        lateSends: schedule === undefined ? null : lateSends,
      };
    },
  };

  function countError(kind: string): void {
    errors += 1;
    windows.failed(sinceStartMs());
    errorsByKind.set(kind, (errorsByKind.get(kind) ?? 0) + 1);
  }

  function sinceStartMs(): number {
    return performance.now() - (startedAtMs ?? 0);
  }

  function counts(): RequestCounts {
    return { sent, ok, errors, timeouts: errorsByKind.get(failureKinds.timeout) ?? 0, inFlight: sent - ok - errors };
  }

  function endSecond(elapsedMs: number): void {
    timeSeries.push({
      second: Math.round(elapsedMs) / 1000,
      ok: ok - okBefore,
      errors: errors - errorsBefore,
      p50Ms: quantileMs(lately, 0.5),
      p95Ms: quantileMs(lately, 0.95),
    });
    okBefore = ok;
    errorsBefore = errors;
    mergeLatencies(all, lately);
    lately.reset();
  }
}

/**
 * L = lambda * W, both sides times the window. In a closed loop L is its connections: each always waits for one answer, and
 * what is missing is time in which a connection waited for the generator, not the server. In an open loop it is bookkeeping:
 * L is counted at the connections by the stamps that the latencies are made of, so that it finds requests which were lost
 * count of, and says nothing about whether a stamp is right.
 */
function residual(occupiedMs: number, requestMs: number): number {
  return Math.round((Math.abs(occupiedMs - requestMs) / Math.max(occupiedMs, 1e-3)) * 1e6) / 1e6;
}

function delayOf(delays: LatencyHistogram): RecordedPhase['scheduleDelay'] {
  const p50Ms = quantileMs(delays, 0.5);
  if (p50Ms === null) return null;
  return { p50Ms, p99Ms: quantileMs(delays, 0.99), maxMs: delays.maxValue / 1000 };
}

function perSecond(count: number, elapsedMs: number): number {
  return elapsedMs > 0 ? (count * 1000) / elapsedMs : 0;
}
