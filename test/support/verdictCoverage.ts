import { seededRandom } from '../../src/core/seededRandom.ts';
import { verdictOf, type Repetition } from '../../src/core/verdict.ts';
import { normal } from './phaseSimulation.ts';

/**
 * How often a ratio's interval holds the true one. Every deployment has a random effect of its own (4% of the number), every
 * turn one that both of its pair share (10%), every phase its noise (2%), which is what a phase's own interval shows.
 */
export function verdictCoverage(runs: number): { readonly name: string; readonly covered: number }[] {
  return [
    { name: 'one repetition, deployments all alike', covered: coverage(runs, 1, 0) },
    { name: 'one repetition, deployments differ (its interval cannot know)', covered: coverage(runs, 1, 0.04) },
    ...[2, 3, 5, 10].map((pairs) => ({
      name: `${String(pairs)} interleaved repetitions`,
      covered: coverage(runs, pairs, 0.04),
    })),
  ];
}

const trueRatio = 1.3;
const noise = 0.02;

function coverage(runs: number, pairs: number, perDeployment: number): number {
  const random = seededRandom(5);
  let covered = 0;
  for (let run = 0; run < runs; run += 1) {
    const verdict = verdictOf(
      Array.from({ length: pairs }, () => {
        const turn = pairs === 1 ? 0 : 0.1 * normal(random);
        return { a: phase(trueRatio, turn), b: phase(1, turn) };
      }),
    );
    if (verdict.kind !== 'none' && verdict.low <= trueRatio && trueRatio <= verdict.high) covered += 1;
  }
  return covered / runs;

  function phase(truth: number, turn: number): Repetition {
    const value = 100 * truth * Math.exp(turn + perDeployment * normal(random) + noise * normal(random));
    const reach = Math.exp(1.96 * noise);
    return { value, interval: { low: value / reach, high: value * reach }, valid: true };
  }
}
