import { hasCost } from '../src/core/view/cost.ts';
import type { ComparisonView } from '../src/core/view/comparisonView.ts';
import { isImageFailure } from '../src/core/view/failureText.ts';
import { recordMarkdown } from '../src/core/view/markdown.ts';
import { endAnnouncement } from '../src/core/view/headline.ts';
import { measuredRecord, measuredState, rowsOf } from '../src/core/view/measured.ts';
import { liveCaveats, planFacts, recordCaveats, recordFacts } from '../src/core/view/provenance.ts';
import type { BenchmarkAgain, PanelRequest, PanelState, View, WebviewMessage } from '../src/protocol/messages.ts';
import { createRequests } from '../src/protocol/requests.ts';
import { parseHostMessage } from '../src/protocol/validate.ts';
import { Announcer } from './announcer.ts';
import { chartRequest } from './chartSaving.ts';
import { ComparisonPage, swapAnnouncement } from './comparisonPage.ts';
import { h, heading, placeChildren, setText, Slot } from './dom.ts';
import { factElements } from './facts.ts';
import { keepFocus } from './focus.ts';
import { isOfSameRuns, keptState, type KeptState } from './keptState.ts';
import { LiveStrip } from './live.ts';
import { drawnFigures } from './resultTable.ts';
import { calloutsOf, headerElements, headerOf, problemText } from './pageParts.ts';
import { calloutElement, type Callout } from './resultPage.ts';
import { Results } from './results.ts';
import { onThemeChange, readTheme } from './theme.ts';
import { toolkitControls } from './ui.ts';

interface VsCodeApi {
  postMessage(message: WebviewMessage): void;
  getState(): unknown;
  setState(state: KeptState): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const vscode = acquireVsCodeApi();
const requests = createRequests((message) => {
  vscode.postMessage(message);
});
const controls = toolkitControls();
let kept = keptState(vscode.getState());
/** Where the reader was before the page was made anew; undefined once they are there again. */
let wanted: number | undefined = kept.place.top;
let shown: View | undefined;
let paints = 0;
/** Of a run under way, whose time goes on between snapshots. */
let clock: ReturnType<typeof setInterval> | undefined;

const announcer = new Announcer();
const live = new LiveStrip({
  controls,
  cancel: asking({ kind: 'cancel' }),
  openLog: asking({ kind: 'open-log' }),
  announce: (text) => {
    announcer.tellRun(text);
  },
});
const results = new Results({
  controls,
  headingLevel: 2,
  theme: readTheme(),
  choice: kept.choice,
  notes: { prefix: 'run', open: false },
  changed: (choice) => {
    keep({ ...kept, choice });
  },
  painted: reportPainted,
  saveChart: (picture) => {
    void ask(chartRequest(picture), '');
  },
  say: (text) => {
    announcer.say(text);
  },
});
const header = new Slot(h('header'), headerElements);
const callouts = new Slot(h('div', { class: 'callouts' }), (list: readonly Callout[]) => list.map(calloutElement));
const facts = new Slot(h('div'), (view: FactsData) => factElements({ ...view, headingLevel: 3 }));
const details = h('details', { class: 'how' }, h('summary', {}, heading(2, 'How this was measured')), facts.element);
details.open = kept.place.isHowOpen;
const again = controls.button('Benchmark again', 'primary', asking({ kind: 'benchmark-again' }));
const copy = controls.button('Copy as Markdown', 'secondary', copyMarkdown);
const exporting = controls.button('Export…', 'secondary', asking({ kind: 'export' }));
const openRecord = controls.button('Open record JSON', 'secondary', asking({ kind: 'open-record' }));
const setPrice = controls.button('Set GPU price', 'secondary', asking({ kind: 'set-gpu-price' }));
const imageSettings = controls.button('Open image settings', 'secondary', asking({ kind: 'open-image-settings' }));
const compare = controls.button('Compare with…', 'secondary', asking({ kind: 'compare' }));
const openLog = controls.button('Show log', 'secondary', asking({ kind: 'open-log' }));
const actions = h(
  'div',
  { class: 'actions', role: 'group', 'aria-label': 'Actions' },
  again,
  compare,
  copy,
  exporting,
  openRecord,
  setPrice,
  imageSettings,
  openLog,
);
const comparison = new ComparisonPage(controls, (request, done) => {
  void ask(request, done);
});
const reply = h('p', { class: 'reply' });
const loading = h('p', { class: 'loading' }, controls.busy(), 'Loading the results…');
const main = document.getElementById('app') ?? document.body.appendChild(h('main'));
// What the host has written into the page stays until the first snapshot.
if (main.childElementCount === 0) main.replaceChildren(loading);
main.after(announcer.element);

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = parseHostMessage(event.data);
  if (message === null) return;
  if (message.type === 'reply') {
    requests.settle(message);
    return;
  }
  turnTo(message.keep);
  show(message.view);
});
document.addEventListener('securitypolicyviolation', (event) => {
  problem(`The page's security policy refused ${event.violatedDirective} ${event.blockedURI}`);
});
window.addEventListener('error', (event) => {
  // The browser's word for a layout that took two frames; nothing is lost by it.
  if (!event.message.startsWith('ResizeObserver loop')) problem(event.message);
});
window.addEventListener('unhandledrejection', (event) => {
  problem(String(event.reason));
});
details.addEventListener('toggle', () => {
  keep({ ...kept, place: { ...kept.place, isHowOpen: details.open } });
});
let settling: ReturnType<typeof setTimeout> | undefined;
window.addEventListener(
  'scroll',
  () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      // VS Code scrolls a page that is made anew by itself, and not to the same place.
      if (wanted === undefined) keep({ ...kept, place: { ...kept.place, top: window.scrollY } });
    }, 100);
  },
  { passive: true },
);
onThemeChange(() => {
  if (shown !== undefined) show(shown);
});
vscode.postMessage({ type: 'ready' });

