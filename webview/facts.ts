import type { FactSection } from '../src/core/view/provenance.ts';
import { h, heading, type Child } from './dom.ts';

/** "How this was measured": what the numbers are worth, and what is needed to repeat them. */
export function factElements(parts: {
  caveats: readonly string[];
  sections: readonly FactSection[];
  headingLevel: number;
}): Child[] {
  const { caveats, sections, headingLevel } = parts;
  return [
    caveats.length === 0 ? null : h('ul', { class: 'caveats' }, ...caveats.map((caveat) => h('li', {}, caveat))),
    h(
      'div',
      { class: 'facts' },
      ...sections.map((section) =>
        h(
          'section',
          {},
          heading(headingLevel, section.title),
          h('dl', {}, ...section.facts.flatMap((fact) => [h('dt', {}, fact.term), h('dd', {}, fact.text)])),
        ),
      ),
    ),
  ];
}
