/** What an element may be given: attributes only. No style: the page's security policy refuses inline styles. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;
export type Child = Node | string | null;

/** An element with attributes and children; strings become text, never markup. null and false leave an attribute out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Gives an element these children. Those that stay are not taken out meanwhile, which would cost them focus and scrolling. */
export function placeChildren(parent: Element, children: readonly Element[]): void {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  for (const [at, child] of children.entries()) {
    const there = parent.children[at] ?? null;
    if (there !== child) parent.insertBefore(child, there);
  }
}

/** Writes a text only when it differs, so that a screen reader's place and a selection survive a snapshot a second. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A heading of a level that depends on where the section stands. */
export function heading(level: number, text: string, attributes: Attributes = {}): HTMLHeadingElement {
  switch (level) {
    case 1:
      return h('h1', attributes, text);
    case 2:
      return h('h2', attributes, text);
    case 3:
      return h('h3', attributes, text);
    default:
      return h('h4', attributes, text);
  }
}

/** Rebuilds its children only when the data they are made from has changed. */
export class Slot<Data> {
  readonly element: HTMLElement;
  readonly #build: (data: Data) => readonly Child[];
  #shown: string | undefined;

  constructor(element: HTMLElement, build: (data: Data) => readonly Child[]) {
    this.element = element;
    this.#build = build;
  }

  /** @param data plain JSON */
  show(data: Data): void {
    const text = JSON.stringify(data);
    if (text === this.#shown) return;
    this.#shown = text;
    const children = this.#build(data).filter((child) => child !== null);
    this.element.replaceChildren(...children);
    this.element.hidden = children.length === 0;
  }
}

const svgNamespace = 'http://www.w3.org/2000/svg';
const markerPaths: readonly string[] = [
  'M5 1a4 4 0 1 0 0 8a4 4 0 1 0 0 -8z',
  'M5 1L9.5 9H0.5z',
  'M1.3 1.3h7.4v7.4h-7.4z',
  'M5 0.3L9.7 5L5 9.7L0.3 5z',
  'M1.9 0.5L5 3.6L8.1 0.5L9.5 1.9L6.4 5L9.5 8.1L8.1 9.5L5 6.4L1.9 9.5L0.5 8.1L3.6 5L0.5 1.9z',
  'M4.3 0h1.4v3.3L8 1L9 2L6.7 4.3H10v1.4H6.7L9 8L8 9L5.7 6.7V10H4.3V6.7L2 9L1 8L3.3 5.7H0V4.3H3.3L1 2L2 1L4.3 3.3z',
];

/** The shape that a topology has in the charts, in its colour; decoration beside its name. */
export function marker(style: number): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  setAttributes(svg, { class: `marker series-${String(style)}`, viewBox: '0 0 10 10', 'aria-hidden': 'true' });
  const path = document.createElementNS(svgNamespace, 'path');
  setAttributes(path, { d: markerPaths[style % markerPaths.length] ?? null });
  svg.append(path);
  return svg;
}
