import { generatorDelay, generatorLimit } from '../generatorBound.ts';
import { noInterval } from '../pairedDifference.ts';
import type { LoadName } from '../phaseLoad.ts';
import { restsOn, verdictText, type Verdict } from '../verdict.ts';
import { ranked as rankedRows, rateMark } from './bestRow.ts';
import {
  formatInterval,
  formatList,
  formatMs,
  formatRps,
  insufficientSamples,
  isKnown,
  significant,
} from './format.ts';
import { leaderIn, tellingQuantity } from './leader.ts';
import type { PhaseRow } from './measured.ts';
import { rowDifferenceMs, rowVerdict } from './rowVerdict.ts';

/** The answer at one level. */
export interface VerdictTexts {
  /** Which topology is ahead in what, with its figures, or that this is not decided, the figures and why; a sentence without its full stop. */
  readonly lead: string;
  /** Whether the lead is a verdict: that a topology is ahead, or that none is shown to be. */
  readonly isVerdict: boolean;
  /** Who was left out of it; such a sentence, or empty. */
  readonly leftOut: string;
  /** How each two of them compare in RPS, in p95, and what the hybrid costs: a sentence a quantity, without its full stop. */
  readonly pairs: readonly string[];
  /** Whether something is not decided for want of an interval, which several turns would give. */
  readonly wantsTurns: boolean;
}

/** What the headline compares. */
type Judged = 'rps' | 'p95Ms';

const names: Readonly<Record<Judged, string>> = { rps: 'RPS', p95Ms: 'p95' };

/** Of a ratio below 1 not everybody sees at once that it is the better one. */
const ratioNames: Readonly<Record<Judged, string>> = { rps: 'RPS', p95Ms: 'p95 (lower is better)' };

/**
 * Rows that are not valid have no verdict; it says that they were left out.
 * @param rows of one level, at least one of which may be believed (see noneValid.ts)
 */
export function verdictTexts(rows: readonly PhaseRow[], level: LoadName): VerdictTexts {
  const at = `At ${level.long}`;
  const [only] = rows;
  if (only !== undefined && rows.length === 1)
    return withoutVerdict(`${at} ${only.topology} serves ${figuresOf(only)}`);
  const valid = rows.filter(({ validity }) => validity.valid);
  const ranked = rankedRows(valid, level);
  const [best, ...others] = ranked;
  if (best === undefined) return withoutVerdict(`${at} no measurement is valid`);
  const undecided = others.length === 0 || hasLeader(ranked, level) ? undefined : undecidedLead(ranked, level);
  const lead = others.length === 0 ? `${best.topology} serves ${figuresOf(best)}` : leadText(ranked, level);
  const pairs = pairsOf(ranked);
  return {
    lead: undecided?.text ?? `${at} ${lead}`,
    isVerdict: others.length > 0 && undecided === undefined,
    leftOut: leftOutText(rows),
    pairs: judgedAt(level).flatMap((quantity) =>
      sentenceOf((hasRatio(pairs, quantity) ? ratioNames : names)[quantity], [
        ...pairTexts(pairs, quantity, undecided?.told.includes(quantity) ?? false),
        ...(quantity === 'rps' ? secondsTexts(ranked) : hybridTexts(ranked)),
      ]),
    ),
    wantsTurns: judgedAt(level).some((quantity) =>
      pairs.some(({ a, b }) => whyNone(rowVerdict(a, b, quantity)) === noInterval),
    ),
  };
}

/** @param lead what is said in its place */
export function withoutVerdict(lead: string): VerdictTexts {
  return { lead, isVerdict: false, leftOut: '', pairs: [], wantsTurns: false };
}

/** The plan sets the rate of an open loop: there RPS says nothing of the servers. */
function judgedAt({ closed }: LoadName): readonly Judged[] {
  return closed ? ['rps', 'p95Ms'] : ['p95Ms'];
}

function hasLeader(ranked: readonly PhaseRow[], level: LoadName): boolean {
  return judgedAt(level).some((quantity) => leaderIn(quantity, ranked) !== undefined);
}

/** @param ranked two or more, all of which may be believed */
function leadText(ranked: readonly PhaseRow[], level: LoadName): string {
  const [best] = ranked;
  if (best === undefined) return '';
  const leaders = judgedAt(level).flatMap((quantity) => {
    const row = leaderIn(quantity, ranked);
    return row === undefined ? [] : [{ row, name: names[quantity] }];
  });
  const first = leaders.find(({ row }) => row === best)?.row ?? leaders[0]?.row;
  const bestOne = `the ${level.closed ? 'highest RPS' : 'lowest p95'} is ${best.topology}'s, ${leadFigures(best)}`;
  if (first === undefined) return `no topology is shown to be ahead of all others: ${bestOne}`;
  const ahead = leaders.filter(({ row }) => row === first).map(({ name }) => name);
  const rest = leaders.filter(({ row }) => row !== first);
  return [
    `${first.topology} is ahead in ${formatList(ahead)}: ${leadFigures(first)}`,
    ...rest.map(({ row, name }) => `${row.topology} is ahead in ${name}`),
    ...(first === best ? [] : [bestOne]),
  ].join('; ');
}

