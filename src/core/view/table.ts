import type { RunRecord } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { subtitleOf } from './describe.ts';
import { fullStop } from './format.ts';
import { headlineOf } from './headline.ts';
import { measuredRecord, rowsOf } from './measured.ts';
import { recordCaveats } from './provenance.ts';
import { resultTable, type ResultTable } from './resultTable.ts';
import { splitTable } from './split.ts';
import { alignedText } from './textTable.ts';

/** A record for a terminal: the answer in words, the table, and what the numbers are worth. Ends with a line feed. */
export function recordTable(record: RunRecord): string {
  const measured = measuredRecord(record);
  const headline = headlineOf(measured);
  const table = resultTable(rowsOf(measured));
  const split = splitTable(rowsOf(measured));
  const blocks = [
    wrap(headline.text, ''),
    `${subtitleOf(record)}, run ${record.id}`,
    table.groups.length === 0 ? '' : textTable(table),
    table.notes.map((note, index) => wrap(note, `[${String(index + 1)}] `)).join('\n'),
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

/**
 * With the load beside each name, since a terminal's table has no headings between its levels; intervals without their brackets
 * on a line of their own below the figures.
 */
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
