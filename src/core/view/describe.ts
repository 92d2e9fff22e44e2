import { planSubject } from '../anyPlan.ts';
import type { AnyPlan } from '../endpointPlan.ts';
import type { LoadName } from '../phaseLoad.ts';
import type { RunRecord } from '../record.ts';
import { formatCount, formatMs, formatRps, formatTime, fullStop, type TimeWords } from './format.ts';
import { headlineOf } from './headline.ts';
import { levelToTell } from './levelToTell.ts';
import { measuredRecord, rowsAt, rowsOf, type PhaseRow } from './measured.ts';

/** The same few words on a record wherever it is shown: tree, CodeLens, panel, command line. */
export interface RecordDescription {
  /** "tiny-sentiment, quick". */
  readonly title: string;
  /** "2026-11-22 16:43 UTC". */
  readonly time: string;
  /** Beside the title in a tree: figures, or why there are none. */
  readonly description: string;
  /** Whole sentences, one a line, for a tooltip. */
  readonly tooltip: string;
  readonly status: RunRecord['status'];
  /** Last p50, p95 and RPS of each topology at the level that shows most; empty without numbers. */
  readonly numbers: readonly TopologyNumbers[];
  /** All of `numbers` in one line, for a CodeLens; null without numbers. */
  readonly lens: string | null;
}

export interface TopologyNumbers {
  readonly topology: string;
  readonly load: LoadName;
  readonly valid: boolean;
  /** "triton: p50 12.1 ms, p95 41.3 ms, 812 RPS". */
  readonly text: string;
}

/** What the record is of, in one line: model, profile, vantage and time. Every number carries its vantage. */
export function subtitleOf(record: RunRecord): string {
  return subtitleParts(record).join(', ');
}

/** @param words of the one reader that it is for, if any */
export function subtitleParts(record: RunRecord, words?: TimeWords): string[] {
  return [...planParts(record.plan), formatTime(record.startedAt, words)];
}

/** Model or endpoint, profile and vantage. */
export function planParts(plan: AnyPlan): string[] {
  const vantage = plan.load.vantage === 'in-cluster' ? 'load from inside the cluster' : 'load from this machine';
  return [planSubject(plan), plan.load.profile, vantage];
}

export function describeRecord(record: RunRecord): RecordDescription {
  const measured = measuredRecord(record);
  const rows = rowsOf(measured);
  const level = levelToTell(measured, rows);
  const shown = rowsAt(rows, level);
  const headline = headlineOf(measured);
  const title = `${planSubject(record.plan)}, ${record.plan.load.profile}`;
  const numbers = shown.map(numbersOf);
  return {
    title,
    time: formatTime(record.startedAt),
    description: descriptionOf(record, shown),
    tooltip: [`${title}, ${formatTime(record.startedAt)}, ${record.status}.`, fullStop(headline.text), headline.worth]
      .filter((line) => line !== '')
      .join('\n'),
    status: record.status,
    numbers,
    lens: level === undefined ? null : `At ${level.long}: ${numbers.map((one) => one.text).join(' | ')}`,
  };
}

function descriptionOf(record: RunRecord, shown: readonly PhaseRow[]): string {
  const figures = shown.map((row) => `${row.topology} p95 ${formatMs(row.p95Ms)} ${formatRps(row.rps)}`).join(' | ');
  const failed = record.topologies.filter((result) => result.status !== 'completed').length;
  const total = formatCount(record.topologies.length, 'topology', 'topologies');
  const state =
    failed === 0
      ? ''
      : record.status === 'cancelled'
        ? 'cancelled'
        : `${String(failed)} of ${total} without a full result`;
  return [state, figures].filter((part) => part !== '').join(': ');
}

function numbersOf(row: PhaseRow): TopologyNumbers {
  return {
    topology: row.topology,
    load: row.load,
    valid: row.validity.valid,
    text: `${row.topology}: p50 ${formatMs(row.p50Ms)}, p95 ${formatMs(row.p95Ms)}, ${formatRps(row.rps)}${row.validity.valid ? '' : ' (not valid)'}`,
  };
}
