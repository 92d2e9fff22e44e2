import type {
  ComparedRun,
  ComparisonCell,
  ComparisonGroup,
  ComparisonRow,
  ComparisonView,
} from '../src/core/view/comparisonView.ts';
import { formatTime, type TimeWords } from '../src/core/view/format.ts';
import { h, heading, type Child } from './dom.ts';

/** Two runs side by side, below the answer in words: what was changed, what that is worth, which runs they are, their figures, and what differs besides. */

/** @param words of the one reader that it is for, if any */
export function comparedRunsElements({ runs, worth, changed }: ComparisonView, words?: TimeWords): Child[] {
  return [
    changed.length === 0
      ? null
      : h(
          'dl',
          { class: 'compared-runs' },
          ...changed.flatMap(({ title, texts }) => [h('dt', {}, title), h('dd', {}, texts.join('; '))]),
        ),
    worth.length === 0 ? null : h('p', { class: 'worth' }, worth.join(' ')),
    h(
      'dl',
      { class: 'compared-runs' },
      ...runElements('Before', runs.before, words),
      ...runElements('After', runs.after, words),
    ),
  ];
}

/** @param headingLevel of the parts below the table */
export function comparedFiguresElements(view: ComparisonView, headingLevel: number): Child[] {
  return [
    ...(view.groups.length === 0 ? [] : [tableElement(view)]),
    view.notes.length === 0
      ? null
      : h(
          'ol',
          { class: 'notes', 'aria-label': 'Notes of the table' },
          ...view.notes.map((note, index) => h('li', { value: index + 1 }, note)),
        ),
    view.remarks.length === 0
      ? null
      : h('div', { class: 'chart-notes' }, ...view.remarks.map((remark) => h('p', {}, remark))),
    h(
      'section',
      { class: 'differences' },
      heading(headingLevel, 'What else differs'),
      ...(view.differences.length === 0
        ? [h('p', {}, 'Nothing that the records know of.')]
        : view.differences.map(({ title, texts }) =>
            h(
              'section',
              {},
              heading(headingLevel + 1, title),
              h('ul', { class: 'caveats' }, ...texts.map((text) => h('li', {}, text))),
            ),
          )),
    ),
  ];
}

function runElements(role: string, { id, startedAt, text }: ComparedRun, words: TimeWords | undefined): HTMLElement[] {
  return [h('dt', {}, role), h('dd', {}, `${formatTime(startedAt, words)}, ${text}, run ${id}`)];
}

function tableElement({ caption, columns, groups }: ComparisonView): HTMLElement {
  const table = h(
    'table',
    { class: 'data comparison' },
    h('caption', { class: 'visually-hidden' }, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...columns.map(({ header, title }, at) =>
          h('th', { scope: 'col', title, class: at === 0 ? null : 'number' }, header),
        ),
      ),
    ),
    ...groups.map((group) => groupElement(group, columns.length)),
  );
  return h(
    'div',
    { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Both runs side by side' },
    table,
  );
}

function groupElement({ topology, rows }: ComparisonGroup, width: number): HTMLElement {
  return h(
    'tbody',
    {},
    h('tr', { class: 'group' }, h('th', { scope: 'rowgroup', colspan: width }, topology)),
    ...rows.map(rowElement),
  );
}

function rowElement({ level, cells }: ComparisonRow): HTMLElement {
  return h('tr', {}, h('th', { scope: 'row' }, level), ...cells.map(cellElement));
}

/** Both figures in one line, what became of them below, so that the columns stay narrow. */
function cellElement({ before, after, ratio, interval, finding, doubt, reference }: ComparisonCell): HTMLElement {
  return h(
    'td',
    { class: 'number' },
    before,
    ...(after === null
      ? []
      : [h('span', { 'aria-hidden': 'true' }, ' → '), h('span', { class: 'visually-hidden' }, ' to '), after]),
    ...below(ratio, 'ratio'),
    ...below(interval, 'interval'),
    ...below(finding, finding === 'worse' ? 'finding bad' : 'finding'),
    ...below(doubt, 'doubt bad'),
    ...below(reference === '' ? null : reference, 'reference'),
  );
}

function below(text: string | null, kind: string): Child[] {
  return text === null ? [] : [' ', h('span', { class: kind }, text)];
}
