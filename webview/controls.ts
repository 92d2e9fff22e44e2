/** What the page needs of a component library: the editor's toolkit in VS Code (ui.ts), plain HTML in a report. */
export interface Controls {
  button(text: string, kind: 'primary' | 'secondary', press: () => void): HTMLElement;
  setDisabled(button: HTMLElement, disabled: boolean): void;
  /** One of several texts. */
  picker(parts: {
    label: string;
    options: readonly { value: string; text: string }[];
    selected: string;
    pick: (value: string) => void;
  }): Picker;
  /** Sections of which one is seen at a time, or all of them one below the other. */
  sections(parts: {
    label: string;
    sections: readonly { id: string; title: string; content: HTMLElement }[];
    selected: string;
    select: (id: string) => void;
  }): HTMLElement;
  /** Turns while something is under way; decoration beside a text that says what. */
  busy(): HTMLElement;
}

export interface Picker {
  readonly element: HTMLElement;
  /** Shows another choice than the reader's; does not call back. */
  select(value: string): void;
}
