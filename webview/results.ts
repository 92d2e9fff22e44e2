import type { Distribution } from '../src/core/view/charts.ts';
import {
  latencyAgainstThroughput,
  latencyDistribution,
  latencyOverTime,
  percentileBars,
  throughputOverTime,
  throughputTitle,
} from '../src/core/view/charts.ts';
import type { GpuPrice } from '../src/core/gpuPrice.ts';
import type { LoadName } from '../src/core/phaseLoad.ts';
import { seriesStyles, type ChartView } from '../src/core/view/chart.ts';
import { chartSource } from '../src/core/view/chartSource.ts';
import { costFigures } from '../src/core/view/cost.ts';
import { doubtsOf } from '../src/core/view/doubts.ts';
import { formatMs, significant } from '../src/core/view/format.ts';
import { levelToTell } from '../src/core/view/levelToTell.ts';
import { levelsOf, rowsAt, rowsOf, type Measured, type PhaseRow } from '../src/core/view/measured.ts';
import { ownFiguresBesidePaper, paperChart } from '../src/core/view/paper.ts';
import { resultTable, type ResultTable } from '../src/core/view/resultTable.ts';
import { splitBars, splitTable, splitTitle, type SplitTable } from '../src/core/view/split.ts';
import { ChartFigure, dataTable, type ChartSaving } from './chartFigure.ts';
import type { ChartPicture } from './chartPicture.ts';
import type { Controls, Picker } from './controls.ts';
import { distributionsAt } from './distributions.ts';
import { h, heading, marker, Slot } from './dom.ts';
import { resultTableElements, unfoldNote, type ShownNotes } from './resultTable.ts';
import { splitTableElements } from './splitTable.ts';
import type { Theme } from './theme.ts';

/** What the reader chose to look at; kept when the page is made anew. */
export interface ResultsChoice {
  readonly section: string;
  /** Key of a LoadName; null: the level that shows most. */
  readonly level: string | null;
  /** Labels of series that no chart shows. */
  readonly hidden: readonly string[];
}

const sectionTitles = [
  ['throughput', throughputTitle],
  ['percentiles', 'Percentiles'],
  ['split', splitTitle],
  ['time', 'Over time'],
  ['paper', "Paper's figures"],
] as const;

/** Figures, table and charts of a run, finished or under way. */
export class Results {
  readonly element: HTMLElement;
  #measured: Measured | undefined;
  #gpuPrice: GpuPrice | null = null;
  #theme: Theme;
  #choice: ResultsChoice;
  #notes: ShownNotes;
  #distributions: { readonly level: string; readonly list: readonly Distribution[] } | undefined;
  readonly #controls: Controls;
  readonly #changed: (choice: ResultsChoice) => void;
  readonly #level = h('div', { class: 'level' });
  #picker: Picker | undefined;
  readonly #levels: Slot<readonly LoadName[]>;
  readonly #cards: Slot<readonly CardData[]>;
  readonly #doubts: Slot<readonly string[]>;
  readonly #table: Slot<{ readonly table: ResultTable; readonly styles: readonly (readonly [string, number])[] }>;
  readonly #own: Slot<NonNullable<ReturnType<typeof ownFiguresBesidePaper>> | null>;
  readonly #split: Slot<SplitTable | null>;
  readonly #charts: HTMLElement;
  readonly #figures: Readonly<Record<FigureName, ChartFigure>>;

