import type { DrawnFigure } from '../src/protocol/messages.ts';
import type { ColumnId, ResultTable, TableCell, TableColumn, TableRow } from '../src/core/view/resultTable.ts';
import { h, marker, type Child } from './dom.ts';

/** How the notes below a table are shown. */
export interface ShownNotes {
  /** Begins their ids: a page may hold several results. */
  readonly prefix: string;
  /** Whether what is no reason is unfolded. */
  readonly open: boolean;
}

/** The table of a run, one group a level, with the notes that its rows refer to; as narrow as a panel beside code. */
export function resultTableElements(
  table: ResultTable,
  styles: ReadonlyMap<string, number>,
  shown: ShownNotes,
): Child[] {
  if (table.groups.length === 0) return [];
  const columns = placedColumns(table);
  const element = h(
    'table',
    { class: 'results' },
    h('caption', { class: 'visually-hidden' }, table.caption),
    h('thead', {}, h('tr', {}, ...columns.map(headerCell))),
    ...table.groups.map((group) =>
      h(
        'tbody',
        {},
        h('tr', { class: 'group' }, h('th', { scope: 'rowgroup', colspan: columns.length }, group.heading)),
        ...group.rows.map((row) => rowElement(row, columns, styles, (note) => noteLink(table, note, shown))),
      ),
    ),
  );
  return [
    h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Results table' }, element),
    ...noteElements(table, shown),
    table.costRemarks.length === 0
      ? null
      : h('div', { class: 'chart-notes' }, ...table.costRemarks.map((remark) => h('p', {}, remark))),
  ];
}

/** Why rows are not valid stays in sight; what limits the others is unfolded when it is wanted. */
function noteElements({ notes, reasonNotes }: ResultTable, { prefix, open }: ShownNotes): Child[] {
  const list = (from: number, to: number, label: string): Child =>
    from === to
      ? null
      : h(
          'ol',
          { class: 'notes', 'aria-label': label },
          ...notes
            .slice(from, to)
            .map((note, at) => h('li', { value: from + at + 1, id: noteId(prefix, from + at + 1) }, note)),
        );
  const others = notes.length - reasonNotes;
  return [
    list(0, reasonNotes, 'Why rows of the table are not valid'),
    others === 0
      ? null
      : h(
          'details',
          { class: 'more-notes', open },
          h('summary', {}, `Notes (${String(others)})`),
          list(reasonNotes, notes.length, 'Notes of the table'),
        ),
  ];
}

function noteId(prefix: string, number: number): string {
  return `note-${prefix}-${String(number)}`;
}

/** Says its note under the mouse and to a screen reader, and leads to it. */
function noteLink({ notes }: ResultTable, number: number, { prefix }: ShownNotes): HTMLElement {
  const id = noteId(prefix, number);
  const title = notes[number - 1] ?? '';
  return h('a', { href: `#${id}`, title, 'aria-label': `Note ${String(number)}` }, String(number));
}

/** Unfolds the note that a link leads to: VS Code scrolls to it, and looks into nothing that is folded. */
export function unfoldNote(target: EventTarget | null): void {
  const link = target instanceof Element ? target.closest('a') : null;
  const id = link?.getAttribute('href')?.slice(1) ?? '';
  const details = document.getElementById(id)?.closest('details') ?? null;
  if (details !== null) details.open = true;
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

/** What stands in the second line of another column's cells, so that nothing has to be scrolled to. */
const belowOf: Readonly<Partial<Record<ColumnId, ColumnId>>> = {
  validity: 'topology',
  errors: 'samples',
  'rps-per-gpu': 'rps',
  'price-per-million': 'requests-per-gpu-hour',
};

interface Placed {
  readonly column: TableColumn;
  /** In the cells of a row. */
  readonly at: number;
}

interface PlacedColumn extends Placed {
  readonly below: Placed | null;
}

function placedColumns(table: ResultTable): PlacedColumn[] {
  const placed = table.columns
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => !saysTheSame(table, column));
  const has = (id: ColumnId | undefined): boolean => placed.some(({ column }) => column.id === id);
  return placed
    .filter(({ column }) => !has(belowOf[column.id]))
    .map((one) => ({ ...one, below: placed.find(({ column }) => belowOf[column.id] === one.column.id) ?? null }));
}

