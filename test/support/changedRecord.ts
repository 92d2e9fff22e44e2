import type { Interval, PhaseResult, RunRecord } from '../../src/core/record.ts';
import { sampleRecord, type SampleOptions } from './sampleRecord.ts';

/** The sample run as it might come out later: one phase of one topology, or all phases, changed. */
export function laterRecord(
  options: {
    readonly id?: string;
    readonly topology?: string;
    readonly level?: string;
    readonly change?: (phase: PhaseResult) => PhaseResult;
    readonly plan?: SampleOptions['plan'];
    readonly record?: Partial<RunRecord>;
  } = {},
): RunRecord {
  const { topology, level, change = (phase: PhaseResult) => phase, plan } = options;
  return sampleRecord({
    ...(plan === undefined ? {} : { plan }),
    record: { id: options.id ?? '20260103-093000-0001', startedAt: '2026-01-03T09:30:00.000Z', ...options.record },
    change: (result) =>
      topology !== undefined && result.topology.name !== topology
        ? result
        : {
            ...result,
            phases: result.phases.map((phase) => (level !== undefined && phase.name !== level ? phase : change(phase))),
          },
  });
}

/** Latencies times a factor, RPS divided by it, and intervals that move along. */
export function slowedBy(factor: number): (phase: PhaseResult) => PhaseResult {
  return (phase) => {
    const { latency, rps } = phase.measurement;
    const scaled = (value: number | null): number | null => (value === null ? null : value * factor);
    const { intervals } = phase;
    return {
      ...phase,
      intervals:
        intervals === 'not yet computed'
          ? intervals
          : {
              ...intervals,
              p50Ms: movedBy(intervals.p50Ms, factor),
              p95Ms: movedBy(intervals.p95Ms, factor),
              p99Ms: movedBy(intervals.p99Ms, factor),
              rps: movedBy(intervals.rps, 1 / factor),
            },
      measurement: {
        ...phase.measurement,
        latency: {
          ...latency,
          p50Ms: scaled(latency.p50Ms),
          p95Ms: scaled(latency.p95Ms),
          p99Ms: scaled(latency.p99Ms),
        },
        rps: rps / factor,
      },
    };
  };
}

export const notValid = (phase: PhaseResult): PhaseResult => ({
  ...phase,
  validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
});

export const withoutIntervals = (phase: PhaseResult): PhaseResult => ({ ...phase, intervals: 'not yet computed' });

function movedBy(interval: Interval, factor: number): Interval {
  return 'unknown' in interval ? interval : { low: interval.low * factor, high: interval.high * factor };
}
