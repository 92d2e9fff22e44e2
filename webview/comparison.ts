import { compareRecords } from '../src/core/compare.ts';
import { differencesOf } from '../src/core/differences.ts';
import type { RunRecord } from '../src/core/record.ts';
import { comparisonTable } from '../src/core/view/comparison.ts';
import { h, heading } from './dom.ts';

/** Two runs side by side: p50, p95 and RPS at each level, their ratio, and what that is worth. */
export function comparisonElement(before: RunRecord, after: RunRecord): HTMLElement {
  const { header, rows, notes } = comparisonTable(compareRecords(before, after), differencesOf(before, after));
  const title = after.repeats === before.id ? `Beside run ${before.id}, which it repeats` : `Beside run ${before.id}`;
  // Topology and level, then figures.
  const kind = (index: number): string | null => (index < 2 ? null : 'number');
  const table = h(
    'table',
    { class: 'results' },
    h('caption', { class: 'visually-hidden' }, title),
    h('thead', {}, h('tr', {}, ...header.map((text, index) => h('th', { scope: 'col', class: kind(index) }, text)))),
    h(
      'tbody',
      {},
      ...rows.map((row) => {
        const [name = '', ...cells] = row;
        return h(
          'tr',
          {},
          h('th', { scope: 'row' }, name),
          ...cells.map((text, index) => h('td', { class: kind(index + 1) }, text)),
        );
      }),
    ),
  );
  return h(
    'section',
    {},
    heading(2, title),
    h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': title }, table),
    h('ul', { class: 'caveats' }, ...notes.map((note) => h('li', {}, note))),
  );
}