/**
 * The figures of all, where no ratio to the best one can be told: that is neither a difference nor "no difference shown".
 * @returns undefined where each can; else the text, and of which quantities it says why no two of the rows have a verdict
 */
function undecidedLead(
  ranked: readonly PhaseRow[],
  level: LoadName,
): { readonly text: string; readonly told: readonly Judged[] } | undefined {
  const [best, ...others] = ranked;
  if (best === undefined) return undefined;
  const quantity = tellingQuantity(level);
  const toBest = untold(
    others.map((other) => ({ a: best, b: other })),
    quantity,
  );
  if (toBest.length === 0) return undefined;
  const open = `Not decided which is ahead at ${level.long}: ${allFigures(ranked, quantity)}`;
  const judged = judgedAt(level);
  const all = pairsOf(ranked);
  const reasons = judged.map((one) => commonReason(all, one));
  const [reason] = reasons;
  const isOfAll = reasons.every((one) => one === reason);
  const lack = reason === noInterval && isOfAll && level.closed ? lackText(ranked) : undefined;
  if (lack !== undefined) return { text: `${open}; ${lack}`, told: judged };
  const whys = toBest.map(({ why, pairs }) => reasonText(why, pairs, quantity, names[quantity]));
  return {
    text: `${open}; ${whys.join(', and ')}`,
    told: reason === undefined ? [] : isOfAll && reason !== noInterval ? judged : [quantity],
  };
}

/** "neither RPS nor p95 of fastapi has a 95% interval"; undefined where it is not the same rows that lack both. */
function lackText(rows: readonly PhaseRow[]): string | undefined {
  const [rps, p95] = (['rps', 'p95Ms'] as const).map((quantity) => formatList(topologiesOf(lacking(rows, quantity))));
  if (rps === '' || rps === undefined || rps !== p95) return undefined;
  const whose = rps === formatList(topologiesOf(rows)) ? '' : ` of ${rps}`;
  return `neither RPS nor p95${whose} has a 95% interval`;
}

function topologiesOf(rows: readonly PhaseRow[]): string[] {
  return rows.map(({ topology }) => topology);
}

/** "triton 998 RPS, hybrid 640 RPS, fastapi 370 RPS", "triton p95 38.2 ms, fastapi p95 41.0 ms" */
function allFigures(rows: readonly PhaseRow[], quantity: Judged): string {
  return rows
    .map(({ topology, rps, p95Ms }) => `${topology} ${quantity === 'rps' ? formatRps(rps) : `p95 ${formatMs(p95Ms)}`}`)
    .join(', ');
}

/** Of an open loop p95 alone: its rate stands beside it already. */
function leadFigures(row: PhaseRow): string {
  return row.load.closed ? figuresOf(row) : p95Of(row);
}

/** "917 RPS at p95 47.3 ms [46.7–48.0]" */
function figuresOf(row: PhaseRow): string {
  const rate = `${significant(row.rps)} RPS${rateMark(row)}`;
  return row.p95Ms === null ? `${rate}, with too few samples for p95` : `${rate} at p95 ${p95Of(row)}`;
}

function p95Of({ p95Ms, intervals }: PhaseRow): string {
  if (p95Ms === null) return insufficientSamples;
  return [formatMs(p95Ms), formatInterval(intervals?.p95Ms)].filter((part) => part !== null).join(' ');
}

function leftOutText(rows: readonly PhaseRow[]): string {
  const left = topologiesOf(rows.filter(({ validity }) => !validity.valid));
  return left.length === 0 ? '' : `${formatList(left)} ${left.length === 1 ? 'is' : 'are'} left out: not valid`;
}

function sentenceOf(name: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [`${name}: ${texts.join('; ')}`];
}

interface Pair {
  readonly a: PhaseRow;
  readonly b: PhaseRow;
}

/** Each two of the rows once. */
function pairsOf(ranked: readonly PhaseRow[]): Pair[] {
  return ranked.flatMap((a, at) => ranked.slice(at + 1).map((b) => ({ a, b })));
}

/**
 * Differences by the one that is ahead, then those that show none, then those that cannot be told.
 * @param isTold whether the reader knows already why none of them can be told
 */
function pairTexts(all: readonly Pair[], quantity: Judged, isTold: boolean): string[] {
  const reason = commonReason(all, quantity);
  if (reason !== undefined) return isTold ? [] : [`no verdict, since ${reasonText(reason, all, quantity, 'it')}`];
  const pairs = all.map(({ a, b }) => ({ a, b, verdict: rowVerdict(a, b, quantity) }));
  const kinds = (kind: Verdict['kind']): JudgedPair[] => pairs.filter(({ verdict }) => verdict.kind === kind);
  return [
    ...[...new Set(all.map(({ a }) => a))].map((row) =>
      listed(
        kinds('difference').filter(({ a }) => a === row),
        (pair) => pair.a.topology,
      ),
    ),
    listed(kinds('no difference shown'), () => 'no difference shown'),
    ...untold(all, quantity).map((open) => untoldText(open, all, quantity)),
  ].filter((text) => text !== '');
}

