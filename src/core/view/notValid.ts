import type { ChartPoint } from './chart.ts';
import { formatList } from './format.ts';
import type { PhaseRow } from './measured.ts';

/** How a chart says of its points which must not be believed: the same in each chart, and in words as well as by shape. */

export function allValid(rows: readonly PhaseRow[]): boolean {
  return rows.every(({ validity }) => validity.valid);
}

/** What a point of a row bears. */
export function doubtOf({ validity }: PhaseRow): Pick<ChartPoint, 'notValid'> {
  return validity.valid ? {} : { notValid: true };
}

/** @param shape "Empty bars are": what the points look like */
export function doubtNotes(rows: readonly PhaseRow[], shape: string): string[] {
  return allValid(rows) ? [] : [`${shape} not valid; the notes of the results say why.`];
}

/** Which they are, for who does not see the shapes. */
export function doubtSentence(rows: readonly PhaseRow[], nameOf: (row: PhaseRow) => string): string[] {
  const names = rows.filter(({ validity }) => !validity.valid).map(nameOf);
  return names.length === 0 ? [] : [`Not valid: ${formatList(names)}.`];
}

/** As the table of the results says it. */
export function validCell({ validity }: PhaseRow): string {
  return validity.valid ? 'valid' : 'not valid';
}

/** The name of a row where there is no column for it. */
export function doubtedName({ topology, validity }: Pick<PhaseRow, 'topology' | 'validity'>): string {
  return validity.valid ? topology : `${topology} (not valid)`;
}
