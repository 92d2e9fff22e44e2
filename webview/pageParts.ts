import type { EnteredGpuPrice } from '../src/core/gpuPrice.ts';
import { planSubject } from '../src/core/anyPlan.ts';
import { hasCost } from '../src/core/view/cost.ts';
import { planParts, subtitleParts } from '../src/core/view/describe.ts';
import { fullStop } from '../src/core/view/format.ts';
import { measuredRecord, measuredState, rowsOf, type Measured } from '../src/core/view/measured.ts';
import type { View } from '../src/protocol/messages.ts';
import { incomparableCallouts } from './comparisonPage.ts';
import { h, heading, type Child } from './dom.ts';
import { cancelledCallouts, headlineElements, problemsOf, type Callout } from './resultPage.ts';

/** What stands at the top of the page, and what must be seen before the numbers: as it is painted first, and as it stays. */

export interface HeaderData {
  readonly title: string;
  readonly subtitle: readonly string[];
  /** How the run stands to its baseline, in lines; absent where there is nothing to say. */
  readonly besideBaseline?: readonly string[];
  readonly measured: Measured | null;
}

/** What the numbers of a view are made of; null where it has none. */
export function measuredOf(view: View): Measured | null {
  switch (view.kind) {
    case 'record':
      return measuredRecord(view.record);
    case 'live':
      return measuredState(view.state);
    case 'comparison':
    case 'queued':
    case 'cancelled':
    case 'problem':
      return null;
  }
}

export function headerOf(view: View): HeaderData {
  switch (view.kind) {
    case 'record':
      return {
        title: '',
        subtitle: subtitleFor(view),
        besideBaseline: view.besideBaseline ?? [],
        measured: measuredRecord(view.record),
      };
    case 'comparison':
      return { title: view.comparison.headline, subtitle: [], measured: null };
    case 'live':
      return { title: `Benchmarking ${view.subject}`, subtitle: planParts(view.state.plan), measured: null };
    case 'queued':
      return { title: `Benchmarking ${view.subject}`, subtitle: [], measured: null };
    case 'cancelled':
    case 'problem':
      return { title: `Benchmark of ${view.subject}`, subtitle: [], measured: null };
  }
}

export function headerElements({ title, subtitle, besideBaseline = [], measured }: HeaderData): readonly Child[] {
  if (measured !== null)
    return [
      ...headlineElements(measured, subtitle, 1),
      besideBaseline.length === 0
        ? null
        : h('div', { class: 'worth baseline' }, ...besideBaseline.map((line) => h('p', {}, line))),
    ];
  return [
    heading(1, title, { class: 'headline' }),
    subtitle.length === 0 ? null : h('p', { class: 'subtitle' }, subtitle.join(' · ')),
  ];
}

export function calloutsOf(view: View): Callout[] {
  switch (view.kind) {
    case 'record': {
      const measured = measuredRecord(view.record);
      return [
        ...(view.notSaved === null ? [] : [{ kind: 'problem' as const, title: 'Not saved.', text: view.notSaved }]),
        ...cancelledCallouts(measured, view.cleanedUp),
        ...problemsOf(measured),
        ...priceCallouts(measured, view.gpuPrice),
      ];
    }
    case 'comparison':
      return incomparableCallouts(view.comparison);
    case 'live': {
      const measured = measuredState(view.state);
      return [
        ...problemsOf(measured),
        ...priceCallouts(measured, view.gpuPrice),
        ...view.state.warnings.map((text) => ({ kind: 'warning' as const, title: 'Warning.', text })),
      ];
    }
    case 'queued':
      return [];
    case 'cancelled':
      return [{ kind: 'note', title: 'Cancelled.', text: view.message }];
    case 'problem':
      return [{ kind: 'problem', title: 'Nothing to show.', text: problemText(view) }];
  }
}

export function problemText(view: Extract<View, { kind: 'problem' }>): string {
  return [view.message, view.nextStep ?? ''].join(' ').trim();
}

/** A price that is none matters only where there is something to pay for. */
function priceCallouts(measured: Measured, { problem: why }: EnteredGpuPrice): Callout[] {
  if (why === null || !hasCost(rowsOf(measured))) return [];
  return [{ kind: 'warning', title: 'No price is shown.', text: `In the settings: ${fullStop(why)}` }];
}

/** A model config's own name is said only where the model has another one. */
function subtitleFor({ subject, record, times }: Extract<View, { kind: 'record' }>): string[] {
  const parts = subtitleParts(record, times);
  return subject === '' || subject === planSubject(record.plan) ? parts : [subject, ...parts];
}
