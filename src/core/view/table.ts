import { topologyName } from '../anyPlan.ts';
import type { GpuPrice } from '../gpuPrice.ts';
import type { RunRecord } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { costTitle } from './cost.ts';
import { subtitleOf } from './describe.ts';
import { failureText } from './failureText.ts';
import { headlineOf } from './headline.ts';
import { measuredRecord, rowsOf } from './measured.ts';
import { recordCaveats } from './provenance.ts';
import { resultTable, type ColumnId, type ResultTable } from './resultTable.ts';
import { serversText } from './setup.ts';
import { splitTable } from './split.ts';
import { alignedText } from './textTable.ts';

/**
 * A record for a terminal: the answer in words, the table, and what the numbers are worth. Ends with a line feed.
 * @param gpuPrice what the reader pays; null: requests of a GPU-hour are shown, and no price
 */
export function recordTable(record: RunRecord, gpuPrice: GpuPrice | null = null): string {
  const measured = measuredRecord(record);
  const headline = headlineOf(measured);
  const table = resultTable(rowsOf(measured), gpuPrice);
  const split = splitTable(rowsOf(measured));
  const servers = serversText(record);
  const blocks = [
    wrap(headline.text, ''),
    [`${subtitleOf(record)}, run ${record.id}`, ...(servers === null ? [] : [servers])].join(',\n'),
    table.groups.length === 0 ? '' : textTable(table, (id) => !costIds.includes(id)),
    table.notes.map((note, index) => wrap(note, `[${String(index + 1)}] `)).join('\n'),
    costText(table),
    ...(split === null
      ? []
      : [
          `${split.title}\n\n${alignedText(
            split.columns,
            split.groups.map((group) => group.rows),
          )}`,
          split.notes.map((note) => wrap(note, '')).join('\n'),
        ]),
    record.topologies
      .flatMap((result) => {
        if (result.failure === null) return [];
        const name = topologyName(record.plan, topologyKey(result.topology));
        return [wrap(`${name} ${result.status}: ${failureText(result.failure)}`, '')];
      })
      .join('\n'),
    ['Caveats', ...recordCaveats(record).map((caveat) => wrap(caveat, '- '))].join('\n'),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const costIds: readonly ColumnId[] = ['requests-per-gpu-hour', 'price-per-million'];

/** Cost beside p95 in a table of its own, since the first one has the width of a terminal; empty where no GPU is held. */
function costText(table: ResultTable): string {
  const remarks = table.costRemarks.map((remark) => wrap(remark, '')).join('\n');
  if (table.columns.every(({ id }) => !costIds.includes(id))) return remarks;
  const columns = textTable(table, (id) => id === 'topology' || id === 'p95' || costIds.includes(id));
  return `${costTitle}\n\n${columns}\n\n${remarks}`;
}

/**
 * With the load beside each name, since a terminal's table has no headings between its levels; intervals without their brackets
 * on a line of their own below the figures.
 */
function textTable(table: ResultTable, shown: (id: ColumnId) => boolean): string {
  const load = { header: table.loadHeader.short, align: 'end' as const };
  const [first, ...others] = table.columns.filter(({ id }) => shown(id));
  const columns = [first, load, ...others].filter((column) => column !== undefined);
  const groups = table.groups.map((group) =>
    group.rows.flatMap((row) => {
      const cells = row.cells.filter((_, at) => shown(table.columns[at]?.id ?? 'topology'));
      const [name = '', ...texts] = cells.map((cell) => cell.text);
      const figures = [name, group.load, ...texts];
      if (cells.every((cell) => cell.interval === null)) return [figures];
      return [figures, ['', '', ...cells.slice(1).map((cell) => cell.interval?.slice(1, -1) ?? '')]];
    }),
  );
  return alignedText(columns, groups);
}

const lineWidth = 100;

/** Breaks at spaces; further lines are indented by the width of `bullet`. */
function wrap(text: string, bullet: string): string {
  const indent = ' '.repeat(bullet.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && bullet.length + line.length + 1 + word.length > lineWidth) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((one, index) => `${index === 0 ? bullet : indent}${one}`).join('\n');
}
