import { generatorDelay, isGeneratorBound } from './generatorBound.ts';
import { ladderEnded, ladderLevel } from './ladder.ts';
import type { ClosedPhase, LadderSearch, LoadPlan, OpenPhase, Phase, SloSearchPlan } from './plan.ts';
import type { PhaseResult } from './record.ts';
import { longestTrialSeconds } from './loadLength.ts';
import { isConfident, judgeTrial } from './sloLatency.ts';
import { generatorReasons } from './validity.ts';
import { nextSearchStep, type SearchOutcome, type SearchStep, type Trial } from './sloSearch.ts';

/**
 * Which phase comes next: a function of the plan and of the phases that have ended, so that a load is decided by what is
 * recorded and by nothing else.
 */

/** Fewest successes that a trial is made long enough for; p95 can be read from 90, of which an unlucky draw has fewer. */
const samplesOfTrial = 200;

/** @returns null when the load of this topology is complete */
export function nextPhase(load: LoadPlan, ended: readonly PhaseResult[]): Phase | null {
  const fixed = load.phases[ended.length];
  if (fixed !== undefined) return fixed;
  const { search } = load;
  if (search === null) return null;
  const searched = ended.slice(load.phases.length);
  return search.kind === 'ladder' ? nextLevel(search, searched) : nextTrial(search, load.timeoutMs, searched);
}

/** What the search for a rate has found; null before its end, and where the plan has none. */
export function searchOutcome(load: LoadPlan, ended: readonly PhaseResult[]): SearchOutcome | null {
  if (load.search?.kind !== 'slo') return null;
  const step = nextSearchStep(load.search, trialsOf(load.search, load.timeoutMs, ended.slice(load.phases.length)));
  return step.next === 'end' ? step.outcome : null;
}

function nextLevel(search: LadderSearch, searched: readonly PhaseResult[]): Phase | null {
  const levels = searched.filter(({ kind }) => kind === 'measured');
  const connections = ladderLevel(levels.length);
  const level: ClosedPhase = {
    name: `c${String(connections)}`,
    kind: 'measured',
    loop: 'closed',
    connections,
    durationSeconds: search.levelSeconds,
  };
  if (searched.at(-1)?.kind === 'warm-up') return level;
  if (connections > search.mostConnections || ladderEnded(levels)) return null;
  return { ...level, ...warmUp(level.name, search) };
}

function nextTrial(search: SloSearchPlan, timeoutMs: number, searched: readonly PhaseResult[]): Phase | null {
  const step = nextSearchStep(search, trialsOf(search, timeoutMs, searched));
  const phase = phaseOf(search, step);
  if (phase === null) return null;
  return searched.at(-1)?.kind === 'warm-up' ? phase : { ...phase, ...warmUp(phase.name, search) };
}

function warmUp(
  name: string,
  search: { readonly warmUpSeconds: number },
): Pick<Phase, 'name' | 'kind' | 'durationSeconds'> {
  return { name: `warm-up ${name}`, kind: 'warm-up', durationSeconds: search.warmUpSeconds };
}

function phaseOf(search: SloSearchPlan, step: SearchStep): ClosedPhase | OpenPhase | null {
  if (step.next === 'end') return null;
  if (step.next === 'capacity') {
    const { capacityConnections: connections, trialSeconds } = search;
    return { name: 'capacity', kind: 'measured', loop: 'closed', connections, durationSeconds: trialSeconds };
  }
  const least = Math.min(longestTrialSeconds, Math.ceil(samplesOfTrial / step.rate));
  return {
    // A name of its own, because phases of one name are taken for repetitions of each other.
    name: `${step.next === 'trial' ? 'trial' : 'sustained'} ${String(step.rate)}/s${step.again === true ? ' again' : ''}`,
    kind: 'measured',
    loop: 'open',
    ratePerSecond: step.rate,
    arrivals: search.arrivals,
    maxInFlight: search.maxInFlight,
    durationSeconds: Math.max(least, step.next === 'trial' ? search.trialSeconds : search.confirmationSeconds),
  };
}

/** Which trial each measured phase was is what the search asked for at that point. */
function trialsOf(search: SloSearchPlan, timeoutMs: number, searched: readonly PhaseResult[]): Trial[] {
  const trials: Trial[] = [];
  for (const result of searched) {
    if (result.kind === 'warm-up') continue;
    const step = nextSearchStep(search, trials);
    if (step.next === 'end') break;
    if (step.next === 'capacity') {
      trials.push({ kind: 'capacity', rate: result.measurement.rps, verdict: 'kept', ...capacityDoubts(result) });
    } else {
      const confident = isConfident(result, search.p95Ms, timeoutMs);
      trials.push({
        kind: step.next,
        rate: step.rate,
        ...judgeTrial(result, search.p95Ms, timeoutMs),
        ...(step.next === 'confirmation' ? { confident } : {}),
      });
    }
  }
  return trials;
}

/** Its rate is where the search begins, and no result: what makes it worthless matters where there is none, or where the generator is why. */
function capacityDoubts({ measurement, validity }: PhaseResult): Pick<Trial, 'doubts' | 'byGenerator'> {
  const own = [...generatorReasons(measurement), ...(isGeneratorBound({ measurement }) ? [generatorDelay] : [])];
  if (own.length > 0) return { doubts: own, byGenerator: true };
  return validity.reasons.length === 0 ? {} : { doubts: validity.reasons };
}
