import {
  createLatencyHistogram,
  encodeHistogram,
  latencyOf,
  mergeLatencies,
  quantileMs,
  recordLatency,
} from '../core/histogram.ts';
import type { PhaseMeasurement, PhaseSnapshot, RequestCounts } from '../core/load.ts';
import { failureKinds, type RequestObserver } from './loadConnection.ts';

/** Fewer answers than this say nothing about Little's law. */
const fewestForLittlesLaw = 30;

export type RecordedPhase = Omit<PhaseMeasurement, 'window' | 'generator'> & {
  /** See generatorHealthSchema. */
  readonly littlesLawResidual: number | null;
};

/** Counts and times the requests of one phase. Every number of a measurement comes from here. */
export interface PhaseRecorder extends RequestObserver {
  /** Ends a second of the time series and says how the phase stands. */
  tick(elapsedMs: number): PhaseSnapshot;
  /**
   * Ends the phase; what happens afterwards is not counted.
   * @param waitingMs for each request still unanswered, how long ago it was sent
   */
  finish(elapsedMs: number, waitingMs: readonly number[]): RecordedPhase;
}

export function createPhaseRecorder(connections: number): PhaseRecorder {
  const all = createLatencyHistogram();
  const lately = createLatencyHistogram();
  const errorsByKind = new Map<string, number>();
  const timeSeries: PhaseMeasurement['timeSeries'] = [];
  let sent = 0;
  let ok = 0;
  let errors = 0;
  let okBefore = 0;
  let errorsBefore = 0;
  /** Time that all requests together took, answered or not. */
  let busyMs = 0;
  let finished = false;

  return {
    sent() {
      if (!finished) sent += 1;
    },
    answered(status, latencyMs) {
      if (finished) return;
      busyMs += latencyMs;
      if (status >= 200 && status < 300) {
        ok += 1;
        recordLatency(lately, latencyMs);
      } else {
        countError(`HTTP ${String(status)}`);
      }
    },
    failed(kind, afterMs) {
      if (finished) return;
      busyMs += afterMs;
      countError(kind);
    },
    tick(elapsedMs) {
      endSecond(elapsedMs);
      return { elapsedMs, requests: counts(), latency: latencyOf(all), rps: perSecond(ok, elapsedMs) };
    },
    finish(elapsedMs, waitingMs) {
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
        timeSeries,
        littlesLawResidual: ok + errors < fewestForLittlesLaw ? null : littlesLawResidual(busyMs + waited, elapsedMs),
      };
    },
  };

  function countError(kind: string): void {
    errors += 1;
    errorsByKind.set(kind, (errorsByKind.get(kind) ?? 0) + 1);
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

  /**
   * L = lambda * W, with L the connections: in a closed loop each always waits for one answer. lambda * W is the time of
   * all requests over the window, so what is missing is time in which a connection waited for the generator, not the server.
   */
  function littlesLawResidual(requestMs: number, elapsedMs: number): number {
    const residual = Math.abs(connections - requestMs / elapsedMs) / connections;
    return Math.round(residual * 1e6) / 1e6;
  }
}

function perSecond(count: number, elapsedMs: number): number {
  return elapsedMs > 0 ? (count * 1000) / elapsedMs : 0;
}
