import { briefPhaseDoubt, mayBeChance, thirdsWords } from '../validityLimits.ts';

/**
 * A number that stands by itself: not that of p95, of an HTTP status, of a load ("at 8 connections", "at 200 requests/s") or of a
 * repetition, which say what is spoken of.
 */
const figure = /(?<![\w.,]|HTTP |repetition |rests on |\bat )\d+(?:[.,]\d+)*/g;

/**
 * Texts that rows refer to by number, each kind once: what differs in its figures alone is one note, whose figures are then
 * the smallest and the largest, or none where chance may have made them (see inTable).
 */
export class Notes {
  readonly #kinds: { readonly kind: string; readonly texts: string[] }[] = [];
  readonly #everywhere: ReadonlySet<string>;

  /** @param everywhere texts of what holds for every row, which is no note: it stands among the run's caveats */
  constructor(everywhere: readonly string[]) {
    this.#everywhere = new Set(everywhere.map(inTable).map(kindOf));
  }

  /** " [1, 3]", or nothing where there is nothing to say. */
  refer(texts: readonly string[]): string {
    const numbers = this.numbersOf(texts);
    return numbers.length === 0 ? '' : ` [${numbers.join(', ')}]`;
  }

  /** Ascending, each once. */
  numbersOf(texts: readonly string[]): number[] {
    const numbers = texts.map(inTable).flatMap((text) => {
      const kind = kindOf(text);
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
  const [first = [], ...others] = rows.map((texts) => texts.map(inTable));
  const common = first.filter((text) => others.every((texts) => texts.some((other) => kindOf(other) === kindOf(text))));
  const kinds = [...new Set(common.map(kindOf))];
  const all = [first, ...others].flat();
  return kinds.map((kind) => merged(all.filter((text) => kindOf(text) === kind)));
}

const byChance = new RegExp(`^(repetition \\d+: )?${thirdsWords} \\S+ was .*${mayBeChance}$`);
const notJudged = /^(repetition \d+: )?(steady state )(of .+ )?(not judged: )/;

/**
 * What brief phases leave open is a caveat of the whole table. What thirds leave open is told alike of all rows and quantities:
 * the figures, which the record has, are no news where chance may have made them.
 */
function inTable(text: string): string {
  return text
    .replace(briefPhaseDoubt, '')
    .replace(byChance, `RPS, p50 or p95 differed ${thirdsWords}, by no more than chance may explain`)
    .replace(notJudged, (_text, _of, state: string, some: string | undefined, judged: string) =>
      [state, some === undefined ? '' : 'of p50 or p95 ', judged].join(''),
    );
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
