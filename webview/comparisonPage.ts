import { comparisonMarkdown } from '../src/core/view/comparisonMarkdown.ts';
import { formatTime, fullStop, type TimeWords } from '../src/core/view/format.ts';
import type { ComparisonView } from '../src/core/view/comparisonView.ts';
import type { PanelRequest } from '../src/protocol/messages.ts';
import { comparedFiguresElements, comparedRunsElements } from './comparison.ts';
import type { Controls } from './controls.ts';
import { h, Slot } from './dom.ts';
import type { Callout } from './resultPage.ts';

/** The panel's mode that shows two runs beside each other: all but its heading. */
export class ComparisonPage {
  readonly actions: HTMLElement;
  readonly #runs = new Slot(h('div'), ({ view, words }: { view: ComparisonView; words: TimeWords }) =>
    comparedRunsElements(view, words),
  );
  readonly #figures = new Slot(h('div'), (view: ComparisonView) => comparedFiguresElements(view, 2));
  readonly #configs: HTMLElement;
  #shown: ComparisonView | undefined;

  /** @param ask sends a request and says its end, with `done` where it went well */
  constructor(controls: Controls, ask: (request: PanelRequest, done: string) => void) {
    const button = (text: string, request: PanelRequest): HTMLElement =>
      controls.button(text, 'secondary', () => {
        ask(request, '');
      });
    this.#configs = button("Show the model configs' difference", { kind: 'show-configs' });
    this.actions = h(
      'div',
      { class: 'actions', role: 'group', 'aria-label': 'Actions' },
      button('Swap', { kind: 'swap' }),
      button("Show the plans' difference", { kind: 'show-plans' }),
      this.#configs,
      controls.button('Copy as Markdown', 'secondary', () => {
        if (this.#shown !== undefined) ask({ kind: 'copy', text: comparisonMarkdown(this.#shown) }, 'Copied.');
      }),
      button('Open “before”', { kind: 'show-run', which: 'before' }),
      button('Open “after”', { kind: 'show-run', which: 'after' }),
    );
  }

  get runs(): HTMLElement {
    return this.#runs.element;
  }

  get figures(): HTMLElement {
    return this.#figures.element;
  }

  show(view: ComparisonView, words: TimeWords): void {
    this.#shown = view;
    // Of runs on an endpoint there are none.
    this.#configs.hidden = !view.hasModelConfigs;
    this.#runs.show({ view, words });
    this.#figures.show(view);
  }
}

/** What a screen reader is told when the same two runs are shown the other way round; empty where they are not. */
export function swapAnnouncement(shown: ComparisonView, now: ComparisonView, words: TimeWords): string {
  const { before, after } = now.runs;
  if (shown.runs.before.id !== after.id || shown.runs.after.id !== before.id) return '';
  const [first, second] = [before, after].map(({ startedAt }) => formatTime(startedAt, words));
  return `Swapped: before is the run of ${first ?? ''}, after the run of ${second ?? ''}. ${now.headline}`;
}

/** Why the figures of two runs mean different things: said before them. */
export function incomparableCallouts({ incomparable }: ComparisonView): Callout[] {
  return incomparable.map((reason) => ({ kind: 'warning', title: 'Not comparable.', text: fullStop(reason) }));
}
