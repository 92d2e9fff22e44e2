import { isEndpointPlan, isSmokeTest } from '../anyPlan.ts';
import { generatorMark } from '../generatorBound.ts';
import type { RunRecord } from '../record.ts';
import { areOverRepetitions } from '../repeatedMethod.ts';
import { chanceText } from '../verdict.ts';
import {
  changeText,
  findingOf,
  metricNames,
  ratioParts,
  type Finding,
  type ShownChange,
  type ShownMetric,
} from './change.ts';
import { levelText, type ComparedPlace } from './comparedPlaces.ts';
import { formatCount } from './format.ts';
import { smokeTestText } from './smokeTest.ts';

/** How two runs differ, in words. */
export interface ComparisonHeadline {
  readonly text: string;
  /** What that is worth; whole sentences. */
  readonly worth: readonly string[];
}

const judged = ['p95', 'rps'] as const;
const shownMetrics = ['p50', 'p95', 'p99', 'rps'] as const;

/** @param incomparable see differences.ts */
export function comparisonHeadline(
  before: RunRecord,
  after: RunRecord,
  places: readonly ComparedPlace[],
  incomparable: readonly string[],
): ComparisonHeadline {
  if (incomparable.length > 0)
    return { text: 'No comparison: the two runs were not measured in the same way.', worth: [] };
  if (places.length === 0)
    return { text: 'Nothing to compare: the two runs have no topology and level in common.', worth: [] };
  const told = tellingPlaces(places);
  const worth = worthOf(before, after, places);
  if (told.length === 0) return { text: 'Nothing to compare: no level has numbers in both runs.', worth };
  // Ratios of what may not be believed are no answer; they stand in the table, marked.
  if (!places.some(isDecided) && told.every(isDoubtful)) {
    const [text = '', ...rest] = worth;
    return { text, worth: rest };
  }
  return { text: answer(told, places), worth };
}

/**
 * The level at which most topologies have intervals, or are at least valid, or have numbers in both runs, and of those the highest:
 * chosen before its figures are looked at.
 */
function tellingPlaces(places: readonly ComparedPlace[]): ComparedPlace[] {
  const levels = new Map<string, ComparedPlace[]>();
  for (const place of places) {
    if (place.changes[tellingMetric(place)].ratio === null) continue;
    levels.set(place.level, [...(levels.get(place.level) ?? []), place]);
  }
  const decided = (level: readonly ComparedPlace[]): number => level.filter(isDecided).length;
  const valid = (level: readonly ComparedPlace[]): number => level.filter((place) => !isDoubtful(place)).length;
  const order = ([first]: readonly ComparedPlace[]): number => first?.load?.order ?? 0;
  const [best] = [...levels.values()].sort(
    (a, b) => decided(b) - decided(a) || valid(b) - valid(a) || b.length - a.length || order(b) - order(a),
  );
  return best ?? [];
}

/** p95, unless it cannot be compared there. */
function tellingMetric({ changes }: ComparedPlace): 'p95' | 'rps' {
  return changes.p95.ratio === null ? 'rps' : 'p95';
}

function answer(told: readonly ComparedPlace[], places: readonly ComparedPlace[]): string {
  const decided = places.filter(isDecided);
  if (decided.length > 0 && decided.flatMap(findingsOf).every((finding) => finding === 'no difference shown'))
    return noDifference(decided, places.length);
  const [first] = told;
  if (first === undefined) return '';
  const level = levelText(first);
  if (told.length === 1) return `${first.topology} at ${level}: ${placeText(first)}.`;
  return `At ${level}: ${told.map((place) => `${place.topology} ${placeText(place)}`).join('; ')}.`;
}

/** "p95 12.1 → 9.80 ms, 0.81x [0.74–0.88]", or that it shows no difference */
function placeText(place: ComparedPlace): string {
  const metric = tellingMetric(place);
  const change = place.changes[metric];
  const finding = findingOf(metric, change);
  if (finding === 'no difference shown') {
    const { ratio, interval } = ratioParts(change);
    return `no difference shown in ${metricNames[metric]} (${ratio ?? ''} ${interval ?? ''})`;
  }
  return `${changeText(metric, change)}${worthText(place, change, finding)}`;
}

function worthText({ problems }: ComparedPlace, { unshown }: ShownChange, finding: Finding): string {
  if (problems.length > 0) return ' (not valid)';
  if (unshown !== undefined) return generatorMark;
  return finding === null ? ' (no interval)' : '';
}

function noDifference(decided: readonly ComparedPlace[], all: number): string {
  const metrics = judged.filter((metric) => decided.some(({ changes }) => findingOf(metric, changes[metric]) !== null));
  const shown = `No difference shown in ${metrics.map((metric) => metricNames[metric]).join(' or ')}`;
  if (decided.length === all && !decided.every(allRatiosKnown))
    return `${shown} where it can be told: some of the ratios have no interval.`;
  return decided.length === all
    ? `${shown}: the 95% interval of each ratio holds 1.`
    : `${shown} at ${String(decided.length)} of ${formatCount(all, 'place')}; it cannot be told at the others.`;
}

function allRatiosKnown({ changes }: ComparedPlace): boolean {
  return judged.every((metric) => changes[metric].ratio === null || changes[metric].interval !== null);
}

function isDoubtful({ problems }: ComparedPlace): boolean {
  return problems.length > 0;
}

