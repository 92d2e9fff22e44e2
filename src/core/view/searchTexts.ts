import { gistOf } from '../gist.ts';
import { findKnee, type Knee } from '../knee.ts';
import { foundRate } from '../levels.ts';
import { generatorTooSlow } from '../sloSearch.ts';
import { significant } from './format.ts';
import { generatorRemedy } from './noneValid.ts';
import type { Measured, MeasuredTopology, PhaseRow } from './measured.ts';

/** What a search has found, a part of a sentence for each answer, without a full stop; empty where the plan searches nothing, and before the end. */
export function searchTexts(measured: Measured, rows: readonly PhaseRow[]): string[] {
  const { search } = measured.plan.load;
  if (search === null) return [];
  if (search.kind === 'ladder') return measured.topologies.flatMap((topology) => kneeText(measured, topology, rows));
  const found = measured.topologies.filter(({ result }) => (result?.searches.length ?? 0) > 0);
  if (found.length === 0) return [];
  return [`Highest rate with p95 under ${significant(search.p95Ms)} ms: ${found.map(rateText).join('; ')}`];
}

/** What to do where the load generator ended a search; undefined where it ended none. */
export function searchRemedy({ plan, topologies }: Measured): string | undefined {
  const searches = topologies.flatMap(({ result }) => result?.searches ?? []);
  return searches.some(({ because }) => because === generatorTooSlow)
    ? `What helps: ${generatorRemedy(plan)}`
    : undefined;
}

function rateText({ key, result }: MeasuredTopology): string {
  const found = result === null ? undefined : foundRate(result);
  const reasons = (found?.because ?? []).join('; ');
  const rate = found?.ratePerSecond ?? null;
  return rate === null ? `${key} none (${reasons})` : `${key} ${significant(rate)}/s (${reasons})`;
}

/** Where the ladder of a topology stops paying; undefined where the plan climbs none, and before its end. */
export function kneeOf(
  { plan }: Pick<Measured, 'plan'>,
  { key, result }: MeasuredTopology,
  rows: readonly PhaseRow[],
): Knee | undefined {
  if (plan.load.search?.kind !== 'ladder' || result === null) return undefined;
  const levels = rows.flatMap((row) => {
    const { connections } = row.load;
    if (row.topology !== key || connections === null) return [];
    const { rps, generatorBound } = row;
    return [{ connections, rps, interval: row.intervals?.rps ?? null, valid: row.validity.valid, generatorBound }];
  });
  return findKnee(levels);
}

function kneeText(measured: Measured, topology: MeasuredTopology, rows: readonly PhaseRow[]): string[] {
  const knee = kneeOf(measured, topology, rows);
  if (knee === undefined) return [];
  const { key } = topology;
  const cut = knee.kind === 'unknown' || knee.kind === 'not reached' ? cutShortText(key, rows) : undefined;
  if (cut !== undefined) return [cut];
  if (knee.kind === 'knee')
    return [`${key} gains little beyond ${String(knee.connections)} connections (${significant(knee.rps)} RPS)`];
  if (knee.kind === 'generator')
    return [
      `where ${key} stops gaining is not known: from ${String(knee.connections)} connections on the load generator set the rate`,
    ];
  return knee.kind === 'unknown'
    ? [`where ${key} stops gaining is not known: ${knee.why}`]
    : [`${key} still gained at ${String(knee.connections)} connections, or its intervals are too wide to tell`];
}

/** A ladder ends at a level that may not be believed; too few answers for p95 are no end, since it passes over them. */
function cutShortText(key: string, rows: readonly PhaseRow[]): string | undefined {
  const own = rows.filter(({ topology }) => topology === key).toSorted((a, b) => a.load.order - b.load.order);
  const last = own.at(-1);
  const reason = last?.validity.reasons.map(gistOf).find((gist) => gist !== 'insufficient samples');
  if (last === undefined || reason === undefined) return undefined;
  return `where ${key} stops gaining is not known: its ladder ended at ${last.load.long} (${reason})`;
}
