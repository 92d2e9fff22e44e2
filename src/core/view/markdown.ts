import { isEndpointPlan, topologyName } from '../anyPlan.ts';
import type { GpuPrice } from '../gpuPrice.ts';
import type { RunRecord } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { subtitleOf } from './describe.ts';
import { failureText } from './failureText.ts';
import { fullStop } from './format.ts';
import { headlineOf } from './headline.ts';
import { loadTiming } from './loadTiming.ts';
import { measuredRecord, rowsOf } from './measured.ts';
import { recordCaveats } from './provenance.ts';
import { resultTable, type ResultTable, type TableCell, type TableRow } from './resultTable.ts';
import { serversText, setupFacts } from './setup.ts';
import { splitTable } from './split.ts';

/**
 * A record as Markdown, for an issue or a chat: the answer in words, the table, its notes and caveats.
 * @param gpuPrice what the reader pays; null: requests of a GPU-hour are shown, and no price
 */
export function recordMarkdown(record: RunRecord, gpuPrice: GpuPrice | null = null): string {
  const measured = measuredRecord(record);
  const headline = headlineOf(measured);
  const table = resultTable(rowsOf(measured), gpuPrice);
  const [first, ...others] = table.columns;
  const servers = serversText(record);
  const blocks = [
    `**${escapeMarkdown(headline.text)}**`,
    escapeMarkdown([subtitleOf(record), ...(servers === null ? [] : [servers]), `run ${record.id}`].join(', ')),
  ];
  if (first !== undefined && table.groups.length > 0) {
    blocks.push(
      [
        rowText([first.header, table.loadHeader.long, ...others.map((column) => escapeMarkdown(column.header))]),
        rowText([':--', '--:', ...others.map((column) => (column.align === 'end' ? '--:' : ':--'))]),
        ...table.groups.flatMap((group) =>
          group.rows.map((row) => {
            const [name = '', ...cells] = row.cells.map((cell, at) =>
              escapeMarkdown(table.columns[at]?.id === 'validity' ? validityText(cell, row) : figureText(cell)),
            );
            return rowText([name, group.load, ...cells]);
          }),
        ),
      ].join('\n'),
    );
  }
  blocks.push(...notesBlocks(table));
  if (table.costRemarks.length > 0) blocks.push(table.costRemarks.map(escapeMarkdown).join('  \n'));
  const split = splitTable(rowsOf(measured));
  if (split !== null) {
    blocks.push(
      `${split.title}:`,
      [
        rowText(split.columns.map((column) => column.header)),
        rowText(split.columns.map((column) => (column.align === 'end' ? '--:' : ':--'))),
        ...split.groups.flatMap((group) => group.rows.map((cells) => rowText(cells.map(escapeMarkdown)))),
      ].join('\n'),
      split.notes.map(escapeMarkdown).join('  \n'),
    );
  }
  for (const result of record.topologies) {
    if (result.failure === null) continue;
    const name = topologyName(record.plan, topologyKey(result.topology));
    blocks.push(`${escapeMarkdown(name)} ${result.status}: ${escapeMarkdown(failureText(result.failure))}`);
  }
  const timing = loadTiming(record.topologies);
  if (timing !== null) blocks.push(`Load timing: ${escapeMarkdown(fullStop(timing))}`);
  blocks.push(...setupBlocks(record));
  blocks.push(['Caveats:', '', ...recordCaveats(record).map((caveat) => `- ${escapeMarkdown(caveat)}`)].join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

function figureText({ text, interval }: TableCell): string {
  return interval === null ? text : `${text} ${interval}`;
}

/** "no, the load generator was late [1, 2]": a row is quoted without its notes. */
function validityText({ text }: TableCell, { gists }: TableRow): string {
  return gists.length === 0 ? text : text.replace(/^no\b/u, `no, ${gists.join('; ')}`);
}

/** Why rows are not valid, and folded, as GitHub and GitLab do it, what limits the others. */
function notesBlocks({ notes, reasonNotes }: ResultTable): string[] {
  const lines = notes.map((note, index) => `\\[${String(index + 1)}\\] ${escapeMarkdown(note)}`);
  const [reasons, caveats] = [lines.slice(0, reasonNotes), lines.slice(reasonNotes)];
  return [
    ...(reasons.length === 0 ? [] : [reasons.join('  \n')]),
    ...(caveats.length === 0
      ? []
      : [`<details><summary>Notes (${String(caveats.length)})</summary>`, caveats.join('  \n'), '</details>']),
  ];
}

/** Folded, too: it is looked up by whoever doubts a figure or wants to measure it again. */
function setupBlocks(record: RunRecord): string[] {
  const lines = setupFacts(record).map(({ term, text }) => `- ${escapeMarkdown(`${term}: ${text}`)}`);
  const what = isEndpointPlan(record.plan) ? 'machine and versions' : 'model, machine, cores and versions';
  return [`<details><summary>Setup: ${what}</summary>`, lines.join('\n'), '</details>'];
}

function rowText(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Cells are escaped; every column is aligned to its start. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => ':--'), ...rows.map((row) => row.map(escapeMarkdown))].map(rowText).join('\n');
}

/** Text that comes from a record is never markup. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~]/g, (character) => `\\${character}`).replace(/\s*\n\s*/g, ' ');
}
