import type { DrawnFigure } from '../src/protocol/messages.ts';
import type { ColumnId, ResultTable, TableCell, TableColumn, TableRow } from '../src/core/view/resultTable.ts';
import { h, marker, type Child } from './dom.ts';

/** The table of a run, one group a level, with the notes that its rows refer to. */
export function resultTableElements(table: ResultTable, styles: ReadonlyMap<string, number>): Child[] {
  if (table.groups.length === 0) return [];
  const element = h(
    'table',
    { class: 'results' },
    h('caption', { class: 'visually-hidden' }, table.caption),
    h('thead', {}, h('tr', {}, ...table.columns.map(headerCell))),
    ...table.groups.map((group) =>
      h(
        'tbody',
        {},
        h('tr', { class: 'group' }, h('th', { scope: 'rowgroup', colspan: table.columns.length }, group.heading)),
        ...group.rows.map((row) => rowElement(row, table.columns, styles)),
      ),
    ),
  );
  return [
    h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Results table' }, element),
    table.notes.length === 0
      ? null
      : h(
          'ol',
          { class: 'notes', 'aria-label': 'Notes of the table' },
          ...table.notes.map((note, index) => h('li', { value: index + 1 }, note)),
        ),
    table.costRemarks.length === 0
      ? null
      : h('div', { class: 'chart-notes' }, ...table.costRemarks.map((remark) => h('p', {}, remark))),
  ];
}

/** The figures as they stand in the page, read back from its cells. */
export function drawnFigures(root: ParentNode): DrawnFigure[] {
  return [...root.querySelectorAll<HTMLTableRowElement>('table.results tr[data-topology]')].map((row) => {
    const value = (column: ColumnId): number | null => {
      const text = row.querySelector<HTMLElement>(`[data-column="${column}"]`)?.dataset['value'];
      return text === undefined ? null : Number(text);
    };
    return {
      topology: row.dataset['topology'] ?? '',
      phase: row.dataset['phase'] ?? '',
      p50Ms: value('p50'),
      p95Ms: value('p95'),
      p99Ms: value('p99'),
      rps: value('rps') ?? 0,
      errors: value('errors') ?? 0,
    };
  });
}

function headerCell(column: TableColumn): HTMLElement {
  const attributes = { scope: 'col', title: column.title, class: column.align === 'end' ? 'number' : null };
  return h('th', attributes, ...breakable(column.header));
}

/** May break after its slash. */
function breakable(text: string): Child[] {
  const [first = '', ...others] = text.split('/');
  return [first, ...others.flatMap((part) => ['/', h('wbr'), part])];
}

/** The shape stays with the name; a variant may stand on the next line. */
function nameElements(key: string, style: number): Child[] {
  const at = key.indexOf(' (');
  const name = at === -1 ? key : key.slice(0, at);
  const variant = key.slice(name.length).trim();
  const first = h('span', { class: 'name' }, marker(style), name);
  return variant === '' ? [first] : [first, ' ', h('span', { class: 'variant' }, variant)];
}

function rowElement(row: TableRow, columns: readonly TableColumn[], styles: ReadonlyMap<string, number>): HTMLElement {
  return h(
    'tr',
    { 'data-topology': row.topology, 'data-phase': row.phase },
    ...row.cells.map((cell, at) => {
      const column = columns[at];
      if (column === undefined) return null;
      if (column.id === 'topology')
        return h('th', { scope: 'row' }, ...nameElements(cell.text, styles.get(row.topology) ?? 0));
      return h(
        'td',
        { 'data-column': column.id, 'data-value': cell.value, class: classesOf(column, cell) },
        ...cellElements(cell),
      );
    }),
  );
}

/** The interval stands below its number, so that the columns stay narrow. */
function cellElements({ text, interval }: TableCell): Child[] {
  return interval === null ? [text] : [text, ' ', h('span', { class: 'interval' }, interval)];
}

function classesOf(column: TableColumn, cell: TableCell): string | null {
  const classes = [column.align === 'end' ? 'number' : '', cell.tone === 'normal' ? '' : cell.tone].filter(
    (name) => name !== '',
  );
  return classes.length === 0 ? null : classes.join(' ');
}
