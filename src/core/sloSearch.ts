/**
 * The search for the highest rate at which p95 stays under a bound: the MLPerf Server scenario's figure of merit, found as
 * perf_analyzer and AIPerf find it, by bisection, and confirmed by a longer phase of its own.
 *
 * It is a function of the trials that have ended, so that it has no state to lose: asked again with the same trials it says
 * the same. Rates are requests a second over the whole load generator.
 */

export interface SloSearch {
  /** Bound of p95 in milliseconds; a timeout counts at its limit. */
  readonly p95Ms: number;
  /** No rate above this is tried. */
  readonly highestRate: number;
  /** The search ends when the lowest failed rate is at most this share above the highest good one. */
  readonly precision: number;
  /** Trials before the confirmation; what is known by then is confirmed. */
  readonly mostTrials: number;
}

/** One trial that has ended. */
export interface Trial {
  readonly kind: 'capacity' | 'trial' | 'confirmation';
  /** Asked for; of the capacity trial, which is a closed loop, the rate that it reached. */
  readonly rate: number;
  /**
   * "kept": p95 was under the bound at this rate. "missed": it was not, or the server did not answer as fast as was asked.
   * "not known": the phase may not be believed, so that it says nothing about the server.
   */
  readonly verdict: 'kept' | 'missed' | 'not known';
  /** Of one that kept: whether p95 was confidently under the bound, all of its 95% interval; absent where nobody asked. */
  readonly confident?: boolean;
  /** Of one that says nothing, and of a capacity trial: why it may not be believed. */
  readonly doubts?: readonly string[];
  /** Whether the load generator itself is why. */
  readonly byGenerator?: true;
}

export type SearchStep =
  | { readonly next: 'capacity' }
  | {
      readonly next: 'trial' | 'confirmation';
      readonly rate: number;
      /** What the last one said nothing about. */ readonly again?: true;
    }
  | { readonly next: 'end'; readonly outcome: SearchOutcome };

const ends = [
  'the next rate missed the bound',
  'the highest rate of the plan kept the bound',
  'no measurement at the next rate could be believed',
  'the trials were used up',
  'no rate kept the bound',
  'no rate was confirmed',
  'no measurement at any rate could be believed',
  'no rate kept the bound where a measurement could be believed',
  'no confirmation could be believed',
  'the load generator was too slow for the search',
  'no request succeeded when the capacity was measured',
] as const;

/** Of earlier records, which laid on the load generator whatever made a measurement worthless. */
const earlierEnds = [
  'the load generator could not be believed at the next rate',
  'the load generator could not be believed at any rate',
  'no rate kept the bound where the load generator could be believed',
  'the load generator could not be believed in any confirmation',
] as const;

/** All that a record may hold. */
export const searchEnds = [...ends, ...earlierEnds] as const;

type SearchEnd = (typeof ends)[number];

/** Then there is no rate to begin at: the search tried none. */
const noCapacity = 'no request succeeded when the capacity was measured' satisfies SearchEnd;

/** Where it was at fault at the capacity of the server, and in a trial and its repeat. */
export const generatorTooSlow = 'the load generator was too slow for the search' satisfies SearchEnd;

export interface SearchOutcome {
  /** The highest rate confirmed; null when none was. */
  readonly rate: number | null;
  /** Why it is no higher, or why there is none. */
  readonly because: SearchEnd;
  /** Where a measurement that could not be believed is why: the reasons of all such, each once. */
  readonly doubts: readonly string[];
  /** Whether all of p95's 95% interval was under the bound at that rate; null without a rate. */
  readonly confident: boolean | null;
}

/** A closed loop reaches what the server can do; an open one has no room for queues there, so the search begins at half. */
const firstShareOfCapacity = 0.5;
/** Below this share of the capacity the bound is not a matter of load. */
const lowestShareOfCapacity = 1 / 64;
/** A rate that kept the bound for a short time and not for a long one is left by this step. */
const confirmationStep = 0.9;
/** One, and two steps down. */
export const mostConfirmations = 3;

/**
 * What comes next. A trial that says nothing about the server is carried out once more before it counts against its rate.
 * @param trials that have ended, in order
 */
