import { comparedMetrics, type Change, type ComparedMetric, type LevelComparison } from '../compare.ts';
import { generatorDelay, generatorLimit } from '../generatorBound.ts';
import { confirmationLevel, type Level } from '../levels.ts';
import { plannedRate } from '../plannedRate.ts';
import { chanceText } from '../verdict.ts';
import { formatList, fullStop, significant } from './format.ts';

/** Two runs side by side, as rows of texts. */
export interface ComparisonTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the figures are worth; whole sentences. */
  readonly notes: readonly string[];
}

const names: Readonly<Record<ComparedMetric, string>> = { p50: 'p50 ms', p95: 'p95 ms', rps: 'RPS' };

/**
 * p50, p95 and RPS of both runs at each level, and their ratio.
 * @param differences what else than chance may have changed them (see differencesOf)
 */
export function comparisonTable(levels: readonly LevelComparison[], differences: readonly string[]): ComparisonTable {
  const known = levels.flatMap(({ changes }) => metricsWith('interval', changes)).length;
  return {
    header: ['Topology', 'Level', ...comparedMetrics.flatMap((metric) => [names[metric], 'now', 'ratio'])],
    rows: levels.map(({ topology, level, changes, problems }) => [
      problems.length === 0 ? topology : `${topology} (!)`,
      level,
      ...comparedMetrics.flatMap((metric) => cells(changes[metric])),
    ]),
    notes: [
      ...doubtNotes(levels),
      ...confirmationNote(levels),
      ...unshownNotes(levels),
      ...differences.map((difference) => fullStop(`Differs: ${difference}`)),
      ...(known > 1 ? [chanceText(known)] : []),
      ...(known > 0 ? [] : noIntervalNote(levels)),
    ],
  };
}

function metricsWith(what: 'ratio' | 'interval', changes: LevelComparison['changes']): ComparedMetric[] {
  return comparedMetrics.filter((metric) => changes[metric][what] !== null);
}

/** Why none of the ratios has an interval; nothing where there are no ratios either, or where their own notes say it. */
function noIntervalNote(levels: readonly LevelComparison[]): string[] {
  const compared = levels.filter(({ changes }) => metricsWith('ratio', changes).length > 0);
  const doubtful = compared.filter(({ problems }) => problems.length > 0);
  const believed = compared.filter(
    ({ changes, problems }) =>
      problems.length === 0 && metricsWith('ratio', changes).some((metric) => changes[metric].unshown === undefined),
  );
  const invalid = 'a measurement of one of the runs or of both is not valid';
  const unknown = 'figures of one of the runs or of both have no interval: how far chance would move them is not known';
  if (believed.length === 0) return doubtful.length === 0 ? [] : [`The ratios have no intervals, because ${invalid}.`];
  if (doubtful.length === 0) return [`The ratios have no intervals, because ${unknown}.`];
  return [`The ratios have no intervals: at (!) because ${invalid}, elsewhere because ${unknown}.`];
}

/** Each reason once, with all places that it holds at: the table of the other run need not be at hand. */
function doubtNotes(levels: readonly LevelComparison[]): string[] {
  const places = new Map<string, string[]>();
  for (const { topology, level, problems } of levels) {
    for (const problem of problems) places.set(problem, [...(places.get(problem) ?? []), `${topology} ${level}`]);
  }
  return [...places].map(([problem, at]) => fullStop(`(!) ${formatList(at)}: ${problem}`));
}

/** Latencies of different rates are no comparison, and nobody would see that they are. */
export function confirmationNote(levels: readonly Level[]): string[] {
  if (levels.every(({ level }) => level !== confirmationLevel)) return [];
  return [
    `${confirmationLevel}: each run at the highest rate that it found, so RPS says which is better, to within the precision of the search; latencies are of different rates where RPS differ.`,
  ];
}

/** Figures that have no verdict although both runs have numbers. */
export function unshownNotes(
  levels: readonly (Level & {
    readonly changes: { readonly p95: Pick<Change, 'unshown'>; readonly rps: Pick<Change, 'unshown'> };
  })[],
): string[] {
  const note = (metric: 'p95' | 'rps', unshown: string, text: string): string[] => {
    const places = levels.filter(({ changes }) => changes[metric].unshown === unshown);
    if (places.length === 0) return [];
    const figures = metric === 'rps' ? 'RPS' : 'Latencies';
    const list = formatList(places.map(({ topology, level }) => `${topology} ${level}`));
    return [`${figures} of ${list}: ${unshown}, ${text}.`];
  };
  return [
    ...note('rps', generatorLimit, 'in one of the runs or in both; its ratio is no verdict'),
    ...note('p95', generatorDelay, 'in one of the runs or in both; they have no ratio'),
    ...note('rps', plannedRate, 'so that there is nothing to compare'),
  ];
}

function cells({ before, after, ratio, interval }: Change): string[] {
  const figure = (value: number | null): string => (value === null ? 'insufficient' : significant(value));
  const between = interval === null ? '' : ` (${significant(interval.low)} to ${significant(interval.high)})`;
  return [figure(before), figure(after), ratio === null ? '–' : `${ratio.toFixed(2)}${between}`];
}
