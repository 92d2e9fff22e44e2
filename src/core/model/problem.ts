/** Something wrong in a model config, at offsets (UTF-16 code units, `end` excluded) of its text. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

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

  #add(severity: Problem['severity'], message: string, at: { readonly start: number; readonly end: number }): void {
    if (this.problems.length < mostProblems) this.problems.push({ severity, message, start: at.start, end: at.end });
  }
}