/** On one GPU each, requests per second and GPU are those per second. */
function saysTheSame({ columns, groups }: ResultTable, { id }: TableColumn): boolean {
  if (id !== 'rps-per-gpu') return false;
  const [rps, perGpu] = (['rps', id] as const).map((one) => columns.findIndex((column) => column.id === one));
  return groups
    .flatMap(({ rows }) => rows)
    .every(({ cells }) => cells[perGpu ?? -1]?.value === cells[rps ?? -1]?.value);
}

function headerCell({ column, below }: PlacedColumn): HTMLElement {
  const title = below === null ? column.title : `${column.title}; below: ${below.column.title}`;
  return h(
    'th',
    { scope: 'col', title, class: column.align === 'end' ? 'number' : null },
    ...breakable(column.header),
    ...(below === null ? [] : [' ', h('span', { class: 'below' }, ...breakable(below.column.header))]),
  );
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

function rowElement(
  row: TableRow,
  columns: readonly PlacedColumn[],
  styles: ReadonlyMap<string, number>,
  linkOf: (note: number) => HTMLElement,
): HTMLElement {
  return h(
    'tr',
    { 'data-topology': row.topology, 'data-phase': row.phase },
    ...columns.map(({ column, at, below }) => {
      const cell = row.cells[at];
      if (cell === undefined) return null;
      const belowCell = below === null ? undefined : row.cells[below.at];
      const second =
        below === null || belowCell === undefined ? [] : [' ', belowElement(below.column, belowCell, row, linkOf)];
      if (column.id === 'topology')
        return h('th', { scope: 'row' }, ...nameElements(cell.text, styles.get(row.topology) ?? 0), ...second);
      return h(
        'td',
        {
          'data-column': column.id,
          'data-value': cell.value,
          class: classesOf(column, cell),
          title: cell.text.endsWith(doubtMark) ? 'Not valid, as its row' : null,
        },
        ...cellElements(cell),
        ...second,
      );
    }),
  );
}

/** The interval stands below its number, so that the columns stay narrow. */
function cellElements({ text, interval }: TableCell): Child[] {
  const marked = text.endsWith(doubtMark)
    ? [
        text.slice(0, -doubtMark.length),
        h('span', { 'aria-hidden': 'true' }, doubtMark),
        h('span', { class: 'visually-hidden' }, 'not valid'),
      ]
    : [text];
  return interval === null ? marked : [...marked, ' ', h('span', { class: 'interval' }, interval)];
}

function belowElement(
  { id }: TableColumn,
  cell: TableCell,
  row: TableRow,
  linkOf: (note: number) => HTMLElement,
): HTMLElement {
  const tone = cell.tone === 'normal' ? '' : ` ${cell.tone}`;
  const attributes = { class: `below${tone}`, 'data-column': id, 'data-value': cell.value };
  if (id === 'validity') return h('span', attributes, ...validityElements(row, cell, linkOf));
  return h('span', attributes, ...cellElements({ ...cell, text: belowText(id, cell.text) }));
}

/** "not valid: the load generator was late [1, 2]" */
function validityElements(
  { gists, notes }: TableRow,
  { tone }: TableCell,
  linkOf: (note: number) => HTMLElement,
): Child[] {
  const verdict = tone === 'bad' ? 'not valid' : 'valid';
  const why = gists.length === 0 ? '' : `: ${gists.join('; ')}`;
  const links = notes.flatMap((note, at) => [at === 0 ? ' [' : ', ', linkOf(note)]);
  return [`${verdict}${why}`, ...(links.length === 0 ? [] : [...links, ']'])];
}

/** What a screen reader makes nothing of, and the tooltip of its cell says. */
const doubtMark = '(!)';

/** In words, since what it is of stands beside it and not above. */
function belowText(id: ColumnId, text: string): string {
  if (id === 'errors') return text.replace(/^\d+/u, (count) => `${count} ${count === '1' ? 'error' : 'errors'}`);
  if (id === 'rps-per-gpu') return text === 'CPU' ? 'on the CPU' : `${text}/GPU`;
  return text;
}

function classesOf(column: TableColumn, cell: TableCell): string | null {
  const classes = [column.align === 'end' ? 'number' : '', cell.tone === 'normal' ? '' : cell.tone].filter(
    (name) => name !== '',
  );
  return classes.length === 0 ? null : classes.join(' ');
}
