import { likenessSeconds } from './phaseSimulation.ts';
import type { Coverage } from './coverage.ts';
import type { VerdictCoverage } from './verdictCoverage.ts';

/** What the simulation of intervals came to: a judgement of each row, and tables in Markdown. */

export interface CoverageRow extends Coverage {
  readonly simulation: string;
  readonly seconds: number;
  readonly rps: number;
}

/** What a nominal 95% interval is held to. */
const least = 0.93;
const most = 0.97;
/** Standard errors by which a share may be outside through the simulation's own chance: one row of a thousand is. */
const reach = 3.1;
/** Of the truth: a slot of the histogram is up to a thousandth wide, and the limits are slots' ends. */
const tenSlots = 0.01;
/** Likeness that fades within this part of a phase is what the intervals are made for: a tail is met in fewer, longer bursts. */
const fadingParts: Readonly<Record<Coverage['statistic'], number>> = {
  p50Ms: 1 / 50,
  p95Ms: 1 / 100,
  p99Ms: 1 / 300,
  rps: 1 / 50,
};

export type Judgement = 'within' | 'too few' | 'too many';

/** Whether so many of the intervals given may hold the truth 93 to 97 times of 100, as far as so few can tell. */
export function judgeCoverage(covered: number, given: number): Judgement {
  const share = covered / given;
  const error = (of: number): number => Math.sqrt((of * (1 - of)) / given);
  if (share < least - reach * error(least)) return 'too few';
  return share > most + reach * error(most) ? 'too many' : 'within';
}

/** Rows that are told and not held to 93 to 97%, and why. */
interface Exemption {
  readonly why: string;
  readonly holds: (row: CoverageRow) => boolean;
}

const exemptions: readonly Exemption[] = [
  {
    why: 'likeness reaches further than a fiftieth of the phase (for p95 a hundredth, for p99 a three-hundredth), which is more than the intervals are made for',
    // Rounded, because 1 / ln(0.95) requests are no round time. Latencies that are alike leave their arrivals independent.
    holds: ({ simulation, statistic, rps, seconds }) =>
      !(statistic === 'rps' && simulation.startsWith('AR(1)')) &&
      Math.round(likenessSeconds(simulation, rps) * 1000) > Math.round(seconds * fadingParts[statistic] * 1000),
  },
  {
    why: 'fewer than half of the phases get an interval, and those are the ones that happened to look calm',
    holds: ({ given, phases }) => given < phases / 2,
  },
  {
    why: 'it is less than ten slots of the histogram wide, so that limits at the ends of slots hold the truth too often',
    holds: ({ statistic, meanWidth, covered, given }) =>
      statistic !== 'rps' && meanWidth < tenSlots && judgeCoverage(covered, given) === 'too many',
  },
];

/** Why a row is exempt; undefined where it is held to 93 to 97%. */
export function exemptionOf(row: CoverageRow): string | undefined {
  return exemptions.find(({ holds }) => holds(row))?.why;
}

/** Rows that are outside and not exempt. */
export function failedRows(rows: readonly CoverageRow[]): CoverageRow[] {
  return rows.filter(
    (row) => row.given > 0 && exemptionOf(row) === undefined && judgeCoverage(row.covered, row.given) !== 'within',
  );
}

const columns = { p50Ms: 'p50', p95Ms: 'p95', p99Ms: 'p99', rps: 'RPS' } as const;

/** A row for each phase that was simulated; in each cell: held / given, width. Outside 93 to 97%: bold. Exempt: in parentheses. */
export function coverageTable(rows: readonly CoverageRow[]): string {
  const groups = grouped(rows, ({ simulation, seconds, rps }) => `${simulation}|${String(rps)}|${String(seconds)}`);
  const body = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const cells = Object.keys(columns).map((statistic) => {
      const row = group.find((one) => one.statistic === statistic);
      return row === undefined ? '' : cellText(row);
    });
    return [[first.simulation, String(first.rps), String(first.seconds), ...cells]];
  });
  return markdown(['load', 'RPS', 'seconds', ...Object.values(columns)], body);
}

/** "95.1 / 100, 8.2": of 100 intervals those that hold the truth, of 100 phases those with one, width in % of the truth. */
function cellText(row: CoverageRow): string {
  const rounded = percent(row.given / row.phases, 0);
  const given = rounded === '0' && row.given > 0 ? '<1' : rounded;
  if (row.given === 0) return `– / ${given}`;
  const held = percent(row.covered / row.given, 1);
  const judged = judgeCoverage(row.covered, row.given) === 'within' ? held : `**${held}**`;
  const text = `${judged} / ${given}, ${percent(row.meanWidth, 1)}`;
  return exemptionOf(row) === undefined ? text : `(${text})`;
}

/** A sentence for each reason with the rows that it exempts, and one for what is outside without any. */
export function exemptionList(rows: readonly CoverageRow[]): string {
  const lines = exemptions.flatMap(({ why }) => {
    const held = rows.filter((row) => exemptionOf(row) === why);
    return held.length === 0 ? [] : [`- Not held to it, because ${why}: ${placesOf(held)}.`];
  });
  const failed = failedRows(rows);
  return [...lines, ...(failed.length === 0 ? [] : [`- Outside: ${placesOf(failed)}.`])].join('\n');
}

/** "AR(1) 0.99 at 200/s for 5 s (p50, p95), for 20 s (p50)" */
function placesOf(rows: readonly CoverageRow[]): string {
  const loads = grouped(rows, ({ simulation, rps }) => `${simulation} at ${String(rps)}/s`);
  return [...loads]
    .map(([load, ofLoad]) => {
      const phases = [...grouped(ofLoad, ({ seconds }) => seconds)].map(
        ([seconds, ofPhase]) =>
          `${String(seconds)} s (${ofPhase.map(({ statistic }) => columns[statistic]).join(', ')})`,
      );
      return `${load} for ${phases.join(', ')}`;
    })
    .join('; ');
}

/** What the ratios' intervals are held to, and what they came to. */
export function verdictTable(verdicts: readonly VerdictCoverage[]): string {
  return markdown(
    ['comparison', 'holds the true ratio', 'median width'],
    verdicts.map(({ name, covered, runs, medianWidth, why }) => {
      const held = `${percent(covered / runs, 1)}%`;
      const judged = judgeCoverage(covered, runs) === 'within' ? held : `**${held}**`;
      return [why === undefined ? name : `${name}: ${why}`, judged, `${percent(medianWidth, 1)}%`];
    }),
  );
}

/** Those that are outside without a reason. */
export function failedVerdicts(verdicts: readonly VerdictCoverage[]): VerdictCoverage[] {
  return verdicts.filter(({ covered, runs, why }) => why === undefined && judgeCoverage(covered, runs) !== 'within');
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = header.map((_, at) => (at === 0 ? ':--' : '--:'));
  return [header, line, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function percent(share: number, decimals: number): string {
  return (share * 100).toFixed(decimals);
}
