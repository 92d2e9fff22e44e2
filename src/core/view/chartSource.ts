import { isSmokeTest } from '../anyPlan.ts';
import { planParts, subtitleParts } from './describe.ts';
import { formatList } from './format.ts';
import { rowsOf, type Measured } from './measured.ts';
import { smokeTestText } from './smokeTest.ts';

/**
 * What goes below a chart that leaves its page as a picture, where no table says it: what was measured, from where and when, and
 * which of the numbers must not be believed. Whole lines.
 */
export function chartSource(measured: Measured): string[] {
  const { plan, record } = measured;
  const source = record === null ? [...planParts(plan), 'under way'] : [...subtitleParts(record), `run ${record.id}`];
  const invalid = rowsOf(measured).filter(({ validity }) => !validity.valid);
  return [
    source.join(' · '),
    ...(isSmokeTest(plan) ? [smokeTestText()] : []),
    ...(record?.sameAnswers.verdict === 'differed'
      ? ['The answers differed, so the topologies cannot be compared.']
      : []),
    ...(invalid.length === 0
      ? []
      : [`Not valid: ${formatList(invalid.map(({ topology, load }) => `${topology} at ${load.long}`))}.`]),
  ];
}
