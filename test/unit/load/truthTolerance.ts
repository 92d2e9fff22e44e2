import { minimumSamples } from '../../../src/core/statistics.ts';
import { measuredOf, type Quantiles, type Repetition, truthOf } from './truthRun.ts';

/**
 * How far a measurement may be from the truth: a share of it or milliseconds, whichever is more. A pause of the machine adds
 * to what is measured and never takes from it, and server, generator and test share its cores. So each quantile is repeated
 * until one repetition is as close as this; an engine that counts wrongly is further off in every one of them. The closed loop
 * gets more room: its connections are answered at the same moment, and the last of them waits for the others on both sides.
 */
export const tolerances = {
  open: { p50: { share: 0.01, ms: 0.5 }, p95: { share: 0.01, ms: 1 }, p99: { share: 0.03, ms: 3 } },
  closed: { p50: { share: 0.01, ms: 1 }, p95: { share: 0.01, ms: 1.5 }, p99: { share: 0.03, ms: 3 } },
} as const;
export const quantileNames = ['p50', 'p95', 'p99'] as const satisfies readonly (keyof Quantiles)[];
const shares = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
/** How often a test repeats a case before it fails. */
export const mostRepetitions = 8;

export function isClose(repetition: Repetition, loop: 'open' | 'closed', quantile: keyof Quantiles): boolean {
  const { share, ms } = tolerances[loop][quantile];
  const truth = truthOf(repetition)[quantile];
  const measured = measuredOf(repetition)[quantile];
  // With too few successes for this quantile none is told; with enough, an engine that tells none is wrong.
  if (Number.isNaN(measured)) return repetition.measured.requests.ok < minimumSamples(shares[quantile]);
  return Math.abs(measured - truth) <= Math.max(share * truth, ms);
}

/** How often a quantile of a case was too far off. */
export interface Misses {
  readonly missed: number;
  readonly of: number;
}

/**
 * An estimate of how likely a right engine is to fail the suite, and no evidence that it is so rare: where no repetition was
 * seen to miss, as for most quantiles, the figure is that of the prior, and that repetitions miss independently of each other is
 * assumed; a machine that is busy for minutes makes them miss together. It fails when any quantile of any case is too far off in
 * all of its repetitions. Each share is the mean of its posterior under Jeffreys' prior, Beta(1/2, 1/2), to the power of the
 * repetitions, in closed form (the rising factorials of a Beta's moments), so that one never seen to miss does not count as 0.
 * The sum over the cases is Boole's inequality.
 */
export function suiteFails(misses: readonly Misses[], repetitions = mostRepetitions): number {
  return misses.reduce((sum, { missed, of }) => sum + momentOf(missed + 0.5, of - missed + 0.5, repetitions), 0);
}

/** E[x^n] of Beta(a, b). */
function momentOf(a: number, b: number, n: number): number {
  let product = 1;
  for (let index = 0; index < n; index += 1) product *= (a + index) / (a + b + index);
  return product;
}