  constructor(parts: {
    controls: Controls;
    /** Level of this part's headings. */
    headingLevel: number;
    theme: Theme;
    choice: ResultsChoice;
    changed: (choice: ResultsChoice) => void;
    /** Begins the ids of its notes, and whether those that are no reasons stand unfolded. */
    notes: ShownNotes;
    /** A chart has been painted. */
    painted: () => void;
    /** The reader wants a chart as a picture. */
    saveChart: (picture: ChartPicture) => void;
    /** Tells a screen reader of a chart's point. */
    say: (text: string) => void;
  }) {
    const { controls, headingLevel, painted, saveChart, say } = parts;
    this.#controls = controls;
    this.#theme = parts.theme;
    this.#choice = parts.choice;
    this.#changed = parts.changed;
    this.#notes = parts.notes;
    const saving: ChartSaving = {
      controls,
      save: (view, theme) => {
        // The paper's figures are not of this run.
        const measured = view.id === 'paper' ? undefined : this.#measured;
        saveChart({ view, theme, source: measured === undefined ? [] : chartSource(measured) });
      },
    };
    const toggled = (label: string, isShown: boolean): void => {
      const others = this.#choice.hidden.filter((hidden) => hidden !== label);
      this.#choose({ ...this.#choice, hidden: isShown ? others : [...others, label] });
      this.#showLevel();
    };
    const figure = (): ChartFigure => new ChartFigure({ painted, saving, toggled, say });
    this.#figures = {
      throughput: figure(),
      percentiles: figure(),
      distribution: figure(),
      split: figure(),
      time: figure(),
      latencyTime: figure(),
      paper: figure(),
    };
    this.#levels = new Slot(this.#level, (levels) => this.#levelElements(levels));
    this.#doubts = new Slot(h('ul', { class: 'doubts' }), (texts) => texts.map((text) => h('li', {}, text)));
    this.#cards = new Slot(h('div', { class: 'cards' }), (cards) => cards.map(cardElement));
    this.#table = new Slot(h('div'), ({ table, styles }) => resultTableElements(table, new Map(styles), this.#notes));
    this.#table.element.addEventListener('click', ({ target }) => {
      unfoldNote(target);
    });
    // Of a run under way the table is made anew, and what was unfolded stays so.
    this.#table.element.addEventListener(
      'toggle',
      ({ target }) => {
        if (target instanceof HTMLDetailsElement) this.#notes = { ...this.#notes, open: target.open };
      },
      { capture: true },
    );
    this.#own = new Slot(h('div', { class: 'own-figures' }), (own) =>
      own === null ? [] : [heading(headingLevel + 1, own.caption), dataTable(own.table, own.caption)],
    );
    this.#split = new Slot(h('div'), splitTableElements);
    this.#charts = h('section', { class: 'charts', 'aria-label': 'Charts' }, this.#sections());
    this.element = h(
      'div',
      { class: 'result' },
      h(
        'section',
        { 'aria-label': 'Figures' },
        this.#level,
        this.#cards.element,
        this.#doubts.element,
        this.#figures.split.element,
        this.#table.element,
      ),
      this.#charts,
    );
  }

  /** @param gpuPrice what the reader pays; null: no price is shown */
  show(measured: Measured, gpuPrice: GpuPrice | null, theme: Theme): void {
    this.#measured = measured;
    this.#gpuPrice = gpuPrice;
    this.#theme = theme;
    const rows = rowsOf(measured);
    const styles = seriesStyles(measured.topologies.map((topology) => topology.key));
    this.element.hidden = rows.length === 0;
    this.#levels.show(levelsOf(rows));
    this.#table.show({ table: resultTable(rows, gpuPrice), styles: [...styles] });
    this.#own.show(ownFiguresBesidePaper(measured) ?? null);
    this.#split.show(splitTable(rows));
    this.#showLevel();
  }

  /** Whether a chart that can be seen is still to be painted. */
  get pending(): boolean {
    return Object.values(this.#figures).some((figure) => figure.pending);
  }

  dispose(): void {
    for (const figure of Object.values(this.#figures)) figure.dispose();
  }

  #showLevel(): void {
    const measured = this.#measured;
    if (measured === undefined) return;
    const rows = rowsOf(measured);
    const level = this.#levelOf(rows);
    if (level === undefined) return;
    this.#picker?.select(level.key);
    const styles = seriesStyles(measured.topologies.map((topology) => topology.key));
    const atLevel = rowsAt(rows, level);
    this.#doubts.show(doubtsOf(atLevel));
    this.#cards.show(atLevel.map((row) => cardData(row, styles.get(row.topology) ?? 0, this.#gpuPrice)));
    const known = this.#distributions?.level === level.key ? this.#distributions.list : [];
    this.#figures.split.element.hidden = atLevel.every((row) => row.split === null);
    this.#draw('split', splitBars(rows, level));
    this.#draw('throughput', latencyAgainstThroughput(measured));
    this.#draw('percentiles', percentileBars(measured, level));
    this.#draw('distribution', latencyDistribution(measured, level, known));
    this.#draw('time', throughputOverTime(measured, level));
    this.#draw('latencyTime', latencyOverTime(measured, level));
    this.#draw('paper', paperChart());
    void this.#readDistributions(measured, level);
  }

  /** Histograms are inflated by the browser, which takes a moment; the curve follows when they are read. */
  async #readDistributions(measured: Measured, level: LoadName): Promise<void> {
    const list = await distributionsAt(measured, level);
    const rows = this.#measured === undefined ? [] : rowsOf(this.#measured);
    if (this.#measured !== measured || this.#levelOf(rows)?.key !== level.key) return;
    this.#distributions = { level: level.key, list };
    this.#draw('distribution', latencyDistribution(measured, level, list));
  }

  #draw(figure: FigureName, view: ChartView): void {
    this.#figures[figure].show(view, this.#theme, this.#choice.hidden);
  }

  #levelOf(rows: readonly PhaseRow[]): LoadName | undefined {
    const chosen = this.#choice.level;
    const level = levelsOf(rows).find(({ key }) => key === chosen);
    return level ?? (this.#measured === undefined ? undefined : levelToTell(this.#measured, rows));
  }

  #levelElements(levels: readonly LoadName[]): (Node | string)[] {
    const selected = this.#levelOf(this.#measured === undefined ? [] : rowsOf(this.#measured));
    const [only] = levels;
    this.#picker = undefined;
    if (only === undefined) return [];
    if (levels.length === 1) return [`At ${only.long}`];
    this.#picker = this.#controls.picker({
      label: levels.every((level) => level.closed)
        ? 'Connections of the figures and charts'
        : 'Load of the figures and charts',
      options: levels.map((level) => ({ value: level.key, text: level.long })),
      selected: (selected ?? only).key,
      pick: (value) => {
        this.#choose({ ...this.#choice, level: value });
        this.#showLevel();
      },
    });
    return [h('span', { 'aria-hidden': 'true' }, 'At'), this.#picker.element];
  }

  #sections(): HTMLElement {
    const { throughput, percentiles, distribution, time, latencyTime, paper } = this.#figures;
    const contents = {
      throughput: [throughput.element],
      percentiles: [percentiles.element, distribution.element],
      split: [this.#split.element],
      time: [time.element, latencyTime.element],
      paper: [paper.element, this.#own.element],
    };
    const known = sectionTitles.some(([id]) => id === this.#choice.section);
    return this.#controls.sections({
      label: 'Charts',
      sections: sectionTitles.map(([id, title]) => ({
        id,
        title,
        content: h('div', { class: 'charts-of' }, ...contents[id]),
      })),
      selected: known ? this.#choice.section : sectionTitles[0][0],
      select: (section) => {
        this.#choose({ ...this.#choice, section });
      },
    });
  }

  #choose(choice: ResultsChoice): void {
    this.#choice = choice;
    this.#changed(choice);
  }
}