type FactsData = Pick<Parameters<typeof factElements>[0], 'caveats' | 'sections'>;

/** Another run begins at the top of its page. */
function turnTo(state: PanelState): void {
  const isSame = isOfSameRuns(kept, state);
  if (!isSame && kept.runId !== null) window.scrollTo(0, 0);
  if (!isSame) wanted = undefined;
  keep({ ...state, choice: kept.choice, place: isSame ? kept.place : { ...kept.place, top: 0 } });
}

/** Shows the complete view; what has not changed stays as it is. */
function show(view: View): void {
  const before = shown;
  shown = view;
  main.removeAttribute('aria-busy');
  keepTime(view.kind === 'live');
  keepFocus(main, () => {
    if (before?.kind !== view.kind) {
      placeChildren(main, partsOf(view.kind));
      setText(reply, '');
    }
    fill(view);
  });
  if (before?.kind === 'live' || before?.kind === 'queued') tellEnd(view);
  if (before?.kind === 'comparison' && view.kind === 'comparison') tellSwap(before.comparison, view);
  // Charts that were not painted anew have nothing to wait for; the next frame is on the screen.
  requestAnimationFrame(reportPainted);
}

function keepTime(isUnderWay: boolean): void {
  if (isUnderWay === (clock !== undefined)) return;
  clearInterval(clock);
  clock = isUnderWay
    ? setInterval(() => {
        live.tick();
      }, 1000)
    : undefined;
}

/** A run that ends while it is looked at is announced; a record that is opened is not. */
function tellEnd(view: View): void {
  if (view.kind === 'record') announcer.tellRun(endAnnouncement(measuredRecord(view.record)));
  else if (view.kind === 'cancelled') announcer.tellRun(`Cancelled. ${view.message}`);
  else if (view.kind === 'problem') announcer.tellRun(`Nothing to show. ${problemText(view)}`);
}

function tellSwap(before: ComparisonView, now: Extract<View, { kind: 'comparison' }>): void {
  const text = swapAnnouncement(before, now.comparison, now.times);
  if (text !== '') announcer.say(text);
}

