import type { ChartView } from '../src/core/view/chart.ts';
import { swatch } from './chartPatterns.ts';
import { h, marker, Slot } from './dom.ts';

/** The names of a chart's series beside their shapes, each to be shown or hidden by a checkbox; in a whole of parts without. */
export class ChartSeriesList {
  readonly #slot: Slot<SeriesNames>;
  readonly #toggled: (label: string, isShown: boolean) => void;
  readonly #boxes = new Map<string, HTMLInputElement>();

  /** @param toggled the reader shows or hides a series, by its label */
  constructor(toggled: (label: string, isShown: boolean) => void) {
    this.#toggled = toggled;
    this.#slot = new Slot(h('div', { class: 'chart-series', role: 'group' }), (names) => this.#elements(names));
  }

  get element(): HTMLElement {
    return this.#slot.element;
  }

  show({ title, kind, stacked, series }: ChartView, hidden: readonly string[]): void {
    this.#slot.element.setAttribute('aria-label', `Series of ${title}`);
    // One series has no other to be told from.
    const shown = series.length > 1 ? series : [];
    this.#slot.show({
      isBar: kind === 'bar',
      canHide: stacked !== true,
      names: shown.map(({ label, style }) => ({ label, style })),
    });
    for (const [label, box] of this.#boxes) box.checked = !hidden.includes(label);
  }

  #elements({ isBar, canHide, names }: SeriesNames): HTMLElement[] {
    this.#boxes.clear();
    return names.map(({ label, style }) => {
      const shape = isBar ? swatch(style) : marker(style);
      if (!canHide) return h('span', { class: 'series-name' }, shape, label);
      const box = h('input', { type: 'checkbox' });
      box.addEventListener('change', () => {
        this.#toggled(label, box.checked);
      });
      this.#boxes.set(label, box);
      return h('label', { class: 'series-name' }, box, shape, label);
    });
  }
}

interface SeriesNames {
  readonly isBar: boolean;
  readonly canHide: boolean;
  readonly names: readonly { readonly label: string; readonly style: number }[];
}
