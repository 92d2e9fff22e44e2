import { fillTemplate, type BodyTemplate, type Filled } from './bodyTemplate.ts';
import type { Input } from './inputs.ts';

/** Of all bodies together: the load worker gets them in one text, in which each quote takes two characters. */
export const mostBodyBytes = 128 * 1024 * 1024;

export type MadeBodies =
  | { readonly bodies: readonly string[]; readonly problem?: undefined }
  /** A clause without a full stop, and the line of the input that it is of. */
  | { readonly problem: string; readonly line: number };

/**
 * The request bodies that inputs make, in their order; never throws.
 * @param template null: each input is a body as it stands in its file
 * @param areTexts whether the inputs are texts, and not JSON
 */
export function makeBodies(inputs: readonly Input[], template: BodyTemplate | null, areTexts: boolean): MadeBodies {
  const bodies: string[] = [];
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const { line, text } of inputs) {
    const filled: Filled = template === null ? { body: text } : fillTemplate(template, text, areTexts);
    if (filled.problem !== undefined) return { problem: filled.problem, line };
    bytes += encoder.encode(filled.body).length;
    if (bytes > mostBodyBytes) {
      return {
        problem: `the bodies up to here are more than ${String(mostBodyBytes / 1024 / 1024)} MiB together`,
        line,
      };
    }
    bodies.push(filled.body);
  }
  return { bodies };
}