type FigureName = 'split' | 'throughput' | 'percentiles' | 'distribution' | 'time' | 'latencyTime' | 'paper';

interface CardData {
  readonly topology: string;
  readonly style: number;
  readonly figures: readonly { readonly name: string; readonly value: string; readonly unit: string }[];
  /** What it costs on the GPUs held; empty without. */
  readonly cost: CardData['figures'];
  readonly valid: boolean;
}

function cardData(row: PhaseRow, style: number, gpuPrice: GpuPrice | null): CardData {
  const latency = (name: string, value: number | null): CardData['figures'][number] =>
    value === null ? { name, value: formatMs(null), unit: '' } : { name, value: significant(value), unit: 'ms' };
  return {
    topology: row.topology,
    style,
    figures: [
      { name: 'throughput', value: significant(row.rps), unit: 'RPS' },
      latency('p50', row.p50Ms),
      latency('p95', row.p95Ms),
    ],
    cost: costFigures(row, gpuPrice),
    valid: row.validity.valid,
  };
}

function cardElement(card: CardData): HTMLElement {
  return h(
    'div',
    { class: `card series-${String(card.style)}`, 'data-topology': card.topology },
    h(
      'p',
      { class: 'card-title' },
      marker(card.style),
      card.topology,
      card.valid ? null : h('span', { class: 'bad' }, 'not valid'),
    ),
    h(
      'dl',
      {},
      ...card.figures.map((figure) => figureElement(figure, figure.unit === '' ? 'figure absent' : 'figure')),
      ...card.cost.map((figure) => figureElement(figure, 'figure cost')),
    ),
  );
}

function figureElement({ name, value, unit }: CardData['figures'][number], kind: string): HTMLElement {
  return h(
    'div',
    { class: kind },
    h('dt', {}, name),
    h('dd', {}, h('span', { class: 'value' }, value), unit === '' ? null : h('span', { class: 'unit' }, ` ${unit}`)),
  );
}
