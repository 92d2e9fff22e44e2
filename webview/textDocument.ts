/**
 * As much of a document as makes the page's first paint a text where there is no browser: the build puts it in the place of the
 * real one (.ci/build.ts), so that what is painted first is made by the page's own code. Every text is escaped.
 */
type Part = TextElement | string;

class TextElement {
  readonly #tag: string;
  readonly #attributes = new Map<string, string>();
  #children: readonly Part[] = [];

  constructor(tag: string) {
    this.#tag = tag;
  }

  setAttribute(name: string, value: string): void {
    this.#attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  append(...children: readonly Part[]): void {
    this.#children = [...this.#children, ...children];
  }

  set textContent(text: string) {
    this.#children = [text];
  }

  get outerHTML(): string {
    const attributes = [...this.#attributes].map(([name, value]) => ` ${name}="${escaped(value)}"`).join('');
    const start = `<${this.#tag}${attributes}>`;
    if (voidTags.has(this.#tag)) return start;
    const content = this.#children.map((child) => (typeof child === 'string' ? escaped(child) : child.outerHTML));
    return `${start}${content.join('')}</${this.#tag}>`;
  }
}

/** Elements that have no end tag; of all that there are those that the page uses. */
const voidTags: ReadonlySet<string> = new Set(['wbr', 'br', 'hr']);

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

export const document = {
  createElement: (tag: string): TextElement => new TextElement(tag),
  /** SVG that is written into HTML needs no namespace. */
  createElementNS: (_namespace: string, tag: string): TextElement => new TextElement(tag),
};