/** Whom no verdict is on, "no verdict on triton: no 95% interval", where every pair of theirs has none; else the pairs. */
function untoldText({ why, pairs }: Untold, all: readonly Pair[], quantity: Judged): string {
  const causes = causesOf(why, pairs, quantity);
  const touched = all.filter(({ a, b }) => causes.includes(a) || causes.includes(b));
  if (causes.length > 0 && touched.length === pairs.length)
    return `no verdict on ${formatList(topologiesOf(causes))}: ${why === noInterval ? 'no 95% interval' : why}`;
  const which = pairs.map(({ a, b }) => `${a.topology} and ${b.topology}`).join(', ');
  return `no verdict on ${which}: ${reasonText(why, pairs, quantity, 'it')}`;
}

function hasRatio(pairs: readonly Pair[], quantity: Judged): boolean {
  return pairs.some(({ a, b }) => whyNone(rowVerdict(a, b, quantity)) === undefined);
}

interface JudgedPair extends Pair {
  readonly verdict: Verdict;
}

function textOf({ a, b, verdict }: JudgedPair): string {
  return verdictText(verdict, a.topology, b.topology);
}

/** What all of them begin with stands once. */
function listed(pairs: readonly JudgedPair[], begin: (pair: JudgedPair) => string): string {
  return pairs.map((pair, at) => (at === 0 ? textOf(pair) : textOf(pair).slice(begin(pair).length + 1))).join(', ');
}

function whyNone(verdict: Verdict): string | undefined {
  return verdict.kind === 'none' ? verdict.why : undefined;
}

interface Untold {
  readonly why: string;
  readonly pairs: readonly Pair[];
}

/** The pairs that have no verdict, by the reason for it. */
function untold(pairs: readonly Pair[], quantity: Judged): Untold[] {
  const byReason = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const why = whyNone(rowVerdict(pair.a, pair.b, quantity));
    if (why !== undefined) byReason.set(why, [...(byReason.get(why) ?? []), pair]);
  }
  return [...byReason].map(([why, those]) => ({ why, pairs: those }));
}

/** Why none of the pairs has a verdict; undefined where one has, where the reasons differ, and where there are no pairs. */
function commonReason(pairs: readonly Pair[], quantity: Judged): string | undefined {
  const [first] = untold(pairs, quantity);
  return first?.pairs.length === pairs.length ? first.why : undefined;
}

/**
 * The reason, with the rows that it lies with; a clause.
 * @param name "RPS"; "it", where the quantity has been named
 */
function reasonText(why: string, pairs: readonly Pair[], quantity: Judged, name: string): string {
  const causes = causesOf(why, pairs, quantity);
  const list = formatList(topologiesOf(causes));
  if (why === generatorLimit) return `${why} of ${list}`;
  if (why !== noInterval || causes.length === 0) return why;
  if (causes.length === rowsIn(pairs).length) return `${name} has no 95% interval`;
  if (name !== 'it') return `${name} of ${list} has no 95% interval`;
  return `${list} ${causes.length === 1 ? 'has' : 'have'} no 95% interval`;
}

/** The rows that a reason lies with; none where it is not known of which. */
function causesOf(why: string, pairs: readonly Pair[], quantity: Judged): PhaseRow[] {
  const rows = rowsIn(pairs);
  if (why === noInterval) return lacking(rows, quantity);
  const isGenerators = why === generatorLimit || why === generatorDelay;
  return isGenerators ? rows.filter(({ generatorBound }) => generatorBound) : [];
}

function rowsIn(pairs: readonly Pair[]): PhaseRow[] {
  return [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
}

function lacking(rows: readonly PhaseRow[], quantity: Judged): PhaseRow[] {
  return rows.filter(({ intervals }) => !isKnown(intervals?.[quantity]));
}

/**
 * What was seen, where one repetition alone gives RPS no interval: the best one's worst second beside the best second of those
 * that it cannot be compared with. Nothing is said where they overlap.
 */
function secondsTexts(ranked: readonly PhaseRow[]): string[] {
  const [best, ...others] = ranked;
  if (best === undefined) return [];
  const open = others.filter((other) => whyNone(rowVerdict(best, other, 'rps')) === noInterval);
  const greatest = Math.max(...open.map(({ secondsRps }) => secondsRps?.greatest ?? Infinity));
  const own = best.secondsRps;
  if (own === null || open.length === 0 || own.least <= greatest) return [];
  const rivals = formatList(open.map(({ topology }) => topology));
  return [
    `in each whole second ${best.topology} served more than ${rivals} in ${open.length === 1 ? 'its' : 'their'} best: ${significant(own.least)}–${significant(own.greatest)} against at most ${significant(greatest)}`,
  ];
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
  const { difference, low, high } = cost;
  const rests = restsOn(cost);
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
