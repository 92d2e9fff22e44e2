import './report.css';
import { comparisonView } from '../src/core/view/comparisonView.ts';
import { subtitleParts } from '../src/core/view/describe.ts';
import { measuredRecord } from '../src/core/view/measured.ts';
import { recordCaveats, recordFacts } from '../src/core/view/provenance.ts';
import type { GpuPrice } from '../src/core/gpuPrice.ts';
import type { RunRecord } from '../src/core/record.ts';
import { fullStop } from '../src/core/view/format.ts';
import { Announcer } from './announcer.ts';
import { downloadChart } from './chartSaving.ts';
import type { ChartPicture } from './chartPicture.ts';
import { comparedFiguresElements, comparedRunsElements } from './comparison.ts';
import { h, heading, setText } from './dom.ts';
import { factElements } from './facts.ts';
import { plainControls } from './plainControls.ts';
import { calloutElement, cancelledCallouts, headlineElements, problemsOf } from './resultPage.ts';
import { Results } from './results.ts';
import { onThemeChange, readTheme } from './theme.ts';

/** A report outside the editor: the panel's own table and charts, from records that lie in the page. */

const data = document.getElementById('records');
// Written by the command line from records that it has checked.
const records = JSON.parse(data?.textContent ?? '[]') as readonly RunRecord[];
const gpuPrice = JSON.parse(document.getElementById('gpu-price')?.textContent ?? 'null') as GpuPrice | null;
const main = h('main', {}, h('p', { class: 'eyebrow' }, 'Topology Bench report'));
/** Stays in sight, because a chart is saved wherever the reader is. */
const reply = h('p', { class: 'reply', role: 'status' });
const announcer = new Announcer();
document.body.append(main, reply, announcer.element);

const shows = records.map((record, index) => {
  // The command line puts the run that a run is shown beside after it.
  const beside = index === 0 ? records[1] : undefined;
  const measured = measuredRecord(record);
  const results = new Results({
    controls: plainControls(),
    headingLevel: 2,
    theme: readTheme(),
    choice: { section: '', level: null, hidden: [] },
    changed: () => undefined,
    // Paper unfolds nothing.
    notes: { prefix: record.id, open: true },
    painted: () => {
      document.body.dataset['drawn'] = 'yes';
    },
    saveChart: (picture) => {
      void save(picture, record);
    },
    say: (text) => {
      announcer.say(text);
    },
  });
  main.append(
    h(
      'article',
      { id: `run-${record.id}` },
      h('header', {}, ...headlineElements(measured, subtitleParts(record), 1)),
      h(
        'div',
        { class: 'callouts' },
        ...[...cancelledCallouts(measured, null), ...problemsOf(measured)].map(calloutElement),
      ),
      results.element,
      beside === undefined ? null : comparisonElement(beside, record),
      h(
        'details',
        { class: 'how', open: true },
        h('summary', {}, heading(2, 'How this was measured')),
        h(
          'div',
          {},
          ...factElements({ caveats: recordCaveats(record), sections: recordFacts(record), headingLevel: 3 }).filter(
            (child) => child !== null,
          ),
        ),
      ),
    ),
  );
  return () => {
    results.show(measured, gpuPrice, readTheme());
  };
});
if (records.length === 0) main.append(h('p', {}, 'This report holds no record.'));

/** A download that began is the browser's to show. */
async function save(picture: ChartPicture, record: RunRecord): Promise<void> {
  setText(reply, '');
  try {
    await downloadChart(picture, record);
  } catch (error) {
    const why = fullStop(error instanceof Error ? error.message : String(error));
    setText(reply, `“${picture.view.title}” was not saved: ${why} Try another browser.`);
  }
}

/** How the run came out beside an earlier one. */
function comparisonElement(before: RunRecord, after: RunRecord): HTMLElement {
  const view = comparisonView(before, after);
  return h(
    'section',
    {},
    heading(2, after.repeats === before.id ? `Beside run ${before.id}, which it repeats` : `Beside run ${before.id}`),
    h('p', {}, h('strong', {}, view.headline)),
    ...view.incomparable.map((reason) => h('p', {}, reason)),
    ...comparedRunsElements(view),
    ...comparedFiguresElements(view, 3),
  );
}

const showAll = (): void => {
  for (const show of shows) show();
};
onThemeChange(showAll);
showAll();
