import { comparedOnRepetitions } from '../../src/core/compare.ts';
import type { Repetition } from '../../src/core/pairedDifference.ts';
import { seededRandom } from '../../src/core/seededRandom.ts';
import { verdictOf } from '../../src/core/verdict.ts';
import { normal } from './phaseSimulation.ts';

/** How often the interval of a ratio holds the true one. */
export interface VerdictCoverage {
  readonly name: string;
  readonly runs: number;
  readonly covered: number;
  /** Of the interval, as a share of the ratio. */
  readonly medianWidth: number;
  /** Why it is not held to 95%; undefined where it is. */
  readonly why?: string | undefined;
}

/**
 * Every deployment has a random effect of its own (4% of the number), every turn one that both of its pair share (10%), every
 * phase its noise (2%), which is what a phase's own interval shows. Two runs share nothing: in each all deployments differ.
 */
export function verdictCoverage(runs: number): VerdictCoverage[] {
  return [
    { name: 'one repetition, deployments all alike', ...pairs(runs, 1, 0) },
    {
      name: 'one repetition, deployments differ',
      why: 'its interval cannot know',
      ...pairs(runs, 1, perDeployment),
    },
    ...[2, 3, 4, 5, 10].map((count) => ({
      name: `${String(count)} interleaved repetitions`,
      ...pairs(runs, count, perDeployment),
    })),
    ...(
      [
        [2, 2],
        [3, 3],
        [3, 5],
        [5, 5],
      ] as const
    ).map(([before, after]) => ({
      name: `two runs of ${String(before)} and ${String(after)} repetitions`,
      why: before === 2 ? 'few degrees of freedom, rounded down, hold more than is asked' : undefined,
      ...ofTwoRuns(runs, before, after),
    })),
  ];
}

const trueRatio = 1.3;
const noise = 0.02;
const perDeployment = 0.04;
const perTurn = 0.1;

type Limits = { readonly ratio: number; readonly low: number; readonly high: number } | undefined;
type Held = Pick<VerdictCoverage, 'runs' | 'covered' | 'medianWidth'>;

function pairs(runs: number, count: number, spread: number): Held {
  const random = seededRandom(5);
  return held(runs, () => {
    const verdict = verdictOf(
      Array.from({ length: count }, () => {
        const turn = count === 1 ? 0 : perTurn * normal(random);
        return { a: phase(trueRatio, turn), b: phase(1, turn) };
      }),
    );
    return verdict.kind === 'none' ? undefined : verdict;
  });

  function phase(truth: number, turn: number): Repetition {
    const value = 100 * truth * Math.exp(turn + spread * normal(random) + noise * normal(random));
    const reach = Math.exp(1.96 * noise);
    return { value, interval: { low: value / reach, high: value * reach }, valid: true };
  }
}

/** The later run's deployments vary twice as much as the earlier one's, which Welch's interval is for. */
function ofTwoRuns(runs: number, before: number, after: number): Held {
  const random = seededRandom(6);
  const values = (count: number, truth: number, spread: number): number[] =>
    Array.from({ length: count }, () => 100 * truth * Math.exp(Math.hypot(spread, noise) * normal(random)));
  return held(
    runs,
    () =>
      comparedOnRepetitions(values(before, 1, perDeployment), values(after, trueRatio, 2 * perDeployment)) ?? undefined,
  );
}

function held(runs: number, draw: () => Limits): Held {
  const widths: number[] = [];
  let covered = 0;
  for (let run = 0; run < runs; run += 1) {
    const limits = draw();
    if (limits === undefined) continue;
    if (limits.low <= trueRatio && trueRatio <= limits.high) covered += 1;
    widths.push((limits.high - limits.low) / limits.ratio);
  }
  widths.sort((a, b) => a - b);
  return { runs, covered, medianWidth: widths[Math.floor(widths.length / 2)] ?? Number.NaN };
}
