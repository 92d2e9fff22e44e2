import { generatorLimit } from '../generatorBound.ts';
import type { LoadName } from '../phaseLoad.ts';
import { verdictText, type Verdict } from '../verdict.ts';
import { ranked as rankedRows } from './bestRow.ts';
import { formatInterval, formatList, insufficientSamples, significant } from './format.ts';
import type { PhaseRow } from './measured.ts';
import { rowDifferenceMs, rowVerdict, type ComparedQuantity } from './rowVerdict.ts';

/** The answer at one level. */
export interface VerdictTexts {
  /** Which topology is ahead in what, with its figures, and who was left out, as one sentence without its full stop. */
  readonly lead: string;
  /** How each two of them compare in RPS, in p95, and what the hybrid costs: a sentence a quantity, without its full stop. */
  readonly pairs: readonly string[];
}

/** Rows that are not valid, and those without intervals, have no verdict; it says that they were left out. */
export function verdictTexts(rows: readonly PhaseRow[], level: LoadName): VerdictTexts {
  const [only] = rows;
  if (only !== undefined && rows.length === 1) {
    const worth = only.validity.valid ? '' : ', which is not valid';
    return { lead: `At ${level.long} ${only.topology} serves ${figuresOf(only)}${worth}`, pairs: [] };
  }
  const comparable = rows.filter((row) => row.validity.valid && row.intervals !== null);
  const ranked = rankedRows(comparable, level);
  const [best, ...others] = ranked;
  if (best === undefined) return { lead: `At ${level.long} there is no verdict: ${whyNone(rows)}`, pairs: [] };
  return {
    lead: [leadText(best, others, level), ...leftOutTexts(rows)].join('; '),
    pairs: [
      ...pairsSentence('RPS', pairTexts('rps', ranked)),
      ...pairsSentence('p95', [...pairTexts('p95Ms', ranked), ...hybridTexts(ranked)]),
    ],
  };
}

function leadText(best: PhaseRow, others: readonly PhaseRow[], level: LoadName): string {
  const at = `At ${level.long}`;
  if (others.length === 0) return `${at} ${best.topology} serves ${figuresOf(best)}`;
  const rows = [best, ...others];
  const leaders = (['rps', 'p95Ms'] as const).flatMap((quantity) => {
    const row = leaderIn(quantity, rows);
    return row === undefined ? [] : [{ row, name: quantity === 'rps' ? 'RPS' : 'p95' }];
  });
  const first = leaders.find(({ row }) => row === best)?.row ?? leaders[0]?.row;
  const bestOne = `${level.closed ? 'the highest RPS' : 'the lowest p95'} is ${best.topology}'s, ${figuresOf(best)}`;
  if (first === undefined) return `${at} no topology is shown to be ahead of all others: ${bestOne}`;
  const names = leaders.filter(({ row }) => row === first).map(({ name }) => name);
  const rest = leaders.filter(({ row }) => row !== first);
  return [
    `${at} ${first.topology} is ahead in ${formatList(names)}: ${figuresOf(first)}`,
    ...rest.map(({ row, name }) => `${row.topology} is ahead in ${name}`),
    ...(first === best ? [] : [bestOne]),
  ].join('; ');
}

/** The one that is shown to be ahead of each of the others; undefined where there is none. */
function leaderIn(quantity: ComparedQuantity, rows: readonly PhaseRow[]): PhaseRow | undefined {
  return rows.find((row) =>
    rows.every((other) => other === row || isAhead(rowVerdict(row, other, quantity), quantity)),
  );
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
      : [`${formatList(left.map(({ topology }) => topology))} ${left.length === 1 ? 'is' : 'are'} left out: ${why}`];
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

function pairsSentence(name: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [`${name}: ${texts.join('; ')}`];
}

/** Each two of the rows once: differences by the one that is ahead, then those that show none, then those that cannot be told. */
function pairTexts(quantity: ComparedQuantity, ranked: readonly PhaseRow[]): string[] {
  const pairs = ranked.flatMap((a, at) =>
    ranked.slice(at + 1).map((b) => ({ a, b, verdict: rowVerdict(a, b, quantity) })),
  );
  const told = pairs.filter(({ a, b, verdict }) => verdict.kind !== 'none' || isWorthSaying(verdict, a, b));
  const kinds = (kind: Verdict['kind']): Pair[] => told.filter(({ verdict }) => verdict.kind === kind);
  return [
    ...ranked.map((row) =>
      listed(
        kinds('difference').filter(({ a }) => a === row),
        (pair) => pair.a.topology,
      ),
    ),
    listed(kinds('no difference shown'), () => 'no difference shown'),
    ...untoldTexts(kinds('none')),
  ].filter((text) => text !== '');
}

interface Pair {
  readonly a: PhaseRow;
  readonly b: PhaseRow;
  readonly verdict: Verdict;
}

function textOf({ a, b, verdict }: Pair): string {
  return verdictText(verdict, a.topology, b.topology);
}

/** What all of them begin with stands once. */
function listed(pairs: readonly Pair[], begin: (pair: Pair) => string): string {
  return pairs.map((pair, at) => (at === 0 ? textOf(pair) : textOf(pair).slice(begin(pair).length + 1))).join(', ');
}

/** One text for all pairs that have no verdict for the same reason. */
function untoldTexts(pairs: readonly Pair[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { a, b, verdict } of pairs) {
    if (verdict.kind !== 'none') continue;
    byReason.set(verdict.why, [...(byReason.get(verdict.why) ?? []), `${a.topology} and ${b.topology}`]);
  }
  return [...byReason].map(([why, names]) => `no verdict on ${names.join(', ')}: ${why}`);
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
      `${hybrid.topology} costs ${significant(difference)} ms more than ${triton.topology} [${significant(low)}–${significant(high)}${rests}]`,
    ];
  if (high < 0)
    return [
      `${hybrid.topology} takes ${significant(-difference)} ms less than ${triton.topology} [${significant(-high)}–${significant(-low)}${rests}]`,
    ];
  return [
    `what ${hybrid.topology} costs beside ${triton.topology} is not shown: ${significant(difference)} ms [${significant(low)} to ${significant(high)}${rests}]`,
  ];
}
