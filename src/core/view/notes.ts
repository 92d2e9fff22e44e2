import { briefPhaseDoubt, thirdsWords } from '../validityLimits.ts';
import { openThirds } from './thirdsNotes.ts';

/**
 * A number that stands by itself: not that of p95, of an HTTP status, of a load ("at 8 connections", "at 200 requests/s") or of a
 * repetition, which say what is spoken of.
 */
const figure = /(?<![\w.,]|HTTP |repetition |rests on |\bat )\d+(?:[.,]\d+)*/g;

/**
 * Texts that rows refer to by number, each kind once: what differs in its figures alone is one note, whose figures are then
 * the smallest and the largest, or none where chance may have made them (see thirdsNotes.ts).
 */
export class Notes {
  readonly #kinds: { readonly kind: string; readonly texts: string[] }[] = [];
  readonly #everywhere: ReadonlySet<string>;

  /** @param everywhere texts of what holds for every row, which is no note: it stands among the run's caveats */
  constructor(everywhere: readonly string[]) {
    this.#everywhere = new Set(everywhere.map(noteKindOf));
  }

  /** " [1, 3]", or nothing where there is nothing to say. */
  refer(texts: readonly string[]): string {
    const numbers = this.numbersOf(texts);
    return numbers.length === 0 ? '' : ` [${numbers.join(', ')}]`;
  }

  /** Ascending, each once. */
  numbersOf(texts: readonly string[]): number[] {
    const numbers = texts.map(withoutDoubt).flatMap((text) => {
      const kind = noteKindOf(text);
      if (this.#everywhere.has(kind)) return [];
      const known = this.#kinds.findIndex((one) => one.kind === kind);
      if (known === -1) return [this.#kinds.push({ kind, texts: [text] })];
      this.#kinds[known]?.texts.push(text);
      return [known + 1];
    });
    return [...new Set(numbers)].sort((a, b) => a - b);
  }

  /** By their numbers; complete once every row has referred. */
  get texts(): readonly string[] {
    return this.#kinds.map(({ texts }) => merged(texts));
  }
}

/** Of what each of several rows says, the kinds that all of them have, each as one text. */
export function commonNotes(rows: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = rows.map((texts) => texts.map(withoutDoubt));
  const common = first.filter((text) =>
    others.every((texts) => texts.some((other) => noteKindOf(other) === noteKindOf(text))),
  );
  const kinds = [...new Set(common.map(noteKindOf))];
  const all = [first, ...others].flat();
  return kinds.map((kind) => merged(all.filter((text) => noteKindOf(text) === kind)));
}

/** What brief phases leave open is a caveat of the whole table. */
function withoutDoubt(text: string): string {
  return text.replace(briefPhaseDoubt, '');
}

/** Equal for texts that are one note. */
function noteKindOf(text: string): string {
  return openThirds(text)?.kind ?? kindOf(text);
}

/** Equal for texts that differ in their figures alone. */
export function kindOf(text: string): string {
  // A trend is told by its figures together: of two trends there is no smallest and no largest.
  if (text.includes(thirdsWords)) return text;
  return text.replace(figure, '#');
}

/** @param texts of one kind, and so with as many figures each */
function merged(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  const open = openThirds(first);
  if (open !== undefined) return open.tell(texts.flatMap((text) => openThirds(text)?.quantities ?? []));
  if (others.every((text) => text === first)) return first;
  const figures = texts.map((text) => text.match(figure) ?? []);
  let at = 0;
  return first.replace(figure, () => {
    const sorted = figures.map((row) => row[at] ?? '').sort((a, b) => valueOf(a) - valueOf(b));
    at += 1;
    const [least = '', most = ''] = [sorted[0], sorted.at(-1)];
    return least === most ? least : `${least} to ${most}`;
  });
}

function valueOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}
