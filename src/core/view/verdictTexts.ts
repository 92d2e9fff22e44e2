import { generatorLimit } from '../generatorBound.ts';
import type { LoadName } from '../phaseLoad.ts';
import { verdictText, type Verdict } from '../verdict.ts';
import { formatInterval, formatList, insufficientSamples, significant } from './format.ts';
import type { PhaseRow } from './measured.ts';
import { rowDifferenceMs, rowVerdict, type ComparedQuantity } from './rowVerdict.ts';

/**
 * The answer at one level, in whole sentences: which topology is ahead, by how much, and what the hybrid costs. Rows that are not
 * valid, and those without intervals, have no verdict; it says that they were left out.
 */
export function verdictTexts(rows: readonly PhaseRow[], level: LoadName): string[] {
  const [only] = rows;
  if (only !== undefined && rows.length === 1)
    return [
      `At ${level.long} ${only.topology} serves ${figuresOf(only)}${only.validity.valid ? '' : ', which is not valid'}.`,
    ];
  const comparable = rows.filter((row) => row.validity.valid && row.intervals !== null);
  const best = comparable.reduce<PhaseRow | undefined>(
    (first, row) => (first === undefined || isBetter(row, first, level) ? row : first),
    undefined,
  );
  if (best === undefined) return [`At ${level.long} there is no verdict: ${whyNone(rows)}.`];
  const others = comparable.filter((row) => row !== best);
  return [
    leadText(best, others, level),
    ...leftOutTexts(rows),
    ...verdictSentence('RPS', 'rps', best, others),
    ...verdictSentence('p95', 'p95Ms', best, others),
    ...hybridTexts(comparable),
  ];
}

/** An open loop's rate is the plan's: there p95 tells the servers apart. */
function isBetter(row: PhaseRow, than: PhaseRow, { closed }: LoadName): boolean {
  return closed ? row.rps > than.rps : (row.p95Ms ?? Infinity) < (than.p95Ms ?? Infinity);
}

function leadText(best: PhaseRow, others: readonly PhaseRow[], level: LoadName): string {
  const figures = figuresOf(best);
  if (others.length === 0) return `At ${level.long} ${best.topology} serves ${figures}.`;
  const ahead = (['rps', 'p95Ms'] as const).filter((quantity) =>
    others.every((other) => isAhead(rowVerdict(best, other, quantity), quantity)),
  );
  if (ahead.length > 0) {
    const names = ahead.map((quantity) => (quantity === 'rps' ? 'RPS' : 'p95'));
    return `At ${level.long} ${best.topology} is ahead in ${formatList(names)}: ${figures}.`;
  }
  const what = level.closed ? 'the highest RPS' : 'the lowest p95';
  return `At ${level.long} no topology is shown to be ahead of all others; ${what} is ${best.topology}'s, ${figures}.`;
}

function isAhead(verdict: Verdict, quantity: ComparedQuantity): boolean {
  return verdict.kind === 'difference' && (quantity === 'rps' ? verdict.ratio > 1 : verdict.ratio < 1);
}

/** "917 RPS at p95 47.3 ms [46.7–48.0]" */
function figuresOf({ rps, generatorBound, p95Ms, intervals }: PhaseRow): string {
  const limit = generatorBound ? " (the load generator's limit)" : '';
  const interval = p95Ms === null ? null : formatInterval(intervals?.p95Ms);
  const p95 =
    p95Ms === null ? insufficientSamples : `${significant(p95Ms)} ms${interval === null ? '' : ` ${interval}`}`;
  return `${significant(rps)} RPS${limit} at p95 ${p95}`;
}

function whyNone(rows: readonly PhaseRow[]): string {
  if (rows.every(({ validity }) => !validity.valid)) return 'no measurement is valid';
  return rows.every(({ intervals }) => intervals === null)
    ? '95% intervals were not computed'
    : 'no measurement is valid and has 95% intervals';
}

function leftOutTexts(rows: readonly PhaseRow[]): string[] {
  const text = (left: readonly PhaseRow[], why: string): string[] =>
    left.length === 0
      ? []
      : [`${formatList(left.map(({ topology }) => topology))} ${left.length === 1 ? 'is' : 'are'} left out: ${why}.`];
  return [
    ...text(
      rows.filter(({ validity }) => !validity.valid),
      'not valid',
    ),
    ...text(
      rows.filter(({ validity, intervals }) => validity.valid && intervals === null),
      'no 95% intervals',
    ),
  ];
}

function verdictSentence(
  name: string,
  quantity: ComparedQuantity,
  best: PhaseRow,
  others: readonly PhaseRow[],
): string[] {
  const verdicts = others
    .map((other) => ({ other, verdict: rowVerdict(best, other, quantity) }))
    .filter(({ other, verdict }) => verdict.kind !== 'none' || isWorthSaying(verdict, best, other));
  if (verdicts.length === 0) return [];
  const texts = verdicts.map(({ other, verdict }, index) => {
    const text = verdictText(verdict, best.topology, other.topology);
    // Its name stands once.
    return index > 0 && verdict.kind === 'difference' && verdicts[index - 1]?.verdict.kind === 'difference'
      ? text.slice(best.topology.length + 1)
      : text;
  });
  return [`${name}: ${texts.join(', ')}.`];
}

/** The table shows intervals of both, so that the reader would miss a verdict. */
function isWorthSaying({ why }: Extract<Verdict, { kind: 'none' }>, best: PhaseRow, other: PhaseRow): boolean {
  return why === generatorLimit || Math.max(best.planned, other.planned) > 1;
}

/** What the gateway in front of Triton costs: each hybrid beside the Triton of its own variant. */
function hybridTexts(rows: readonly PhaseRow[]): string[] {
  return rows.flatMap((hybrid) => {
    if (!/^hybrid(?: \(|$)/u.test(hybrid.topology)) return [];
    const triton = rows.find(({ topology }) => topology === hybrid.topology.replace(/^hybrid/u, 'triton'));
    return triton === undefined ? [] : costText(hybrid, triton);
  });
}

function costText(hybrid: PhaseRow, triton: PhaseRow): string[] {
  const cost = rowDifferenceMs(hybrid, triton, 'p95Ms');
  if (cost.kind === 'none') return [];
  const { difference, low, high, pairs, planned } = cost;
  const rests = pairs < planned ? `, ${String(pairs)} of ${String(planned)} pairs` : '';
  if (low > 0)
    return [
      `${hybrid.topology} costs ${significant(difference)} ms of p95 more than ${triton.topology} [${significant(low)}–${significant(high)}${rests}].`,
    ];
  if (high < 0)
    return [
      `${hybrid.topology} takes ${significant(-difference)} ms of p95 less than ${triton.topology} [${significant(-high)}–${significant(-low)}${rests}].`,
    ];
  return [
    `What ${hybrid.topology} costs beside ${triton.topology} is not shown: ${significant(difference)} ms of p95 [${significant(low)} to ${significant(high)}${rests}].`,
  ];
}
