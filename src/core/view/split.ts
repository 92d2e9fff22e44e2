import type { ChartView } from './chart.ts';
import { formatList, significant } from './format.ts';
import { levelsOf, rowsAt, type PhaseRow } from './measured.ts';
import { doubtedName } from './notValid.ts';
import type { LoadName } from '../phaseLoad.ts';
import type { Split } from '../record.ts';

/** The table "Where the time goes", as panel, report, terminal and Markdown show it: texts, already formatted. */
export interface SplitTable {
  readonly title: string;
  readonly columns: readonly SplitColumn[];
  /** One group a level, ascending; the first cell of a row names its topology, the second its load. */
  readonly groups: readonly { readonly heading: string; readonly rows: readonly (readonly string[])[] }[];
  readonly notes: readonly string[];
}

export interface SplitColumn {
  readonly header: string;
  /** What the column holds, in words. */
  readonly title: string;
  readonly align: 'start' | 'end';
}

export const splitTitle = 'Where the time goes';

interface Part {
  readonly header: string;
  readonly title: string;
  readonly of: (split: Split) => number | null;
}

/** In the order in which a request passes them; they add up to the mean. */
const parts: readonly Part[] = [
  {
    header: 'Client',
    title: "Outside the servers' own timing: client, network, sockets; with Triton alone its HTTP front end too",
    of: (split) => split.clientMs,
  },
  { header: 'Gateway', title: 'The gateway and its way to Triton', of: (split) => split.gatewayMs },
  { header: 'Queue', title: 'Waiting in the server to be computed', of: (split) => split.queueMs },
  { header: 'Compute', title: 'Tokenizing and running the model', of: (split) => split.computeMs },
  {
    header: 'Other',
    title: "In the model's server, neither waiting nor computing: HTTP and JSON in FastAPI, little in Triton",
    of: (split) => split.otherMs,
  },
];

const deidentification: Part = {
  header: 'De-identify',
  title: 'The part of Gateway that removes identifiers',
  of: (split) => split.gateway?.deidentifyMs ?? null,
};

/** Beyond the three topologies' own styles, so that a part does not look like one of them. */
const partStyles = [6, 3, 5, 4, 7] as const;

/** @returns null where no row has a split: the counters could not be read, or the record is older than the split */
export function splitTable(rows: readonly PhaseRow[]): SplitTable | null {
  if (rows.every((row) => row.split === null)) return null;
  // What de-identification costs is asked for by itself; it is a part of a part.
  const withGateway = rows.some((row) => row.split !== null && row.split.gateway !== null);
  const columns = withGateway ? [...parts, deidentification] : parts;
  const levels = levelsOf(rows);
  const closed = levels.every((level) => level.closed);
  return {
    title: splitTitle,
    columns: [
      { header: 'Topology', title: 'Topology and variant', align: 'start' },
      closed
        ? { header: 'Conn.', title: 'Connections', align: 'end' }
        : { header: 'Load', title: 'Connections of a closed loop, or the rate of an open one', align: 'end' },
      {
        header: 'Mean ms',
        title: 'Mean latency of successes in milliseconds, which the parts add up to',
        align: 'end',
      },
      ...columns.map(({ header, title }) => ({ header, title, align: 'end' as const })),
    ],
    groups: levels.map((level) => ({
      heading: level.long,
      rows: rowsAt(rows, level).map(({ topology, split, validity }) => [
        validity.valid ? topology : `${topology} (!)`,
        level.short,
        split === null ? 'not measured' : milliseconds(split.totalMs),
        ...columns.map((part) => milliseconds(split === null ? null : part.of(split))),
      ]),
    })),
    notes: [
      "Means in milliseconds a request. Client is all that the servers do not time: client, network, sockets, Triton's own HTTP front end.",
      'Other is neither waiting nor computing in the server of the model: HTTP and JSON in FastAPI.',
      ...(withGateway ? ['De-identify is a part of Gateway.'] : []),
      ...(rows.every(({ validity }) => validity.valid) ? [] : ['(!) not valid: the notes of the results say why.']),
    ],
  };
}

/** The parts one after the other, one bar a topology, at one level. */
export function splitBars(rows: readonly PhaseRow[], level: LoadName): ChartView {
  const shown = rowsAt(rows, level).filter((row) => row.split !== null);
  const values = (part: Part): { x: number; y: number; label: string }[] =>
    shown.flatMap((row, x) => {
      const y = row.split === null ? null : part.of(row.split);
      return y === null ? [] : [{ x, y, label: significant(y) }];
    });
  return {
    id: 'split',
    title: `${splitTitle} at ${level.long}`,
    description: `Mean latency of ${formatList(shown.map(doubtedName))} at ${level.long}, split into ${formatList(parts.map((part) => part.header.toLowerCase()))}.`,
    kind: 'bar',
    stacked: true,
    horizontal: true,
    xLabel: '',
    yLabel: 'ms',
    xScale: 'category',
    // Hollow parts could not be told from each other.
    categories: shown.map(doubtedName),
    series: parts
      .map((part, at) => ({ label: part.header, style: partStyles[at] ?? 0, points: values(part) }))
      .filter((series) => series.points.length > 0),
    labelled: false,
    notes: [readingOf(shown), 'A mean says nothing of the slowest requests: what makes p95 may lie elsewhere.'],
    table: {
      columns: ['Topology', 'Mean ms', ...parts.map((part) => `${part.header} ms`)],
      rows: shown.flatMap(({ topology, validity, split }) =>
        split === null
          ? []
          : [
              [
                doubtedName({ topology, validity }),
                milliseconds(split.totalMs),
                ...parts.map((part) => milliseconds(part.of(split))),
              ],
            ],
      ),
    },
  };
}

/** The bars in words: which part is the largest, and what the gateway takes. */
function readingOf(rows: readonly PhaseRow[]): string {
  const largest = new Map<string, string[]>();
  const gateways: string[] = [];
  for (const { topology, split, validity } of rows) {
    if (split === null) continue;
    const { header, ms } = largestOf(split);
    const doubt = validity.valid ? '' : ', not valid';
    const share = `${topology} (${significant(ms)} of ${significant(split.totalMs)} ms${doubt})`;
    largest.set(header, [...(largest.get(header) ?? []), share]);
    if (split.gateway === null || split.gatewayMs === null) continue;
    const own = `${significant(split.gateway.deidentifyMs)} ms of it to de-identify`;
    gateways.push(`${significant(split.gatewayMs)} ms in ${topology}, ${own}`);
  }
  const texts = [...largest].map(([header, shares]) => `${header.toLowerCase()} in ${formatList(shares)}`);
  const gateway = gateways.length === 0 ? '' : ` The gateway takes ${gateways.join('; ')}.`;
  return `The largest part is ${texts.join('; ')}.${gateway}`;
}

function largestOf(split: Split): { readonly header: string; readonly ms: number } {
  const known = parts.map((part) => ({ header: part.header, ms: part.of(split) ?? -Infinity }));
  return known.reduce((first, part) => (part.ms > first.ms ? part : first));
}

/** Two decimals everywhere, so that the sum can be checked by eye. */
function milliseconds(value: number | null): string {
  if (value === null) return '–';
  const text = value.toFixed(2);
  // Rounding makes a minus zero of a value that is no less than zero for all that is known.
  return Number(text) === 0 ? text.replace('-', '') : text;
}
