import { cancelledText } from '../src/core/view/cancelledRun.ts';
import { failureDetails } from '../src/core/view/failureText.ts';
import { headlineOf } from '../src/core/view/headline.ts';
import { fullStop } from '../src/core/view/format.ts';
import type { Measured } from '../src/core/view/measured.ts';
import { h, heading, type Child } from './dom.ts';

/** A message that must be seen before the numbers. */
export interface Callout {
  readonly kind: 'problem' | 'warning' | 'note';
  readonly title: string;
  readonly text: string;
}

export function calloutElement(callout: Callout): HTMLElement {
  return h('div', { class: `callout ${callout.kind}` }, h('strong', {}, callout.title), ` ${callout.text}`);
}

/** Topologies without a full result, and why; a reason that all share is said once. */
export function problemsOf(measured: Measured): Callout[] {
  const byText = new Map<string, string[]>();
  for (const topology of measured.topologies) {
    const { failure } = topology;
    // Stopping is what the user asked for, and is told by itself.
    if (failure === null || topology.status === 'cancelled') continue;
    const text = failureDetails(failure);
    byText.set(text, [...(byText.get(text) ?? []), `${topology.key} ${topology.status}`]);
  }
  const callouts = [...byText].map(([text, who]): Callout => ({ kind: 'problem', title: `${who.join(', ')}.`, text }));
  const { record } = measured;
  if (record?.sameAnswers.verdict === 'differed') {
    callouts.unshift({
      kind: 'problem',
      title: 'No comparison.',
      text: `The answers differed: ${fullStop(record.sameAnswers.detail)}`,
    });
  }
  return callouts;
}

/** What a cancelled run had measured, and what became of what it made; none where the run was not cancelled. */
export function cancelledCallouts(measured: Measured, cleanedUp: boolean | null): Callout[] {
  if (measured.record?.status !== 'cancelled') return [];
  return [{ kind: 'note', title: 'Cancelled.', text: cancelledText(measured, cleanedUp) }];
}

/** The answer in words, what it is of, and what it is worth. */
export function headlineElements(measured: Measured, subtitle: readonly string[], headingLevel: number): Child[] {
  const { lead, pairs, worth } = headlineOf(measured);
  return [
    headlineElement(headingLevel, lead, pairs),
    h('p', { class: 'subtitle' }, ...subtitle.flatMap((part, at) => [at === 0 ? null : ' · ', h('span', {}, part)])),
    worth === '' ? null : h('p', { class: 'worth' }, worth),
  ];
}

/** The comparison of each two is part of the answer, and smaller than its first sentence. */
function headlineElement(level: number, lead: string, pairs: readonly string[]): HTMLElement {
  const element = heading(level, unbroken(lead), { class: 'headline' });
  for (const sentence of pairs) element.append(' ', h('span', { class: 'pairs' }, unbroken(sentence)));
  return element;
}

/** A number and its unit stay on one line. */
function unbroken(text: string): string {
  return text.replaceAll(/(\d) (?=(?:ms|RPS)\b)/g, '$1\u00a0').replaceAll(/\bp95 (?=\d)/g, 'p95\u00a0');
}
