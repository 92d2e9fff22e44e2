import { phaseIntervals } from '../core/intervals.ts';
import { lateSendMs, longestLoopMs } from '../core/lateness.ts';
import type { PhaseMeasurement } from '../core/load.ts';
import { nameLoad } from '../core/phaseLoad.ts';
import type { PhaseLoad } from '../core/plan.ts';
import type { Interval, PhaseResult, Validity } from '../core/record.ts';
import { minimumSamples } from '../core/statistics.ts';
import { judgeMeasurement } from '../core/validity.ts';

export interface LoadSettings {
  readonly method: string;
  readonly load: PhaseLoad;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  readonly timeoutMs: number;
  /** How many different ones are sent in turn; 0 for requests without a body. */
  readonly bodies: number;
  /** Of their order, and of an open loop's schedule. */
  readonly seed: number;
}

/** What `load --json` prints. It names no server. */
export interface LoadReport extends PhaseMeasurement {
  readonly version: 1;
  readonly loop: PhaseLoad['loop'];
  readonly vantage: 'this-machine';
  readonly settings: LoadSettings;
  /** Stopped before the duration was over; the window is the true, shorter one. */
  readonly cancelled: boolean;
  readonly intervals: PhaseResult['intervals'];
  readonly validity: Validity;
}

/** @param measurement null when the load was stopped before anything was measured */
export function loadReport(
  settings: LoadSettings,
  measurement: PhaseMeasurement | null,
  ending: { readonly cancelled: boolean; readonly nowMs: number },
): LoadReport {
  const measured = measurement ?? nothing(ending.nowMs);
  const judged = judgeMeasurement(measured);
  const reasons = ending.cancelled ? ['cancelled before the duration was over', ...judged.reasons] : judged.reasons;
  return {
    version: 1,
    loop: settings.load.loop,
    vantage: 'this-machine',
    settings,
    cancelled: ending.cancelled,
    ...measured,
    intervals: phaseIntervals(measured),
    validity: { ...judged, valid: reasons.length === 0, reasons },
  };
}

/** The report as a table for people; ends with a line end. */
export function loadTable(report: LoadReport): string {
  const { latency, requests, settings } = report;
  const windowSeconds = (report.window.endMs - report.window.startMs) / 1000;
  const warmUp = settings.warmUpSeconds > 0 ? ` after ${String(settings.warmUpSeconds)} s of warm-up` : '';
  const lines = [
    `${report.cancelled ? 'CANCELLED. ' : ''}${loopWords(settings.load)} for ${windowSeconds.toFixed(2)} s${warmUp}`,
    '',
    row('p50', quantile(latency.p50Ms, 0.5), intervalText(report, 'p50Ms', 3)),
    row('p95', quantile(latency.p95Ms, 0.95), intervalText(report, 'p95Ms', 3)),
    row('p99', quantile(latency.p99Ms, 0.99), intervalText(report, 'p99Ms', 3)),
    row('max', milliseconds(latency.maxMs)),
    row(
      'rate',
      `${report.rps.toFixed(1)} successes/s`,
      intervalText(report, 'rps', 1),
      ` (${report.attemptedRps.toFixed(1)} sent/s)`,
    ),
    row(
      'requests',
      `${String(requests.sent)} sent, ${String(requests.ok)} ok, ${String(requests.errors)} errors (${String(requests.timeouts)} of them timeouts), ${String(requests.inFlight)} in flight at the end`,
    ),
    ...(settings.bodies > 1
      ? [row('bodies', `${String(settings.bodies)} in turn, in an order drawn from seed ${String(settings.seed)}`)]
      : []),
    ...scheduleRows(report),
    ...Object.entries(report.errorsByKind).map(([kind, count]) => row('', `${String(count)} x ${kind}`)),
    ...pauseRows(report),
    ...overheadRows(report),
    ...(report.intervals === 'not yet computed' ? [] : [row('[ – ]', '95% interval')]),
    row('valid', report.validity.valid ? 'yes' : 'NO'),
    ...report.validity.reasons.map((reason) => row('', reason)),
    ...report.validity.caveats.map((caveat) => row('caveat', caveat)),
    ...missingIntervals(report).map((text) => row('caveat', text)),
  ];
  return `${lines.join('\n')}\n`;
}

function row(name: string, ...values: readonly string[]): string {
  return `  ${name.padEnd(10)}${values.join('')}`;
}

