import type { SplitColumn, SplitTable } from '../src/core/view/split.ts';
import { h, type Child } from './dom.ts';

/** Where the time goes, one group a level; what it cannot say where nothing was measured. */
export function splitTableElements(table: SplitTable | null): Child[] {
  if (table === null) return [h('p', {}, "The servers' own timing was not read in this run.")];
  // A group's heading says the connections.
  const columns = table.columns.flatMap((column, at) => (column.header === 'Conn.' ? [] : [{ column, at }]));
  const element = h(
    'table',
    { class: 'data split' },
    h('caption', { class: 'visually-hidden' }, table.title),
    h('thead', {}, h('tr', {}, ...columns.map(({ column }) => headerCell(column)))),
    ...table.groups.map((group) =>
      h(
        'tbody',
        {},
        h('tr', { class: 'group' }, h('th', { scope: 'rowgroup', colspan: columns.length }, group.heading)),
        ...group.rows.map((cells) =>
          h(
            'tr',
            {},
            ...columns.map(({ at }) =>
              at === 0 ? h('th', { scope: 'row' }, cells[at] ?? '') : h('td', { class: 'number' }, cells[at] ?? ''),
            ),
          ),
        ),
      ),
    ),
  );
  return [
    h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': table.title }, element),
    h('div', { class: 'chart-notes' }, ...table.notes.map((note) => h('p', {}, note))),
  ];
}

function headerCell({ header, title, align }: SplitColumn): HTMLElement {
  return h('th', { scope: 'col', title, class: align === 'end' ? 'number' : null }, header);
}
