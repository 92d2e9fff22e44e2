import { foundRate } from '../levels.ts';
import type { LoadName } from '../phaseLoad.ts';
import { formatMs, formatRps, significant } from './format.ts';
import type { Measured, PhaseRow } from './measured.ts';

/** Rows of one level, the one that is ahead first. An open loop's rate is the plan's: there p95 tells the servers apart. */
export function ranked(rows: readonly PhaseRow[], { closed }: Pick<LoadName, 'closed'>): PhaseRow[] {
  const worth = ({ rps, p95Ms }: PhaseRow): number => (closed ? rps : -(p95Ms ?? Infinity));
  return [...rows].sort((a, b) => (worth(a) === worth(b) ? 0 : worth(b) - worth(a)));
}

/**
 * "triton 412 RPS at p95 41.0 ms, 32 connections": the best of the rows of one level that may be believed, or else of all, which
 * is then marked; undefined without rows.
 * @param load "short": "32 conn.", where there is little room
 */
export function bestFigure(rows: readonly PhaseRow[], load: 'short' | 'long'): string | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const valid = rows.filter(({ validity }) => validity.valid);
  const [best = first] = ranked(valid.length > 0 ? valid : rows, first.load);
  const p95 = best.p95Ms === null ? '' : ` at p95 ${formatMs(best.p95Ms)}`;
  const at = load === 'long' ? best.load.long : `${best.load.short}${best.load.closed ? ' conn.' : ''}`;
  return `${best.topology} ${formatRps(best.rps)}${p95}, ${at}${best.validity.valid ? '' : ' (not valid)'}`;
}

/** "fastapi 512 RPS · triton 780 RPS (the load generator's limit)": rows of one level, none before the others; undefined without rows. */
export function eachFigure(rows: readonly PhaseRow[]): string | undefined {
  if (rows.length === 0) return undefined;
  return rows.map((row) => `${row.topology} ${formatRps(row.rps)}${worthOf(row)}`).join(' · ');
}

function worthOf({ validity, generatorBound, load }: PhaseRow): string {
  if (!validity.valid) return ' (not valid)';
  return generatorBound && load.closed ? " (the load generator's limit)" : '';
}

/**
 * Whether one of the rows of a level may be called the best: not where the generator, and not the server, set the rate of one, and
 * not beside one that may be better and cannot be believed.
 */
export function haveBest(rows: readonly PhaseRow[]): boolean {
  const valid = rows.filter(({ validity }) => validity.valid).length;
  return (
    (valid === 0 || valid === rows.length) && !rows.some(({ generatorBound, load }) => generatorBound && load.closed)
  );
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
