/** Loads that take turns, and the tables of what they measured. */
import type { Generator, Sample } from './generators.ts';
import { median, orderOfRound, pairedRatio, type RatioInterval } from './statistics.ts';

/** Samples by the generator's name, each list in the order of the rounds. */
export type Rounds = ReadonlyMap<string, readonly Sample[]>;

/**
 * Every generator loads once in each round, each round in another order, after one load that is dropped.
 * @throws Error with the generator's name when a load fails
 */
export async function takeTurns<L>(
  generators: ReadonlyMap<string, Generator<L>>,
  load: L,
  options: { readonly rounds: number; readonly warmUp: L },
): Promise<Rounds> {
  const [first] = generators.values();
  await first?.(options.warmUp);
  const samples = new Map<string, Sample[]>([...generators.keys()].map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [name, generator] of orderOfRound([...generators], round)) {
      try {
        samples.get(name)?.push(await generator(load));
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  }
  return samples;
}

/** @returns the ratio of each round's pair */
export function ratios(rounds: Rounds, a: string, b: string, figure: (sample: Sample) => number | null): number[] {
  const others = rounds.get(b) ?? [];
  return (rounds.get(a) ?? []).map((sample, round) => {
    const other = others[round];
    return (figure(sample) ?? Number.NaN) / ((other === undefined ? null : figure(other)) ?? Number.NaN);
  });
}

/** Rounds in which a load of ours may not be believed, with why. */
export function notValid(rounds: Rounds, ours: string): string[] {
  return (rounds.get(ours) ?? []).flatMap(({ notValid: why }, round) =>
    why === undefined ? [] : [`round ${String(round + 1)}: ${why}`],
  );
}

export function rateRatio(rounds: Rounds, a: string, b: string): RatioInterval {
  return pairedRatio(ratios(rounds, a, b, (sample) => sample.requestsPerSecond));
}

export function p95Ratio(rounds: Rounds, a: string, b: string): RatioInterval {
  return pairedRatio(ratios(rounds, a, b, (sample) => sample.p95Ms));
}

/** A Markdown table with a row for each generator: the medians over the rounds. */
export function table(rounds: Rounds): string[] {
  const rows = [...rounds].map(([name, samples]) => {
    const of = (figure: (sample: Sample) => number | null): number =>
      median(samples.map((sample) => figure(sample) ?? Number.NaN));
    const around = samples.map((sample) => sample.aroundP95Ms).filter((pair) => pair !== undefined);
    const p95 =
      around.length === 0
        ? of((sample) => sample.p95Ms).toFixed(2)
        : `p90 ${String(median(around.map(([p90]) => p90)))}, p97.5 ${String(median(around.map(([, high]) => high)))}`;
    return [
      name,
      of((sample) => sample.requestsPerSecond).toFixed(1),
      of((sample) => sample.p50Ms).toFixed(2),
      p95,
      of((sample) => sample.cpuMsPerThousandRequests).toFixed(0),
    ];
  });
  const cells = [
    ['generator', 'RPS', 'p50 ms', 'p95 ms', 'CPU ms per 1,000 requests'],
    ['---', '--:', '--:', '--:', '--:'],
    ...rows,
  ];
  return cells.map((row) => `| ${row.join(' | ')} |`);
}

/** e.g. "1.02 (95 % interval 0.98 to 1.06)" */
export function describeRatio({ ratio, low, high }: RatioInterval): string {
  return `${ratio.toFixed(3)} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)})`;
}
