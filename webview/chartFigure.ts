import type { ChartTable, ChartView } from '../src/core/view/chart.ts';
import { drawChart, type DrawnChart } from './charts.ts';
import type { Controls } from './controls.ts';
import { h, setText } from './dom.ts';
import type { Theme } from './theme.ts';

/** What a page does that can save a chart as a picture. */
export interface ChartSaving {
  readonly controls: Controls;
  save(view: ChartView, theme: Theme): void;
}

/** A chart on the page: canvas, notes, and its numbers as a table. Painted only while it can be seen. */
export class ChartFigure {
  readonly element: HTMLElement;
  readonly #painted: () => void;
  readonly #caption = h('figcaption');
  readonly #frame = h('div', { class: 'chart-frame' });
  readonly #notes = h('div', { class: 'chart-notes' });
  readonly #data = h('div', { class: 'table-scroll', tabindex: 0, role: 'region' });
  readonly #save: HTMLElement | null;
  /** A section that comes into view has its size only then. */
  readonly #seen = new ResizeObserver(() => {
    this.paint();
  });
  #view: ChartView | undefined;
  #theme: Theme | undefined;
  #drawn: { readonly chart: DrawnChart; readonly of: string } | undefined;

  /**
   * @param painted called when the chart has been painted in full, or has nothing to paint
   * @param saving null where the chart cannot be saved
   */
  constructor(painted: () => void, saving: ChartSaving | null = null) {
    this.#painted = painted;
    this.#save =
      saving?.controls.button(saveText, 'secondary', () => {
        if (this.#view !== undefined && this.#theme !== undefined) saving.save(this.#view, this.#theme);
      }) ?? null;
    const details = h('details', { class: 'chart-data' }, h('summary', {}, 'Data of this chart'), this.#data);
    this.#seen.observe(this.#frame);
    const tools = h('div', { class: 'chart-tools' }, details, this.#save);
    this.element = h('figure', {}, this.#caption, this.#frame, this.#notes, tools);
  }

  /** Whether what was shown last still has to be painted. */
  get pending(): boolean {
    return this.#isVisible() && this.#drawn?.of !== this.#signature();
  }

  show(view: ChartView, theme: Theme): void {
    const changed = JSON.stringify(view) !== JSON.stringify(this.#view);
    this.#view = view;
    this.#theme = theme;
    if (changed) {
      setText(this.#caption, view.title);
      this.#notes.replaceChildren(...view.notes.map((note) => h('p', {}, note)));
      this.#save?.setAttribute('aria-label', `${saveText}: ${view.title}`);
      this.#data.setAttribute('aria-label', `Data: ${view.title}`);
      this.#data.replaceChildren(dataTable(view.table, view.title));
    }
    this.paint();
  }

  /** Paints what has changed; does nothing while hidden. */
  paint(): void {
    const view = this.#view;
    const theme = this.#theme;
    if (view === undefined || theme === undefined || !this.pending) return;
    this.#drawn?.chart.destroy();
    const canvas = h('canvas', { role: 'img', 'aria-label': `${view.title}. ${view.description}` });
    this.#frame.replaceChildren(canvas);
    this.#frame.classList.toggle('bars', view.kind === 'bar');
    this.#drawn = { chart: drawChart(canvas, view, theme, this.#painted), of: this.#signature() };
  }

  dispose(): void {
    this.#seen.disconnect();
    this.#drawn?.chart.destroy();
    this.#drawn = undefined;
  }

  #isVisible(): boolean {
    return this.#frame.clientWidth > 0;
  }

  #signature(): string {
    return JSON.stringify([this.#view, this.#theme]);
  }
}

const saveText = 'Save as PNG';

/** The numbers behind a chart. */
export function dataTable(table: ChartTable, caption: string): HTMLTableElement {
  return h(
    'table',
    { class: 'data' },
    h('caption', { class: 'visually-hidden' }, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...table.columns.map((column, at) => h('th', { scope: 'col', class: at === 0 ? null : 'number' }, column)),
      ),
    ),
    h(
      'tbody',
      {},
      ...table.rows.map((cells) =>
        h(
          'tr',
          {},
          ...cells.map((cell, at) => (at === 0 ? h('th', { scope: 'row' }, cell) : h('td', { class: 'number' }, cell))),
        ),
      ),
    ),
  );
}
