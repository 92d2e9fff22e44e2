import type { Intervals } from './record.ts';

/** How the intervals of rows over several repetitions are made. */

/** Of figures that are the geometric means of the repetitions' own. */
export const repeatedMethod = "Student's t of the geometric mean of repetitions";
/** In earlier records: of figures that are those of all the repetitions' requests together. */
export const pooledMethod = "Student's t over repetitions";

/** Whether intervals hold what changes from one repetition to the next. */
export function areOverRepetitions({ method }: Pick<Intervals, 'method'>): boolean {
  return method === repeatedMethod || method === pooledMethod;
}
