import type { Controls } from './controls.ts';
import { h } from './dom.ts';

/** Controls of plain HTML for the report, where sections stand one below the other, as on paper. */
export function plainControls(): Controls {
  return {
    button(text, kind, press) {
      const button = h('button', { type: 'button', class: `plain-button ${kind}` }, text);
      button.addEventListener('click', press);
      return button;
    },
    setDisabled(button, disabled) {
      button.toggleAttribute('disabled', disabled);
    },
    picker({ label, options, selected, pick }) {
      const select = h(
        'select',
        { 'aria-label': label, class: 'plain-picker' },
        ...options.map(({ value, text }) => h('option', { value, selected: value === selected }, text)),
      );
      select.addEventListener('change', () => {
        pick(select.value);
      });
      return {
        element: select,
        select: (value) => {
          select.value = value;
        },
      };
    },
    sections({ sections }) {
      return h(
        'div',
        { class: 'stacked' },
        ...sections.map(({ title, content }) => h('section', { 'aria-label': title }, content)),
      );
    },
    busy: () => h('span', { 'aria-hidden': 'true' }),
  };
}
