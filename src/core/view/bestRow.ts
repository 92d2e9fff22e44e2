import { generatorMark } from '../generatorBound.ts';
import { foundRate } from '../levels.ts';
import type { LoadName } from '../phaseLoad.ts';
import { leaderIn, tellingQuantity } from './leader.ts';
import { formatMs, formatRps, significant } from './format.ts';
import type { Measured, PhaseRow } from './measured.ts';

/** Rows of one level, the one with the best figure first, whether or not it is shown to be ahead. */
export function ranked(rows: readonly PhaseRow[], load: Pick<LoadName, 'closed'>): PhaseRow[] {
  const quantity = tellingQuantity(load);
  const worth = ({ rps, p95Ms }: PhaseRow): number => (quantity === 'rps' ? rps : -(p95Ms ?? Infinity));
  return [...rows].sort((a, b) => (worth(a) === worth(b) ? 0 : worth(b) - worth(a)));
}

/**
 * "32 connections: triton 412 RPS at p95 41.0 ms": of the rows of one level the one that is shown to be ahead of each other, or
 * the only one; undefined where there is none.
 * @param load "short": "32 conn.", where there is little room
 */
export function bestFigure(rows: readonly PhaseRow[], load: 'short' | 'long'): string | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const best = leaderIn(tellingQuantity(first.load), rows);
  if (best === undefined) return undefined;
  const p95 = best.p95Ms === null ? '' : ` at p95 ${formatMs(best.p95Ms)}`;
  return `${loadOf(best, load)}: ${best.topology} ${formatRps(best.rps)}${p95}${best.validity.valid ? '' : ' (not valid)'}`;
}

/** Said first: a row that is cut off must not lose it, and beside others without it their figures would be compared. */
function loadOf({ load }: PhaseRow, length: 'short' | 'long'): string {
  return length === 'long' ? load.long : shortLoad(load);
}

/** "32 conn.", "200/s" */
export function shortLoad({ short, closed }: LoadName): string {
  return closed ? `${short} conn.` : short;
}

/**
 * "32 conn.: fastapi 512 RPS · triton 780 RPS (the load generator's limit)", of an open loop "200/s Poisson: fastapi p95 41.0 ms ·
 * triton p95 38.2 ms": rows of one level, none before the others; undefined without rows.
 * @param load "long": "32 connections"
 */
export function eachFigure(rows: readonly PhaseRow[], load: 'short' | 'long'): string | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  return `${loadOf(first, load)}: ${rows.map((row) => `${row.topology} ${figureOf(row)}${worthOf(row)}`).join(' · ')}`;
}

function figureOf({ load, rps, p95Ms }: PhaseRow): string {
  return tellingQuantity(load) === 'rps' ? formatRps(rps) : `p95 ${formatMs(p95Ms)}`;
}

/** What stands beside a rate that the load generator, and not the server, set; empty for any other. */
export function rateMark({ generatorBound, load }: PhaseRow): string {
  return generatorBound && load.closed ? generatorMark : '';
}

function worthOf(row: PhaseRow): string {
  return row.validity.valid ? rateMark(row) : ' (not valid)';
}

/**
 * "triton 498/s · fastapi 303/s · hybrid none under p95 100 ms": what a search for a rate has found, the highest first unless
 * answers differed; undefined where the plan searches none, or no search has come to its end.
 */
export function foundFigures({ plan, topologies, record }: Measured): string | undefined {
  const { search } = plan.load;
  if (search?.kind !== 'slo') return undefined;
  const found = topologies.flatMap(({ key, result }) => {
    const rate = result === null ? undefined : foundRate(result);
    return rate === undefined ? [] : [{ key, ratePerSecond: rate.ratePerSecond }];
  });
  if (found.length === 0) return undefined;
  if (record?.sameAnswers.verdict !== 'differed') found.sort((a, b) => (b.ratePerSecond ?? 0) - (a.ratePerSecond ?? 0));
  const rates = found.map(
    ({ key, ratePerSecond }) => `${key} ${ratePerSecond === null ? 'none' : `${significant(ratePerSecond)}/s`}`,
  );
  return `${rates.join(' · ')} under p95 ${significant(search.p95Ms)} ms`;
}
