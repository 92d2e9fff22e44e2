import type { RunState } from '../src/core/events.ts';
import type { GpuPrice } from '../src/core/gpuPrice.ts';
import { formatClock } from '../src/core/view/format.ts';
import { liveView, type LiveTopology, type LiveView } from '../src/core/view/live.ts';
import { seriesStyles } from '../src/core/view/chart.ts';
import type { Controls } from './controls.ts';
import { h, heading, marker, setText, Slot } from './dom.ts';

/** What happens now, in a strip above the numbers. Texts change in place, so that nothing jumps each second. */
export class LiveStrip {
  readonly element: HTMLElement;
  readonly #title = heading(2, '');
  readonly #position = h('p', { class: 'position' });
  readonly #elapsed = h('span', { class: 'clock' });
  readonly #remaining = h('span');
  readonly #gpuTime = h('span', { class: 'gpu-time' });
  readonly #waiting = h('p', { class: 'waiting' });
  readonly #topologies: Slot<readonly StripRow[]>;
  readonly #cancel: HTMLElement;
  readonly #log: HTMLElement;
  readonly #controls: Controls;
  readonly #announce: (text: string) => void;
  /** By performance.now(); null where no run is under way. */
  #beganAtMs: number | null = null;

  /** @param parts.announce tells a screen reader where the run is; called with every snapshot */
  constructor(parts: {
    controls: Controls;
    cancel: () => void;
    openLog: () => void;
    announce: (text: string) => void;
  }) {
    const { controls } = parts;
    this.#controls = controls;
    this.#announce = parts.announce;
    this.#cancel = controls.button('Cancel', 'secondary', parts.cancel);
    this.#log = controls.button('Show log', 'secondary', parts.openLog);
    this.#topologies = new Slot(h('ul', { class: 'topologies' }), (rows) => rows.map(topologyElement));
    this.element = h(
      'section',
      { class: 'live', 'aria-label': 'Progress' },
      h(
        'div',
        { class: 'live-head' },
        controls.busy(),
        h('div', { class: 'live-title' }, this.#title, this.#position),
        h('div', { class: 'live-actions' }, this.#cancel, this.#log),
      ),
      h('p', { class: 'times' }, this.#elapsed, this.#remaining, this.#gpuTime),
      this.#waiting,
      this.#topologies.element,
    );
  }

  /** @param elapsedMs since the run began, as its host counts it, whose wall clock may be another machine's */
  show(state: RunState, elapsedMs: number, cancelling: boolean, gpuPrice: GpuPrice | null): void {
    this.#beganAtMs = performance.now() - elapsedMs;
    const view = liveView(state, elapsedMs, cancelling, gpuPrice);
    const styles = seriesStyles(view.topologies.map((topology) => topology.key));
    this.#showTexts(view);
    this.#topologies.show(view.topologies.map((topology) => ({ topology, style: styles.get(topology.key) ?? 0 })));
    this.#controls.setDisabled(this.#cancel, cancelling || state.record !== null);
  }

  /** Before there is a state: the run is being planned, or waits for another one. */
  showQueued(message: string, cancelling: boolean): void {
    this.#beganAtMs = null;
    const title = cancelling ? 'Cancelling' : 'Queued';
    this.#showTexts({
      title,
      position: '',
      waiting: message,
      elapsed: '',
      remaining: '',
      gpuTime: '',
      announcement: `${title}. ${message}`.trim(),
    });
    this.#topologies.show([]);
    this.#controls.setDisabled(this.#cancel, cancelling);
  }

  /** Between snapshots only the clock moves. */
  tick(): void {
    if (this.#beganAtMs !== null) setText(this.#elapsed, formatClock(performance.now() - this.#beganAtMs));
  }

  #showTexts(
    view: Pick<LiveView, 'title' | 'position' | 'waiting' | 'elapsed' | 'remaining' | 'gpuTime' | 'announcement'>,
  ): void {
    setText(this.#title, view.title);
    setText(this.#position, view.position);
    setText(this.#elapsed, view.elapsed);
    setText(this.#remaining, view.remaining);
    setText(this.#gpuTime, view.gpuTime);
    setText(this.#waiting, view.waiting);
    this.#announce(view.announcement);
    for (const element of [this.#position, this.#elapsed, this.#remaining, this.#gpuTime, this.#waiting]) {
      element.hidden = element.textContent === '';
    }
  }
}

interface StripRow {
  readonly topology: LiveTopology;
  readonly style: number;
}

const signs: Readonly<Record<LiveTopology['state'], string>> = {
  queued: '○',
  active: '●',
  done: '✓',
  failed: '✕',
  cancelled: '–',
  skipped: '–',
};

function topologyElement({ topology, style }: StripRow): HTMLElement {
  const { upload } = topology;
  const words = topology.state === 'failed' ? `failed: ${topology.text}` : topology.text;
  return h(
    'li',
    { class: `topology ${topology.state}`, 'data-topology': topology.key },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, signs[topology.state]),
    h('span', { class: 'name' }, marker(style), topology.key),
    h('span', { class: 'words' }, words),
    upload === null
      ? null
      : h(
          'span',
          { class: 'upload' },
          h('progress', { max: 1, value: upload.share, 'aria-label': `Model upload to ${topology.key}` }),
          ` ${upload.text}`,
        ),
    topology.running === '' ? null : h('span', { class: 'running' }, topology.running),
  );
}
