import type { ComparisonView } from '../../src/core/view/comparisonView.ts';

type Cell = ComparisonView['groups'][number]['rows'][number]['cells'][number];

/** A cell as "12.1 → 9.80 0.81x [0.74–0.88] better". @param to what stands between its two figures */
export function cellText(cell: Cell, to = ' → '): string {
  return [
    cell.after === null ? cell.before : `${cell.before}${to}${cell.after}`,
    cell.ratio,
    cell.interval,
    cell.finding,
    cell.doubt,
    cell.reference,
  ]
    .filter((part) => part !== null && part !== '')
    .join(' ');
}
