import { gistOf } from './gist.ts';
import { ladderLevel } from './ladder.ts';
import { nameLoad } from './phaseLoad.ts';
import type { LoadPlan } from './plan.ts';
import type { PhaseResult, RunRecord, TopologyResult } from './record.ts';
import { topologyKey } from './topologyKey.ts';
import { usedRepetitions } from './usedRepetitions.ts';
import { Notes } from './view/notes.ts';

/** What the levels of a run are called, and where their numbers are: what bounds, comparisons and CI files speak of. */

export interface Level {
  /** See topologyKey. */
  readonly topology: string;
  /** Name of the phase, e.g. "c8"; of a search for a rate `confirmationLevel`, since its phases bear rates that nobody knows before. */
  readonly level: string;
}

/** The phase that confirmed the highest rate found; the trials before it were means to that end and have no name. */
export const confirmationLevel = 'confirmation';

/** What a plan measures; of a ladder all levels that it may come to. */
export function plannedLevels({ topologies, load }: RunRecord['plan']): Level[] {
  const names = levelNames(load);
  return topologies.flatMap((topology) => names.map((level) => ({ topology: topologyKey(topology), level })));
}

function levelNames({ phases, search }: LoadPlan): string[] {
  const fixed = phases.filter(({ kind }) => kind === 'measured').map(({ name }) => name);
  return [...new Set([...fixed, ...(search === null ? [] : searchedNames(search))])];
}

function searchedNames(search: NonNullable<LoadPlan['search']>): string[] {
  if (search.kind === 'slo') return [confirmationLevel];
  const names: string[] = [];
  for (let index = 0; ladderLevel(index) <= search.mostConnections; index += 1)
    names.push(`c${String(ladderLevel(index))}`);
  return names;
}

/**
 * What a run measured or was to measure: the planned levels, but of a ladder only those that it came to, and the one at which it
 * was cut short.
 */
export function levelsOf(record: RunRecord): Level[] {
  const { search } = record.plan.load;
  const planned = plannedLevels(record.plan);
  if (search?.kind !== 'ladder') return planned;
  return record.plan.topologies.map(topologyKey).flatMap((topology) => {
    const levels = planned.filter((level) => level.topology === topology);
    const reached = levels.filter(({ level }) => phaseOf(record, topology, level) !== undefined).length;
    const cutShort = resultOf(record, topology)?.status !== 'completed';
    return levels.slice(0, Math.max(1, cutShort ? reached + 1 : reached));
  });
}

/**
 * Those of a run that another one can be compared with: of a ladder those that are valid, since it passes over levels of too few
 * answers and ends at one that is not valid. A topology without a valid one has its first, so that it is not passed over, too.
 */
export function baselineLevels(record: RunRecord): Level[] {
  const levels = levelsOf(record);
  if (record.plan.load.search?.kind !== 'ladder') return levels;
  const isValid = ({ topology, level }: Level): boolean => phaseOf(record, topology, level)?.validity.valid === true;
  const measured = new Set(levels.filter(isValid).map(({ topology }) => topology));
  return levels.filter((one, index, all) =>
    measured.has(one.topology) ? isValid(one) : all[index - 1]?.topology !== one.topology,
  );
}

/** In the order of the later ones. */
export function commonLevels(before: readonly Level[], after: readonly Level[]): Level[] {
  const known = new Set(before.map(({ topology, level }) => `${topology} ${level}`));
  return after.filter(({ topology, level }) => known.has(`${topology} ${level}`));
}

/** The measured phase of a topology at a level, over all its repetitions; undefined where it was not come to. */
export function phaseOf(record: RunRecord, topology: string, level: string): PhaseResult | undefined {
  const result = resultOf(record, topology);
  if (result === undefined) return undefined;
  if (level === confirmationLevel && record.plan.load.search?.kind === 'slo') return confirmationOf(result);
  const phases = result.combined ?? result.phases;
  return phases.find((phase) => phase.kind === 'measured' && phase.name === level);
}

