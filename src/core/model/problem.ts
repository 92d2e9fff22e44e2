/** Something wrong in a model config, at offsets (UTF-16 code units, `end` excluded) of its text. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

export const byteOrderMark = '\uFEFF';

/** More would help nobody, and a text of nothing but errors must not fill the memory. */
const mostProblems = 200;

/** Collects problems and forgets those beyond the first 200. */
export class ProblemList {
  readonly problems: Problem[] = [];

  error(message: string, at: { readonly start: number; readonly end: number }): void {
    this.#add('error', message, at);
  }

  warning(message: string, at: { readonly start: number; readonly end: number }): void {
    this.#add('warning', message, at);
  }

  /** @param refuses the program that takes no file with one */
  byteOrderMark(refuses: string): void {
    this.error(`A file must not begin with a byte order mark; ${refuses} refuses it. Save it as UTF-8 without one.`, {
      start: 0,
      end: 1,
    });
  }

  #add(severity: Problem['severity'], message: string, at: { readonly start: number; readonly end: number }): void {
    if (this.problems.length < mostProblems) this.problems.push({ severity, message, start: at.start, end: at.end });
  }
}
