import type { ChartTable, ChartView } from './chart.ts';
import { insufficientSamples, significant } from './format.ts';
import { levelsOf, rowsAt, rowsOf, type Measured } from './measured.ts';
import { doubtedName } from './notValid.ts';

/** One row of the paper's table. */
export interface PaperFigure {
  readonly system: string;
  readonly hardware: 'CPU' | 'T4';
  readonly batch: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly rps: number;
}

/** arXiv 2602.00053 (DistilBERT sentiment analysis, healthcare inference), as others quote it; its body was not at hand. */
export const paperFigures: readonly PaperFigure[] = [
  { system: 'FastAPI', hardware: 'CPU', batch: 1, p50Ms: 22, p95Ms: 45, rps: 450 },
  { system: 'Triton, no batching', hardware: 'T4', batch: 1, p50Ms: 28, p95Ms: 52, rps: 420 },
  { system: 'Triton, dynamic batching', hardware: 'T4', batch: 16, p50Ms: 34, p95Ms: 60, rps: 780 },
];

export const paperSource = 'arXiv 2602.00053';
/** Goes wherever these figures go. */
export const paperMark = 'CPU against T4, quoted second-hand';
export const paperNotes: readonly string[] = [
  `Figures of ${paperSource}: ${paperMark}. The paper's own text was not at hand.`,
  'They compare a CPU with a GPU, at unequal batch sizes, and have no hybrid row. Your numbers come from other hardware, another load and perhaps another model: the two tables cannot be set against each other line by line.',
];

export function paperTable(): ChartTable {
  return {
    columns: ['System', 'Hardware', 'Batch', 'p50 ms', 'p95 ms', 'RPS'],
    rows: paperFigures.map((figure) => [
      figure.system,
      figure.hardware,
      String(figure.batch),
      String(figure.p50Ms),
      String(figure.p95Ms),
      String(figure.rps),
    ]),
  };
}

/** The paper's figures alone: bars of the user's own run never stand among them. */
export function paperChart(): ChartView {
  return {
    id: 'paper',
    title: `Latency in ${paperSource} (${paperMark})`,
    description: `p50 and p95 latency of three systems as quoted from ${paperSource}: ${paperMark}.`,
    kind: 'bar',
    xLabel: '',
    yLabel: 'ms',
    xScale: 'category',
    categories: ['p50', 'p95'],
    series: paperFigures.map((figure, index) => ({
      label: `${figure.system} (${figure.hardware})`,
      style: index + 6,
      points: [
        { x: 0, y: figure.p50Ms, label: String(figure.p50Ms) },
        { x: 1, y: figure.p95Ms, label: String(figure.p95Ms) },
      ],
    })),
    labelled: true,
    notes: paperNotes,
    table: paperTable(),
  };
}

/** The user's own numbers at the lowest level, for a table of their own beside the paper's; undefined without any. */
export function ownFiguresBesidePaper(
  measured: Measured,
): { readonly caption: string; readonly table: ChartTable } | undefined {
  const rows = rowsOf(measured);
  const [level] = levelsOf(rows);
  if (level === undefined) return undefined;
  const number = (value: number | null): string => (value === null ? insufficientSamples : significant(value));
  return {
    caption: `This run at ${level.long}`,
    table: {
      columns: ['Topology', 'p50 ms', 'p95 ms', 'RPS'],
      rows: rowsAt(rows, level).map((row) => [
        doubtedName(row),
        number(row.p50Ms),
        number(row.p95Ms),
        significant(row.rps),
      ]),
    },
  };
}
