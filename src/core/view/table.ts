import type { RunRecord } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { subtitleOf } from './describe.ts';
import { fullStop } from './format.ts';
import { headlineOf } from './headline.ts';
import { measuredRecord, rowsOf } from './measured.ts';
import { recordCaveats } from './provenance.ts';
import { resultTable, type ResultTable } from './resultTable.ts';

/** A record for a terminal: the answer in words, the table, and what the numbers are worth. Ends with a line feed. */
export function recordTable(record: RunRecord): string {
  const measured = measuredRecord(record);
  const headline = headlineOf(measured);
  const table = resultTable(rowsOf(measured));
  const blocks = [
    wrap(headline.text, ''),
    `${subtitleOf(record)}, run ${record.id}`,
    table.groups.length === 0 ? '' : textTable(table),
    table.notes.map((note, index) => wrap(note, `[${String(index + 1)}] `)).join('\n'),
    record.topologies
      .flatMap((result) => {
        if (result.failure === null) return [];
        const next = result.failure.nextStep === null ? '' : ` ${fullStop(result.failure.nextStep)}`;
        return [
          wrap(`${topologyKey(result.topology)} ${result.status}: ${fullStop(result.failure.message)}${next}`, ''),
        ];
      })
      .join('\n'),
    ['Caveats', ...recordCaveats(record).map((caveat) => wrap(caveat, '- '))].join('\n'),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** Columns padded to their widest cell, intervals without their brackets on a line of their own below the figures, a blank line between levels. */
function textTable(table: ResultTable): string {
  const load = { header: table.loadHeader.short, align: 'end' as const };
  const columns = [table.columns[0], load, ...table.columns.slice(1)].filter((column) => column !== undefined);
  const groups = table.groups.map((group) =>
    group.rows.flatMap((row) => {
      const [name = '', ...others] = row.cells.map((cell) => cell.text);
      const figures = [name, group.load, ...others];
      if (row.cells.every((cell) => cell.interval === null)) return [figures];
      return [figures, ['', '', ...row.cells.slice(1).map((cell) => cell.interval?.slice(1, -1) ?? '')]];
    }),
  );
  const widths = columns.map((column, index) =>
    Math.max(column.header.length, ...groups.flat().map((cells) => (cells[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        columns[index]?.align === 'end' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const head = [line(columns.map((column) => column.header)), line(widths.map((width) => '-'.repeat(width)))];
  return [head.join('\n'), groups.map((rows) => rows.map(line).join('\n')).join('\n\n')].join('\n');
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