function fill(view: View): void {
  header.show(headerOf(view));
  callouts.show(calloutsOf(view));
  switch (view.kind) {
    case 'record': {
      const measured = measuredRecord(view.record);
      setPrice.hidden = !hasCost(rowsOf(measured));
      imageSettings.hidden = !view.record.topologies.some(({ failure }) => failure !== null && isImageFailure(failure));
      facts.show({ caveats: recordCaveats(view.record), sections: recordFacts(view.record, view.times) });
      offerAgain(view.benchmarkAgain);
      results.show(measured, view.gpuPrice.price, readTheme());
      break;
    }
    case 'comparison':
      comparison.show(view.comparison, view.times);
      break;
    case 'live': {
      const measured = measuredState(view.state);
      facts.show({ caveats: liveCaveats(measured), sections: planFacts(view.state.plan) });
      live.show(view.state, view.elapsedMs, view.cancelling, view.gpuPrice.price);
      results.show(measured, view.gpuPrice.price, readTheme());
      break;
    }
    case 'queued':
      live.showQueued(view.message, view.cancelling);
      break;
    case 'cancelled':
      offerAgain(view.benchmarkAgain);
      break;
    case 'problem':
      offerAgain(view.benchmarkAgain);
      break;
  }
}

function offerAgain(whether: BenchmarkAgain): void {
  again.hidden = whether === 'unknown';
  controls.setDisabled(again, whether === 'needs-trust');
  if (whether === 'needs-trust') again.title = 'Trust the workspace first: in Restricted Mode nothing is run.';
  else again.removeAttribute('title');
}

function partsOf(kind: View['kind']): HTMLElement[] {
  compare.hidden = kind !== 'record';
  copy.hidden = kind !== 'record';
  exporting.hidden = kind !== 'record';
  openRecord.hidden = kind !== 'record';
  setPrice.hidden = kind !== 'record';
  imageSettings.hidden = true;
  openLog.hidden = kind === 'record';
  switch (kind) {
    case 'record':
      return [header.element, actions, reply, callouts.element, results.element, details];
    case 'comparison':
      return [header.element, comparison.runs, comparison.actions, reply, callouts.element, comparison.figures];
    case 'live':
      return [header.element, live.element, reply, callouts.element, results.element, details];
    case 'queued':
      return [header.element, live.element, reply];
    case 'cancelled':
    case 'problem':
      return [header.element, callouts.element, actions, reply];
  }
}

/** Says that the view is on the screen, charts included, with the figures as they stand there. */
function reportPainted(): void {
  if (shown === undefined || results.pending) return;
  // The page is as long as it was by now.
  if (wanted !== undefined) window.scrollTo(0, wanted);
  wanted = undefined;
  paints += 1;
  performance.mark(`topology-bench/drawn/${String(paints)}`);
  document.body.dataset['drawn'] = String(paints);
  const runId = shown.kind === 'record' ? shown.record.id : shown.kind === 'live' ? shown.state.id : kept.runId;
  vscode.postMessage({ type: 'drawn', kind: shown.kind, runId, figures: drawnFigures(main) });
}

function keep(state: KeptState): void {
  kept = state;
  vscode.setState(state);
}

function asking(request: PanelRequest): () => void {
  return () => {
    void ask(request, '');
  };
}

/** @param request one that takes time to make may fail, too */
async function ask(request: PanelRequest | Promise<PanelRequest>, done: string): Promise<void> {
  showReply('');
  try {
    await requests.send(await request);
    // What the request itself brought, such as a swap, may have been told by now.
    if (done !== '') showReply(done);
  } catch (error) {
    showReply(error instanceof Error ? error.message : String(error));
  }
}

function showReply(text: string): void {
  setText(reply, text);
  announcer.say(text);
}

function copyMarkdown(): void {
  if (shown?.kind !== 'record') return;
  void ask({ kind: 'copy', text: recordMarkdown(shown.record, shown.gpuPrice.price) }, 'Copied.');
}

function problem(message: string): void {
  document.body.dataset['problem'] = message;
  vscode.postMessage({ type: 'page-problem', message });
}
