/** A chart as data: what the webview draws, what its table shows and what a screen reader hears. */
export interface ChartView {
  readonly id: string;
  readonly title: string;
  /** What the chart shows, in a sentence. */
  readonly description: string;
  readonly kind: 'line' | 'bar';
  /** Bars of a category stand on top of each other: the series are parts of one whole. */
  readonly stacked?: boolean;
  /** The bars lie, so that few of them need little height. */
  readonly horizontal?: boolean;
  readonly xLabel: string;
  readonly yLabel: string;
  /** "tail": x is 1 / (1 - quantile), on a logarithmic axis. */
  readonly xScale: 'linear' | 'tail' | 'category';
  /** Names of the bar groups; empty for lines. */
  readonly categories: readonly string[];
  readonly series: readonly ChartSeries[];
  /** Values of y that something was to stay under. */
  readonly bounds?: readonly ChartBound[];
  /** Whether each point's label is written beside it; otherwise it stands in the tooltip alone. */
  readonly labelled: boolean;
  /** What a reader must know about this chart. */
  readonly notes: readonly string[];
  readonly table: ChartTable;
}

export interface ChartSeries {
  readonly label: string;
  /** Colour, shape and dash; the same for a topology in every chart. */
  readonly style: number;
  /** For bars, x is the index of the category. */
  readonly points: readonly ChartPoint[];
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Written beside the point where there is room, and in its tooltip. */
  readonly label: string;
  /** 95% limits of y. */
  readonly yInterval?: ChartInterval;
  /** 95% limits of x, where that was measured, too. */
  readonly xInterval?: ChartInterval;
  /** What is to be seen at this point, such as "knee". */
  readonly mark?: string;
  /** It must not be believed: drawn hollow, and without limits. */
  readonly notValid?: true;
}

export interface ChartInterval {
  readonly low: number;
  readonly high: number;
}

/** Drawn as a line from side to side. */
export interface ChartBound {
  readonly y: number;
  readonly label: string;
}

export interface ChartTable {
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly string[])[];
}

const styles: Readonly<Record<string, number>> = { fastapi: 0, triton: 1, hybrid: 2 };

/** Styles by topology key: fixed for the three topologies, so that they look the same in every run; variants get further ones. */
export function seriesStyles(keys: readonly string[]): ReadonlyMap<string, number> {
  const result = new Map<string, number>();
  let next = Object.keys(styles).length;
  for (const key of keys) result.set(key, styles[key] ?? next++);
  return result;
}