/** The phases, one for each repetition, that the numbers of a level are made from; of a search's confirmation the one that counts. */
export function repetitionsOf(record: RunRecord, topology: string, level: string): readonly PhaseResult[] {
  return usedRepetitions(measuredAt(record, topology, level), ({ validity }) => validity.valid);
}

/** The phases of a level's every repetition, valid or not; of a search's confirmation the one that counts. */
export function measuredAt(record: RunRecord, topology: string, level: string): readonly PhaseResult[] {
  const phase = phaseOf(record, topology, level);
  const result = resultOf(record, topology);
  if (phase === undefined || result === undefined) return [];
  const searched = level === confirmationLevel && record.plan.load.search?.kind === 'slo';
  if (searched || result.combined === null) return [phase];
  return result.phases.filter(
    (one) => one.kind === 'measured' && one.name === phase.name && nameLoad(one).key === nameLoad(phase).key,
  );
}

/** What the searches of a topology found. */
export interface FoundRate {
  /** Requests a second; of several repetitions the lowest, since a rate that was kept once and not always is not kept. null: none. */
  readonly ratePerSecond: number | null;
  /** Why it is no higher, or why there is none, and whether chance may have kept it; each reason once. */
  readonly because: readonly string[];
}

/** Said of a rate whose p95 was under the bound, and not all of its interval, or that has none. */
const notConfident = 'not confidently: no 95% interval of p95 lies wholly under the bound';

/** undefined where no search has come to its end. */
export function foundRate({ searches }: Pick<TopologyResult, 'searches'>): FoundRate | undefined {
  if (searches.length === 0) return undefined;
  const rates = searches.flatMap(({ ratePerSecond }) => ratePerSecond ?? []);
  const lowest = rates.length < searches.length ? null : Math.min(...rates);
  const doubtful =
    lowest !== null && searches.some(({ ratePerSecond, confident }) => ratePerSecond === lowest && confident === false);
  return {
    ratePerSecond: lowest,
    because: [...becauseTexts(searches), ...(doubtful ? [notConfident] : [])],
  };
}

/** Each reason once, with what made measurements worthless; the rows of these have it in full. */
function becauseTexts(searches: TopologyResult['searches']): string[] {
  return [...new Set(searches.map(({ because }) => because))].map((because) => {
    const notes = new Notes([]);
    notes.refer(searches.filter((search) => search.because === because).flatMap(({ doubts }) => doubts.map(gistOf)));
    return notes.texts.length === 0 ? because : `${because}: ${notes.texts.join(', ')}`;
  });
}

/** The phases that confirmed a rate, one for each repetition that found one: the last that its search measured. */
export function confirmationsOf({ phases, searches }: Pick<TopologyResult, 'phases' | 'searches'>): PhaseResult[] {
  return searches.flatMap(({ ratePerSecond }, index) => {
    const last = phases.findLast(({ kind, repetition }) => kind === 'measured' && repetition === index + 1);
    return ratePerSecond === null || last === undefined ? [] : [last];
  });
}

function confirmationOf(result: TopologyResult): PhaseResult | undefined {
  const rate = foundRate(result)?.ratePerSecond ?? null;
  return confirmationsOf(result).find((phase) => phase.loop === 'open' && phase.ratePerSecond === rate);
}

/** Why a level has no numbers; without a full stop. */
export function whyMissing(record: RunRecord, { topology, level }: Level): string {
  const result = resultOf(record, topology);
  if (result === undefined) return 'the topology was not come to';
  if (result.failure !== null) return `the topology ${result.status}: ${result.failure.message.replace(/\.$/, '')}`;
  const found = foundRate(result);
  if (level === confirmationLevel && found !== undefined) return `no rate was found: ${found.because.join('; ')}`;
  return record.plan.load.search?.kind === 'ladder' ? 'the ladder ended before it' : 'it was not measured';
}

export function resultOf(record: RunRecord, topology: string): TopologyResult | undefined {
  return record.topologies.find((result) => topologyKey(result.topology) === topology);
}