export function nextSearchStep(search: SloSearch, trials: readonly Trial[]): SearchStep {
  const [capacity, ...rest] = trials;
  if (capacity === undefined) return { next: 'capacity' };
  if (capacity.rate <= 0) return end(null, noCapacity, [capacity]);
  const confirmations = rest.filter(({ kind }) => kind === 'confirmation');
  if (confirmations.length > 0) return afterConfirmations(search, rest, confirmations);
  const last = rest.at(-1);
  if (last !== undefined && rest.length < search.mostTrials && isWorthAnother(rest)) {
    return { next: 'trial', rate: last.rate, again: true };
  }
  // Lower rates would cost as much time, and the servers leave the generator no more of theirs.
  if (rest.length > 1 && trials.every(({ byGenerator }) => byGenerator === true))
    return end(null, generatorTooSlow, trials);
  const { low, high } = bracket(rest);
  const ceiling = Math.min(search.highestRate, high ?? Number.POSITIVE_INFINITY);
  if (low !== undefined && (low >= search.highestRate || ceiling <= low * (1 + search.precision)))
    return { next: 'confirmation', rate: low };
  if (rest.length >= search.mostTrials)
    return low === undefined ? endWithout(rest) : { next: 'confirmation', rate: low };
  if (low === undefined) {
    const rate = high === undefined ? capacity.rate * firstShareOfCapacity : high / 2;
    if (rate < capacity.rate * lowestShareOfCapacity) return endWithout(rest);
    return { next: 'trial', rate: tidy(Math.min(rate, search.highestRate)) };
  }
  // Above a good rate and below none that failed, the step is large; between two, it is the geometric mean.
  const rate = high === undefined ? Math.min(low * 1.6, search.highestRate) : Math.sqrt(low * high);
  return { next: 'trial', rate: Math.min(tidy(rate), search.highestRate) };
}

function afterConfirmations(search: SloSearch, trials: readonly Trial[], confirmations: readonly Trial[]): SearchStep {
  const last = confirmations.at(-1);
  if (last?.verdict === 'kept') return endAt(search, trials, last);
  if (last === undefined || confirmations.length >= mostConfirmations) {
    const nobody = confirmations.every(({ verdict }) => verdict === 'not known');
    return nobody ? end(null, 'no confirmation could be believed', confirmations) : end(null, 'no rate was confirmed');
  }
  if (isWorthAnother(confirmations)) return { next: 'confirmation', rate: last.rate, again: true };
  return { next: 'confirmation', rate: tidy(last.rate * confirmationStep) };
}

/** The last of them says nothing, and nothing else was tried at its rate. */
function isWorthAnother(trials: readonly Trial[]): boolean {
  const last = trials.at(-1);
  return last?.verdict === 'not known' && trials.filter(({ rate }) => rate === last.rate).length === 1;
}

/** Without those that said nothing and were carried out once more. */
function settled(trials: readonly Trial[]): Trial[] {
  return trials.filter(
    ({ kind, rate, verdict }, at) =>
      verdict !== 'not known' || !trials.slice(at + 1).some((later) => later.kind === kind && later.rate === rate),
  );
}

/** No rate was found: what nobody could measure is not what the server did. */
function endWithout(trials: readonly Trial[]): SearchStep {
  const known = settled(trials);
  const unknown = known.filter(({ verdict }) => verdict === 'not known');
  if (known.every(({ verdict }) => verdict === 'missed')) return end(null, 'no rate kept the bound');
  return unknown.length === known.length
    ? end(null, 'no measurement at any rate could be believed', unknown)
    : end(null, 'no rate kept the bound where a measurement could be believed', unknown);
}

/**
 * The highest rate that kept the bound below the lowest that did not; one whose measurement could not be believed twice
 * bounds the search too.
 */
function bracket(all: readonly Trial[]): { readonly low: number | undefined; readonly high: number | undefined } {
  const trials = settled(all);
  const failed = trials.filter(({ verdict }) => verdict !== 'kept').map(({ rate }) => rate);
  const high = failed.length === 0 ? undefined : Math.min(...failed);
  const kept = trials
    .filter(({ verdict, rate }) => verdict === 'kept' && (high === undefined || rate < high))
    .map(({ rate }) => rate);
  return { low: kept.length === 0 ? undefined : Math.max(...kept), high };
}

/** The rate of a confirmation that kept the bound, and why it is no higher. */
function endAt(search: SloSearch, trials: readonly Trial[], { rate, confident = null }: Confirmed): SearchStep {
  const found = (because: SearchEnd, doubted: readonly Trial[] = []): SearchStep =>
    end({ rate, confident }, because, doubted);
  if (rate >= search.highestRate) return found('the highest rate of the plan kept the bound');
  const above = settled(trials)
    .filter((trial) => trial.rate > rate && trial.verdict !== 'kept')
    .sort((a, b) => a.rate - b.rate);
  const [nearest] = above;
  if (nearest === undefined) return found('the trials were used up');
  if (nearest.verdict === 'not known') return found('no measurement at the next rate could be believed', [nearest]);
  const searched = trials.filter(({ kind }) => kind === 'trial').length;
  return searched >= search.mostTrials && nearest.rate > rate * (1 + search.precision)
    ? found('the trials were used up')
    : found('the next rate missed the bound');
}

interface Confirmed {
  readonly rate: number;
  readonly confident?: boolean | null;
}

/** @param doubted trials that could not be believed, where that is why */
function end(found: Confirmed | null, because: SearchEnd, doubted: readonly Trial[] = []): SearchStep {
  const doubts = [...new Set(doubted.flatMap((trial) => trial.doubts ?? []))];
  const { rate = null, confident = null } = found ?? {};
  return { next: 'end', outcome: { rate, because, doubts, confident } };
}

/** Three significant digits: a rate that people can say, and that the next run can ask for again. */
function tidy(rate: number): number {
  return Number(rate.toPrecision(3));
}
