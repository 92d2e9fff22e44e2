import type { ChartTable, ChartView } from '../src/core/view/chart.ts';
import { walkedTo, type PointPlace } from '../src/core/view/chartWalk.ts';
import { formatList } from '../src/core/view/format.ts';
import { pointText } from '../src/core/view/pointText.ts';
import { drawChart, type DrawnChart } from './charts.ts';
import { ChartSeriesList } from './chartSeries.ts';
import type { Controls } from './controls.ts';
import { h, setText } from './dom.ts';
import type { Theme } from './theme.ts';

/** What a page does that can save a chart as a picture. */
export interface ChartSaving {
  readonly controls: Controls;
  save(view: ChartView, theme: Theme): void;
}

/**
 * A chart on the page: which series it has, canvas, notes, and its numbers as a table. Painted only while it can be seen. Arrow
 * keys walk its points.
 */
export class ChartFigure {
  readonly element: HTMLElement;
  readonly #painted: () => void;
  readonly #say: (text: string) => void;
  readonly #caption = h('figcaption');
  readonly #series: ChartSeriesList;
  readonly #pictureId = newPictureId();
  /** No widget is walked in two directions, and only an application gets the arrow keys from a screen reader that browses the page by them. */
  readonly #frame = h('div', {
    class: 'chart-frame',
    tabindex: 0,
    role: 'application',
    'aria-roledescription': 'chart',
    // What lies within an application is not browsed, so that the picture's own text is the frame's, too.
    'aria-describedby': this.#pictureId,
  });
  readonly #notes = h('div', { class: 'chart-notes' });
  readonly #data = h('div', { class: 'table-scroll', tabindex: 0, role: 'region' });
  readonly #save: HTMLElement;
  /** A section that comes into view has its size only then. */
  readonly #seen = new ResizeObserver(() => {
    this.paint();
  });
  #view: ChartView | undefined;
  #theme: Theme | undefined;
  #hidden: readonly string[] = [];
  #drawn: { readonly chart: DrawnChart; readonly of: string } | undefined;
  /** The point that the keys have come to. */
  #place: PointPlace | null = null;

  constructor(parts: {
    /** The chart has been painted in full, or has nothing to paint. */
    painted: () => void;
    saving: ChartSaving;
    /** The reader shows or hides a series, by its label. */
    toggled: (label: string, isShown: boolean) => void;
    /** Tells a screen reader of the point that the keys have come to. */
    say: (text: string) => void;
  }) {
    const { saving } = parts;
    this.#painted = parts.painted;
    this.#say = parts.say;
    this.#series = new ChartSeriesList(parts.toggled);
    this.#save = saving.controls.button(saveText, 'secondary', () => {
      if (this.#view !== undefined && this.#theme !== undefined)
        saving.save(withoutSeries(this.#view, this.#hidden), this.#theme);
    });
    this.#frame.addEventListener('keydown', (event) => {
      if (!event.altKey && !event.ctrlKey && !event.metaKey && this.#walk(event.key)) event.preventDefault();
    });
    this.#frame.addEventListener('blur', () => {
      this.#goTo(null);
    });
    const details = h('details', { class: 'chart-data' }, h('summary', {}, 'Data of this chart'), this.#data);
    this.#seen.observe(this.#frame);
    const tools = h('div', { class: 'chart-tools' }, details, this.#save);
    this.element = h('figure', {}, this.#caption, this.#series.element, this.#frame, this.#notes, tools);
  }

  /** Whether what was shown last still has to be painted. */
  get pending(): boolean {
    return this.#isVisible() && this.#drawn?.of !== this.#signature();
  }

  /** @param hidden labels of the series that the reader wants not to see */
  show(view: ChartView, theme: Theme, hidden: readonly string[]): void {
    const changed = JSON.stringify(view) !== JSON.stringify(this.#view);
    this.#view = view;
    this.#theme = theme;
    // Parts that are taken out of a whole would leave another whole.
    this.#hidden = view.stacked === true ? [] : hidden.filter((label) => hasSeries(view, label));
    this.#series.show(view, this.#hidden);
    if (changed) {
      setText(this.#caption, view.title);
      this.#notes.replaceChildren(...view.notes.map((note) => h('p', {}, note)));
      this.#save.setAttribute('aria-label', `${saveText}: ${view.title}`);
      this.#frame.setAttribute('aria-label', `${view.title}: arrow keys walk its points`);
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
    const text = `${view.title}. ${view.description}`;
    const canvas = h('canvas', { id: this.#pictureId, role: 'img', 'aria-label': text });
    this.#frame.replaceChildren(canvas);
    this.#frame.classList.toggle('bars', view.kind === 'bar');
    this.#frame.classList.toggle('lying', view.horizontal === true);
    this.#frame.classList.toggle('many', view.categories.length > 3);
    const shown = withoutSeries(view, this.#hidden);
    this.#drawn = { chart: drawChart(canvas, shown, theme, this.#painted), of: this.#signature() };
    // The place may be another point by now, which nobody has been told of.
    this.#place = null;
  }

  dispose(): void {
    this.#seen.disconnect();
    this.#drawn?.chart.destroy();
    this.#drawn = undefined;
  }

  /** @returns whether the key was for the chart */
  #walk(key: string): boolean {
    if (this.#view === undefined) return false;
    if (key === 'Escape' && this.#place !== null) {
      this.#goTo(null);
      return true;
    }
    const shown = withoutSeries(this.#view, this.#hidden);
    const place = walkedTo(shown, this.#place, key);
    if (place === undefined) return false;
    this.#goTo(place);
    const series = shown.series[place.series];
    const point = series?.points[place.point];
    if (series !== undefined && point !== undefined) this.#say(pointText(shown, series, point));
    return true;
  }

  #goTo(place: PointPlace | null): void {
    if (place === null && this.#place === null) return;
    this.#place = place;
    this.#drawn?.chart.activate(place);
  }

  #isVisible(): boolean {
    return this.#frame.clientWidth > 0;
  }

  #signature(): string {
    return JSON.stringify([this.#view, this.#theme, this.#hidden]);
  }
}

let pictures = 0;

/** By which the page refers to a chart's picture. */
function newPictureId(): string {
  pictures += 1;
  return `chart-picture-${String(pictures)}`;
}

function hasSeries(view: ChartView, label: string): boolean {
  return view.series.some((series) => series.label === label);
}

/** As the reader wants to see it; what is left out is said. */
function withoutSeries(view: ChartView, hidden: readonly string[]): ChartView {
  const series = view.series.filter(({ label }) => !hidden.includes(label));
  const left = view.series.filter(({ label }) => hidden.includes(label)).map(({ label }) => label);
  return left.length === 0 ? view : { ...view, series, notes: [...view.notes, `Not shown: ${formatList(left)}.`] };
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
