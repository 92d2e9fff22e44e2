/** An element of an XML document: text comes before children. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly text?: string | undefined;
  readonly children?: readonly XmlElement[];
}

/** The document as UTF-8 text, indented; whatever is in attributes and texts, it is well-formed. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementText(root, '')}`;
}

function elementText({ name, attributes, text, children = [] }: XmlElement, indent: string): string {
  const start = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`);
  const open = `${indent}<${name}${start.join('')}`;
  if ((text === undefined || text === '') && children.length === 0) return `${open}/>\n`;
  if (children.length === 0) return `${open}>${escapeText(text ?? '')}</${name}>\n`;
  const inner = children.map((child) => elementText(child, `${indent}  `)).join('');
  return `${open}>${escapeText(text ?? '')}\n${inner}${indent}</${name}>\n`;
}

function escapeText(text: string): string {
  return allowed(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

/** A parser turns line ends in attributes into spaces, unless they are references. */
function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}

/**
 * Characters that XML 1.0 has no way to write, such as the escapes of a log's colours, become U+FFFD.
 * Source: https://www.w3.org/TR/xml/#charsets
 */
function allowed(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
