import type { GpuPrice } from '../gpuPrice.ts';
import { costColumns, costRemarks, type CostColumn } from './cost.ts';
import { gistOf } from '../gist.ts';
import { formatInterval, formatShare, significant } from './format.ts';
import type { Interval } from '../record.ts';
import { levelsOf, rowsAt, type PhaseRow } from './measured.ts';
import { commonNotes, Notes } from './notes.ts';
import { missingRepetitions } from './repetitionCounts.ts';

/** The table of a run as panel, report, terminal and Markdown show it: texts, already formatted and aligned. */
export interface ResultTable {
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  /** What a column of the groups' loads is called, in full and short. */
  readonly loadHeader: { readonly long: string; readonly short: string };
  /** One group a level, ascending. */
  readonly groups: readonly TableGroup[];
  /** What a row's "[1]" refers to; each kind once, in order of appearance (see Notes). */
  readonly notes: readonly string[];
  /** How many of the notes, the first, are reasons why a row is not valid; what follows are caveats. */
  readonly reasonNotes: number;
  /** What the columns of cost hold and leave out, or why there are none; empty where no GPU is held. */
  readonly costRemarks: readonly string[];
}

export interface TableColumn {
  readonly id: ColumnId;
  readonly header: string;
  /** What the column holds, in words. */
  readonly title: string;
  readonly align: 'start' | 'end';
}

export type ColumnId =
  | 'topology'
  | 'p50'
  | 'p95'
  | 'p99'
  | 'rps'
  | 'rps-per-gpu'
  | 'errors'
  | 'batch'
  | 'samples'
  | 'validity'
  | CostColumn['id'];

export interface TableGroup {
  readonly heading: string;
  /** "8", "200/s Poisson" */
  readonly load: string;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly topology: string;
  /** The phase's name, e.g. "c8". */
  readonly phase: string;
  /** In the order of the columns. */
  readonly cells: readonly TableCell[];
  /** Why it is not valid, in brief; each once. */
  readonly gists: readonly string[];
  /** Numbers of its notes, which the cell of validity has in brackets. */
  readonly notes: readonly number[];
}

export interface TableCell {
  readonly text: string;
  /** The number behind the text; null where there is none. */
  readonly value: number | null;
  /** Its 95% interval, "[39.8–43.0]"; null where there is none, or it is not of this column. */
  readonly interval: string | null;
  /** "absent": stands where a number cannot be given. */
  readonly tone: 'normal' | 'absent' | 'bad';
}

interface ColumnMaker extends TableColumn {
  readonly cell: (row: PhaseRow) => TableCell;
}

/** @param gpuPrice what the reader pays; null: requests of a GPU-hour are shown, and no price */
export function resultTable(rows: readonly PhaseRow[], gpuPrice: GpuPrice | null = null): ResultTable {
  const notes = new Notes(caveatsOfAll(rows));
  // What makes numbers worthless comes before what limits them.
  notes.refer(rows.flatMap(({ validity }) => validity.reasons));
  const reasonNotes = notes.texts.length;
  const cost = costColumns(rows, gpuPrice);
  const columns = [...columnsFor(rows, notes), ...cost.map(costMaker)];
  return {
    caption: `Latency of successful requests, ${cost.length === 0 ? 'and throughput,' : 'throughput, and cost on GPUs,'} for each topology at each load`,
    loadHeader: rows.every((row) => row.load.closed)
      ? { long: 'Connections', short: 'Conn.' }
      : { long: 'Load', short: 'Load' },
    columns: columns.map(({ id, header, title, align }) => ({ id, header, title, align })),
    groups: levelsOf(rows).map((level) => ({
      heading: level.long,
      load: level.short,
      rows: rowsAt(rows, level).map((row) => ({
        topology: row.topology,
        phase: row.phase,
        cells: columns.map((column) => column.cell(row)),
        gists: gistsOf(row),
        notes: notes.numbersOf(noteTextsOf(row)),
      })),
    })),
    notes: notes.texts,
    reasonNotes,
    costRemarks: costRemarks(rows, gpuPrice),
  };
}

function costMaker({ id, header, title, cell }: CostColumn): ColumnMaker {
  return {
    id,
    header,
    title,
    align: 'end',
    cell: (row) => {
      const cost = cell(row);
      if (cost !== null) return { ...cost, tone: 'normal' };
      return numberCell(null, 0, row.gpu === 'unused' ? 'CPU' : '–');
    },
  };
}

