import type { Answer, Payload } from './ports.ts';

/** How many fixed inputs every topology answers before it is loaded. */
const inputCount = 8;
/** Largest difference of two logits that rounding explains: 32-bit sums in another order, on another device. */
const tolerance = 2e-3;

/** What topologies are asked before they are loaded. */
export interface AnswerInputs {
  /**
   * For every topology: texts without identifiers, which the gateway hands on unchanged; the last are what it must make of
   * each text of `withIdentifiers`.
   */
  readonly common: readonly string[];
  /** For the hybrid alone: its answer to each must be the one to its counterpart among the last of `common`. */
  readonly withIdentifiers: readonly string[];
}

export function answerInputs(payload: Payload): AnswerInputs {
  const plain = payload.texts.filter((entry) => !entry.identifiers).slice(0, inputCount);
  const pairs = payload.texts.flatMap(({ text, deidentified }) =>
    deidentified === undefined ? [] : [{ text, deidentified }],
  );
  return {
    common: [...plain.map(({ text }) => text), ...pairs.map(({ deidentified }) => deidentified)],
    withIdentifiers: pairs.map(({ text }) => text),
  };
}

/** undefined when the two sets agree; otherwise in words what differs. Texts are named by their number only. */
export function compareAnswers(expected: readonly Answer[], got: readonly Answer[]): string | undefined {
  if (expected.length !== got.length) {
    return `${String(got.length)} answers instead of ${String(expected.length)}`;
  }
  for (const [index, want] of expected.entries()) {
    const have = got[index];
    if (have?.logits.length !== want.logits.length) return `input ${String(index + 1)} has other outputs`;
    const worst = want.logits.reduce((max, logit, at) => Math.max(max, Math.abs(logit - (have.logits[at] ?? NaN))), 0);
    if (!(worst <= tolerance * Math.max(1, ...want.logits.map(Math.abs)))) {
      return `input ${String(index + 1)}: logits differ by ${worst.toPrecision(2)}`;
    }
    if (have.label !== want.label) return `input ${String(index + 1)}: "${have.label}" instead of "${want.label}"`;
  }
  return undefined;
}
