import { rowsOf, type Measured } from '../src/core/view/measured.ts';
import { seriesStyles } from '../src/core/view/chart.ts';
import { resultTable } from '../src/core/view/resultTable.ts';
import type { View } from '../src/protocol/messages.ts';
import { comparedFiguresElements, comparedRunsElements } from './comparison.ts';
import { h, type Child } from './dom.ts';
import { calloutsOf, headerElements, headerOf, measuredOf } from './pageParts.ts';
import { calloutElement } from './resultPage.ts';
import { resultTableElements } from './resultTable.ts';

/**
 * What a view is known by, as HTML that needs no script: headline, warnings and table. The host writes it into the page, which
 * is read while its scripts are still on their way; those put the whole in its place, charts included.
 * @returns escaped; without actions, since nothing answers them yet
 */
export function firstPaint(view: View): string {
  const callouts = calloutsOf(view).map(calloutElement);
  const parts: HTMLElement[] = [
    h('header', {}, ...headerElements(headerOf(view))),
    ...(callouts.length === 0 ? [] : [h('div', { class: 'callouts' }, ...callouts)]),
    ...figures(view),
  ];
  return parts.map(({ outerHTML }) => outerHTML).join('');
}

function figures(view: View): HTMLElement[] {
  if (view.kind === 'comparison') {
    const { comparison } = view;
    return [
      h('div', {}, ...comparedRunsElements(comparison, view.times)),
      h('div', {}, ...comparedFiguresElements(comparison, 2)),
    ];
  }
  const measured = measuredOf(view);
  if (measured === null || rowsOf(measured).length === 0) return [];
  return [h('div', { class: 'result' }, ...tableElements(measured, view))];
}

/** As the panel has them when nobody has unfolded them yet. */
const firstNotes = { prefix: 'run', open: false };

function tableElements(measured: Measured, view: View): Child[] {
  const price = view.kind === 'record' || view.kind === 'live' ? view.gpuPrice.price : null;
  const styles = seriesStyles(measured.topologies.map(({ key }) => key));
  return [h('div', {}, ...resultTableElements(resultTable(rowsOf(measured), price), styles, firstNotes))];
}