/** Figures and their worth first, because a narrow panel cuts the end off; columns that would be empty in every row are left out. */
function columnsFor(rows: readonly PhaseRow[], notes: Notes): ColumnMaker[] {
  const latency = (value: number | null, interval?: Interval): TableCell => figureCell(value, 'insufficient', interval);
  const columns: ColumnMaker[] = [
    {
      id: 'topology',
      header: 'Topology',
      title: 'Topology and variant',
      align: 'start',
      cell: (row) => plain(row.topology),
    },
    {
      id: 'p50',
      header: 'p50 ms',
      title: 'Median latency in milliseconds, below it its 95% interval',
      align: 'end',
      cell: (row) => latency(row.p50Ms, row.intervals?.p50Ms),
    },
    {
      id: 'p95',
      header: 'p95 ms',
      title: '95th percentile of latency in milliseconds, below it its 95% interval',
      align: 'end',
      cell: (row) => latency(row.p95Ms, row.intervals?.p95Ms),
    },
    {
      id: 'p99',
      header: 'p99 ms',
      title: '99th percentile of latency in milliseconds',
      align: 'end',
      cell: (row) => latency(row.p99Ms),
    },
    {
      id: 'rps',
      header: 'RPS',
      title: 'Successful requests per second, below them their 95% interval',
      align: 'end',
      cell: (row) => figureCell(row.rps, '–', row.intervals?.rps),
    },
  ];
  columns.push({
    id: 'errors',
    header: 'Errors',
    title: 'Requests that failed or timed out, and their share of those sent',
    align: 'end',
    cell: errorsCell,
  });
  columns.push(
    {
      id: 'samples',
      header: 'Samples',
      title: 'Successful requests that the percentiles are of',
      align: 'end',
      cell: (row) => numberCell(row.samples, 0, '–'),
    },
    {
      id: 'validity',
      header: 'Valid',
      title: 'Whether the numbers may be believed; the notes say why',
      align: 'start',
      cell: (row) => validityCell(row, notes),
    },
  );
  if (rows.some((row) => row.gpu !== 'none')) {
    columns.push({
      id: 'rps-per-gpu',
      header: 'RPS/GPU',
      title: 'Successful requests per second and GPU',
      align: 'end',
      cell: (row) => figureCell(row.rpsPerGpu, row.gpu === 'unused' ? 'CPU' : '–'),
    });
  }
  if (rows.some((row) => row.batching !== null)) {
    columns.push({
      id: 'batch',
      header: 'Batch',
      title:
        'Mean batch that Triton ran, from its own counters: inferences over executions; (!) where the row is not valid',
      align: 'end',
      cell: (row) => batchCell(row),
    });
  }
  return columns;
}

/** What every row carries beside its figures, and is no reason to disbelieve one of them; what one row alone carries is a note of it. */
export function caveatsOfAll(rows: readonly PhaseRow[]): string[] {
  if (rows.length < 2) return [];
  return commonNotes(rows.map((row) => [...row.validity.caveats, ...missingIntervals(row)]));
}

function plain(text: string): TableCell {
  return { text, value: null, interval: null, tone: 'normal' };
}

/** With as many digits as its interval, the headline and the cards have. */
function figureCell(value: number | null, absent: string, interval?: Interval): TableCell {
  return value === null
    ? absentCell(absent)
    : { text: significant(value), value, interval: formatInterval(interval), tone: 'normal' };
}

function numberCell(value: number | null, decimals: number, absent: string): TableCell {
  return value === null ? absentCell(absent) : { text: value.toFixed(decimals), value, interval: null, tone: 'normal' };
}

function absentCell(text: string): TableCell {
  return { text, value: null, interval: null, tone: 'absent' };
}

function errorsCell(row: PhaseRow): TableCell {
  if (row.errors === 0) return { text: '0', value: 0, interval: null, tone: 'normal' };
  const share = row.sent === 0 ? '' : ` (${formatShare(row.errors / row.sent)})`;
  return { text: `${String(row.errors)}${share}`, value: row.errors, interval: null, tone: 'bad' };
}

/** Beyond the column that says whether the row is valid, and so marked where it is not. */
function batchCell({ batching, validity }: PhaseRow): TableCell {
  const size = batching?.meanBatchSize ?? null;
  const cell = numberCell(size, size !== null && size >= 100 ? 0 : 1, '–');
  return size === null || validity.valid ? cell : { ...cell, text: `${cell.text} (!)` };
}

function validityCell(row: PhaseRow, notes: Notes): TableCell {
  const { valid } = row.validity;
  const reference = notes.refer(noteTextsOf(row));
  return { text: `${valid ? 'yes' : 'no'}${reference}`, value: null, interval: null, tone: valid ? 'normal' : 'bad' };
}

/** A row over several repetitions has the reasons of each. */
function gistsOf({ validity }: PhaseRow): readonly string[] {
  const gists = new Notes([]);
  gists.refer(validity.reasons.map(gistOf));
  return gists.texts;
}

/** All that the notes have to say of a row. */
function noteTextsOf(row: PhaseRow): string[] {
  const { reasons, caveats } = row.validity;
  // A row that is not valid for its errors names their kinds already.
  const named = row.errors === 0 || reasons.some((reason) => reason.startsWith('errors'));
  const kinds = Object.entries(row.errorsByKind).map(([kind, count]) => `${kind}: ${String(count)}`);
  const errors = named ? [] : [`errors of ${row.topology} at ${row.load.long}: ${kinds.join(', ')}`];
  const missing = missingRepetitions(row);
  const fewer = missing === undefined ? [] : [missing];
  return [...reasons, ...caveats, ...errors, ...missingIntervals(row), ...fewer];
}

/** Why a number of the row stands without an interval. */
function missingIntervals({ intervals, p50Ms, p95Ms }: PhaseRow): string[] {
  if (intervals === null) return [];
  const missing = (name: string, value: number | null, interval: Interval): string[] =>
    value !== null && 'unknown' in interval ? [`no interval of ${name}: ${interval.unknown}`] : [];
  return [
    ...missing('p50', p50Ms, intervals.p50Ms),
    ...missing('p95', p95Ms, intervals.p95Ms),
    ...missing('RPS', 0, intervals.rps),
  ];
}
