import type { AnyPlan } from './endpointPlan.ts';
import type { LadderSearch, LoadPlan, Phase, SloSearchPlan } from './plan.ts';
import { mostConfirmations } from './sloSearch.ts';

/** How long a load takes, and of how many phases it is: what time limits and estimates are made from. */

/** At low rates a trial is made longer, up to this. */
export const longestTrialSeconds = 120;

/** The longest that the load of one deployment can take, in seconds: what limits are made from. */
export function longestLoadSeconds({ phases, search }: Pick<LoadPlan, 'phases' | 'search'>): number {
  return secondsOf(phases) + (search === null ? 0 : longestSearchSeconds(search));
}

/** How long the load of one deployment usually takes, in seconds. A search of twelve trials seldom needs more than eight. */
export function usualLoadSeconds({ phases, search }: Pick<LoadPlan, 'phases' | 'search'>): number {
  if (search === null) return secondsOf(phases);
  if (search.kind === 'ladder') return secondsOf(phases) + longestSearchSeconds(search);
  const trials = Math.min(8, search.mostTrials) + 1;
  return secondsOf(phases) + trials * (search.warmUpSeconds + search.trialSeconds) + search.confirmationSeconds;
}

/** Rough length of a run in seconds: the load, and what deploying a topology usually takes with its images present. */
export function estimateSeconds({ target, load, topologies }: Pick<AnyPlan, 'target' | 'load' | 'topologies'>): number {
  const deploySeconds = target.kind === 'kubernetes' ? 45 : 10;
  return load.repetitions * topologies.length * (usualLoadSeconds(load) + deploySeconds);
}

/** An estimate as it is told to people: to ten seconds below a minute and a half, in minutes from there on. */
export function roughLength(seconds: number): { readonly count: number; readonly unit: 's' | 'min' } {
  return seconds < 90
    ? { count: Math.round(seconds / 10) * 10, unit: 's' }
    : { count: Math.round(seconds / 60), unit: 'min' };
}

/** The most phases that the load of one deployment can have. */
export function mostPhases({ phases, search }: Pick<LoadPlan, 'phases' | 'search'>): number {
  if (search === null) return phases.length;
  const measured = search.kind === 'ladder' ? ladderLevels(search) : 1 + search.mostTrials + mostConfirmations;
  return phases.length + 2 * measured;
}

function longestSearchSeconds(search: LadderSearch | SloSearchPlan): number {
  if (search.kind === 'ladder') return ladderLevels(search) * (search.warmUpSeconds + search.levelSeconds);
  const trial = search.warmUpSeconds + Math.max(search.trialSeconds, longestTrialSeconds);
  const confirmation = search.warmUpSeconds + Math.max(search.confirmationSeconds, longestTrialSeconds);
  return (1 + search.mostTrials) * trial + mostConfirmations * confirmation;
}

function ladderLevels({ mostConnections }: LadderSearch): number {
  return Math.floor(Math.log2(mostConnections)) + 1;
}

function secondsOf(phases: readonly Phase[]): number {
  return phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
}