/** Why a figure stands without its interval. */
function missingIntervals({ intervals, latency }: LoadReport): string[] {
  if (intervals === 'not yet computed') return [];
  const missing = (name: string, interval: Interval): string[] =>
    'unknown' in interval ? [`no interval of ${name}: ${interval.unknown}`] : [];
  return [
    ...(latency.p50Ms === null ? [] : missing('p50', intervals.p50Ms)),
    ...(latency.p95Ms === null ? [] : missing('p95', intervals.p95Ms)),
    ...(latency.p99Ms === null ? [] : missing('p99', intervals.p99Ms)),
    ...missing('rate', intervals.rps),
  ];
}

/** " [9.981–10.204]", or nothing where there is no interval. */
function intervalText({ intervals }: LoadReport, of: 'p50Ms' | 'p95Ms' | 'p99Ms' | 'rps', decimals: number): string {
  const interval: Interval | undefined = intervals === 'not yet computed' ? undefined : intervals[of];
  if (interval === undefined || 'unknown' in interval) return '';
  return ` [${interval.low.toFixed(decimals)}–${interval.high.toFixed(decimals)}]`;
}

function quantile(value: number | null, at: number): string {
  return value === null ? `too few samples (needs ${String(minimumSamples(at))})` : milliseconds(value);
}

function milliseconds(value: number | null): string {
  return value === null ? 'nothing measured' : `${value.toFixed(3)} ms`;
}

function loopWords(load: PhaseLoad): string {
  if (load.loop === 'closed') return `Closed loop from this machine: ${nameLoad(load).long}`;
  return `Open loop from this machine: ${nameLoad(load).short}, at most ${String(load.maxInFlight)} in flight,`;
}

function scheduleRows({ schedule, settings, generator }: LoadReport): string[] {
  if (schedule === null || settings.load.loop !== 'open') return [];
  const { scheduled, late, unsent } = schedule;
  const rows = [
    row(
      'schedule',
      `${String(scheduled)} scheduled at ${String(settings.load.ratePerSecond)}/s, ${String(scheduled - unsent)} sent (${String(late)} late), ${String(unsent)} unsent`,
    ),
  ];
  if (generator.scheduleDelay !== null) {
    const { p50Ms, p99Ms, maxMs } = generator.scheduleDelay;
    rows.push(
      row(
        'delay',
        `of the sending: median ${milliseconds(p50Ms)}, p99 ${quantile(p99Ms, 0.99)}, max ${milliseconds(maxMs)}${lateText(generator)}`,
      ),
    );
  }
  return rows;
}

function lateText({ lateSends }: LoadReport['generator']): string {
  return lateSends === null ? '' : `; ${String(lateSends)} sent more than ${String(lateSendMs)} ms late`;
}

function pauseRows({ generator: { stalledMs } }: LoadReport): string[] {
  if (stalledMs === null) return [];
  const longest = `${String(longestLoopMs)} ms`;
  const text =
    stalledMs === 0
      ? `of the generator itself: none of more than ${longest}`
      : `of the generator itself: ${stalledMs.toFixed(0)} ms in all, counting what each had beyond ${longest}`;
  return [row('pauses', text)];
}

function overheadRows({ generator }: LoadReport): string[] {
  if (generator.overheadMs === null) return [];
  const { p50, p95 } = generator.overheadMs;
  return [
    row('overhead', `of the generator itself: p50 ${milliseconds(p50)}, p95 ${quantile(p95, 0.95)} (not subtracted)`),
  ];
}

function nothing(nowMs: number): PhaseMeasurement {
  return {
    window: { startMs: nowMs, endMs: nowMs },
    requests: { sent: 0, ok: 0, errors: 0, timeouts: 0, inFlight: 0 },
    errorsByKind: {},
    latency: { p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null, meanMs: null, samples: 0 },
    rps: 0,
    attemptedRps: 0,
    longestWaitMs: null,
    histogram: '',
    timeSeries: [],
    generator: {
      eventLoopDelayP99Ms: 0,
      stalledMs: null,
      cpuSeconds: 0,
      throttledMs: null,
      littlesLawResidual: null,
      scheduleDelay: null,
      lateSends: null,
      overheadMs: null,
      connectionsOpened: null,
      clockShiftMs: null,
      givenUpBefore: null,
      team: null,
    },
    schedule: null,
  };
}