function isDecided(place: ComparedPlace): boolean {
  return findingsOf(place).length > 0;
}

function findingsOf({ changes }: ComparedPlace): Exclude<Finding, null>[] {
  return judged.map((metric) => findingOf(metric, changes[metric])).filter((finding) => finding !== null);
}

function worthOf(before: RunRecord, after: RunRecord, places: readonly ComparedPlace[]): readonly string[] {
  const decided = places.flatMap(findingsOf).length;
  const ratios = places.flatMap(({ changes }) =>
    shownMetrics.filter((metric) => findingOf(metric, changes[metric]) !== null),
  ).length;
  const once = onceText(before, after, places);
  return [
    ...(decided > 0 ? countsTexts(places) : undecidedTexts(before, after, places)),
    ...(ratios > 1 ? [chanceText(ratios, once.length > 0)] : []),
    ...(decided > 0 ? once : []),
    ...smokeTexts(before, after),
  ];
}

/** What is shown at how many places, and at how many nothing can be. */
function countsTexts(places: readonly ComparedPlace[]): string[] {
  const counted = judged.flatMap((metric) => countsText(metric, places));
  const doubtful = places.filter(isDoubtful).length;
  return [
    `Of ${formatCount(places.length, 'place')} (a topology at a load): ${counted.join('; ')}.`,
    ...(doubtful === 0
      ? []
      : [`At ${String(doubtful)} of them a number is missing or not valid; the notes below the table say why.`]),
  ];
}

/** Why no place shows anything, and what helps; nothing where there are no ratios at all. */
function undecidedTexts(before: RunRecord, after: RunRecord, places: readonly ComparedPlace[]): string[] {
  const compared = places.flatMap(({ changes }) => judged.filter((metric) => changes[metric].ratio !== null));
  if (compared.length === 0) return [];
  const valid = places.filter((place) => !isDoubtful(place));
  const open = valid.filter(isWithoutInterval).length;
  const standard = [before, after].every(({ plan }) => plan.load.profile === 'standard');
  const longer = standard ? 'measure longer' : 'the profile standard makes them longer';
  const doubtful = places.length - valid.length;
  const at = (count: number): string =>
    places.length === 1 ? '' : count === places.length ? 'at each ' : `at ${String(count)} `;
  const reasons = [
    ...(doubtful === 0 ? [] : [`${at(doubtful)}a number is missing or not valid (see the notes below the table)`]),
    ...(open === 0 ? [] : [`${at(open)}p95 or RPS has no 95% interval, for which its phases are too short; ${longer}`]),
  ];
  const where = places.length === 1 ? '' : ` at any of the ${String(places.length)} pairs of a topology and a load`;
  return [`No difference can be shown${where}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}.`];
}

/** What the load generator limited has none for another reason, which is told beside it. */
function isWithoutInterval({ changes }: ComparedPlace): boolean {
  return judged.some((metric) => {
    const { ratio, interval, unshown } = changes[metric];
    return ratio !== null && interval === null && unshown === undefined;
  });
}

/** "p95 lower at 2, no difference shown at 7" */
function countsText(metric: ShownMetric, places: readonly ComparedPlace[]): string[] {
  const changes = places.map((place) => place.changes[metric]).filter(({ ratio }) => ratio !== null);
  if (changes.length === 0) return [];
  const [better, worse] = metric === 'rps' ? ['higher', 'lower'] : ['lower', 'higher'];
  const kinds: readonly (readonly [Finding, string])[] = [
    ['better', `${better} at`],
    ['worse', `${worse} at`],
    ['no difference shown', 'no difference shown at'],
    [null, 'without a 95% interval at'],
  ];
  const texts = kinds.flatMap(([kind, text]) => {
    const count = changes.filter((change) => findingOf(metric, change) === kind).length;
    return count === 0 ? [] : [`${text} ${String(count)}`];
  });
  return [`${metricNames[metric]} ${texts.join(', ')}`];
}

/** Load through a port-forward is a smoke test, whatever its numbers. */
function smokeTexts(before: RunRecord, after: RunRecord): string[] {
  const smoke = [before, after].filter(({ plan }) => isSmokeTest(plan));
  if (smoke.length === 0) return [];
  const runs = smoke.length === 2 ? 'of both runs' : `of the run ${smoke[0] === before ? 'before' : 'after'}`;
  return [smokeTestText(runs)];
}

/** Intervals of one repetition hold less than two runs differ by; a run that was cut short may have no more than one. */
function onceText(before: RunRecord, after: RunRecord, places: readonly ComparedPlace[]): string[] {
  const overTurns = (side: 'before' | 'after'): boolean =>
    places.every((place) => {
      const intervals = place[side]?.intervals;
      return intervals === undefined || intervals === 'not yet computed' || areOverRepetitions(intervals);
    });
  const once = [before, after].filter(
    (run) => run.plan.load.repetitions === 1 || !overTurns(run === before ? 'before' : 'after'),
  );
  if (once.length === 0) return [];
  const runs = once.length === 2 ? 'Both runs' : `The run ${once[0] === before ? 'before' : 'after'}`;
  const measured = isEndpointPlan(after.plan)
    ? 'measured the endpoint once: what changes from one time to the next'
    : 'deployed each topology once: what changes from one deployment to the next';
  return [`${runs} ${measured} is in no interval, and may be all of a small difference.`];
}
