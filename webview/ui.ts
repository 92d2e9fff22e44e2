/** The only file that knows the toolkit, which is deprecated: another one goes in here. */
import {
  Dropdown,
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
} from '@vscode/webview-ui-toolkit';
import type { Controls } from './controls.ts';
import type { Attributes } from './dom.ts';
import { setAttributes } from './dom.ts';

/** Registers the elements that are used, and no others, and gives them as controls. */
export function toolkitControls(): Controls {
  provideVSCodeDesignSystem().register(
    ...[vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodePanels()],
    ...[vsCodePanelTab(), vsCodePanelView(), vsCodeProgressRing()],
  );
  // It takes the theme's colours when its window loads, which is over where the page has fetched it after that.
  if (document.readyState === 'complete') window.dispatchEvent(new Event('load'));
  return {
    button(text, kind, press) {
      const button = create('vscode-button', { appearance: kind }, text);
      button.addEventListener('click', press);
      return button;
    },
    setDisabled(button, disabled) {
      setAttributes(button, { disabled });
    },
    picker({ label, options, selected, pick }) {
      const dropdown = create('vscode-dropdown', { 'aria-label': label });
      for (const { value, text } of options) {
        dropdown.append(create('vscode-option', { value, selected: value === selected }, text));
      }
      dropdown.addEventListener('change', () => {
        if (dropdown instanceof Dropdown) pick(dropdown.value);
      });
      return {
        element: dropdown,
        select: (value) => {
          if (dropdown instanceof Dropdown && dropdown.value !== value) dropdown.value = value;
        },
      };
    },
    sections({ label, sections, selected, select }) {
      const panels = create('vscode-panels', { 'aria-label': label, activeid: `tab-${selected}` });
      for (const { id, title } of sections) panels.append(create('vscode-panel-tab', { id: `tab-${id}` }, title));
      for (const { id, content } of sections) {
        const view = create('vscode-panel-view', { id: `view-${id}` });
        view.append(content);
        panels.append(view);
      }
      panels.addEventListener('change', (event) => {
        const tab: unknown = event instanceof CustomEvent ? event.detail : undefined;
        if (tab instanceof HTMLElement) select(tab.id.replace(/^tab-/, ''));
      });
      return panels;
    },
    busy: () => create('vscode-progress-ring', { 'aria-hidden': 'true' }),
  };
}

function create(name: string, attributes: Attributes, text = ''): HTMLElement {
  const element = document.createElement(name);
  setAttributes(element, attributes);
  element.textContent = text;
  return element;
}
