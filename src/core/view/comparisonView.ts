import { planSubject, topologyName } from '../anyPlan.ts';
import { differencesByAspect, incomparable } from '../differences.ts';
import { levelsOf, type Level } from '../levels.ts';
import type { PhaseResult, RunRecord } from '../record.ts';
import { findingOf, figureText, ratioParts, type Finding, type ShownMetric } from './change.ts';
import { comparedPlaces, levelText, type ComparedPlace } from './comparedPlaces.ts';
import { confirmationNote, unshownNotes } from './comparison.ts';
import { comparisonHeadline } from './comparisonHeadline.ts';
import { planParts } from './describe.ts';
import { formatList, formatShare, sentence } from './format.ts';
import { Notes } from './notes.ts';

/** Two runs beside each other as panel, report and Markdown show them: texts, already formatted. Plain JSON. */
export interface ComparisonView {
  /** The answer in words. */
  readonly headline: string;
  /** What it is worth; whole sentences. */
  readonly worth: readonly string[];
  /** Why the figures mean different things, whatever they are; whole sentences, none where they can be compared. */
  readonly incomparable: readonly string[];
  readonly runs: { readonly before: ComparedRun; readonly after: ComparedRun };
  readonly caption: string;
  readonly columns: readonly ComparisonColumn[];
  /** One a topology, in the order of the later run. */
  readonly groups: readonly ComparisonGroup[];
  /** What a row's "[1]" refers to. */
  readonly notes: readonly string[];
  /** What else the reader must know of the table; whole sentences. */
  readonly remarks: readonly string[];
  /** What was changed between the two by hand, as far as is known: model config and plan; only where something was. */
  readonly changed: readonly ComparedAspect[];
  /** What else than chance may have changed the figures: hardware and software; only where something has. */
  readonly differences: readonly ComparedAspect[];
  /** Whether the runs had model configs, which can be shown beside each other. */
  readonly hasModelConfigs: boolean;
}

export interface ComparedAspect {
  readonly title: string;
  readonly texts: readonly string[];
}

export interface ComparedRun {
  readonly id: string;
  readonly startedAt: string;
  /** Model or endpoint, profile, vantage, and how it ended where that was not well. */
  readonly text: string;
}

export interface ComparisonColumn {
  readonly header: string;
  /** What the column holds, in words. */
  readonly title: string;
}

export interface ComparisonGroup {
  readonly topology: string;
  readonly rows: readonly ComparisonRow[];
}

export interface ComparisonRow {
  /** In the words of the first column: "8", "the highest rate found" */
  readonly level: string;
  /** In the order of the columns after the first. */
  readonly cells: readonly ComparisonCell[];
}

export interface ComparisonCell {
  readonly before: string;
  /** null: the same as before, of what is no figure to be compared. */
  readonly after: string | null;
  /** "0.81x" */
  readonly ratio: string | null;
  /** "[0.74–0.88]" */
  readonly interval: string | null;
  readonly finding: Finding;
  /** Of figures that a phase which is not valid has a part in; the note that is referred to has the reasons. */
  readonly doubt: 'not valid' | null;
  /** "[1, 2]" of notes; empty without. */
  readonly reference: string;
}

/** Figures and their worth first, because a narrow panel cuts the end off. */
const figureColumns: readonly ComparisonColumn[] = [
  ...(['p50', 'p95', 'p99'] as const).map((name) => ({
    header: `${name} ms`,
    title: `${name} of successful requests in milliseconds, before and after, and their ratio with its 95% interval`,
  })),
  { header: 'RPS', title: 'Successful requests a second, before and after, and their ratio with its 95% interval' },
  { header: 'Valid', title: 'Whether the numbers may be believed, before and after' },
  { header: 'Errors', title: 'Requests that failed, and their share of those sent, before and after' },
];

export function comparisonView(before: RunRecord, after: RunRecord): ComparisonView {
  const reasons = incomparable(before.plan, after.plan);
  const places = comparedPlaces(before, after);
  const notes = new Notes([]);
  const topologies = [...new Set(places.map(({ topology }) => topology))];
  const groups = topologies.map((topology) => ({
    topology,
    rows: places.filter((place) => place.topology === topology).map((place) => rowOf(place, notes)),
  }));
  const { text, worth } = comparisonHeadline(before, after, places, reasons);
  const { config, plan, hardware, software } = differencesByAspect(before, after);
  return {
    headline: text,
    worth,
    incomparable: reasons.map(sentence),
    runs: { before: comparedRun(before, null), after: comparedRun(after, before) },
    caption: 'Latency, throughput and errors of both runs for each topology at each load that they have in common',
    columns: [loadColumn(places), ...figureColumns],
    groups,
    notes: notes.texts,
    remarks: [
      ...absentRemark(groups),
      ...confirmationNote(places),
      ...unshownNotes(places),
      ...onlyRemark('before', before, after),
      ...onlyRemark('after', after, before),
    ],
    changed: aspects({ 'Model config': config, Plan: plan }),
    differences: aspects({ Hardware: hardware, Software: software }),
    hasModelConfigs: [before, after].every(({ modelConfig }) => modelConfig !== null),
  };
}

function aspects(texts: Readonly<Record<string, readonly string[]>>): ComparedAspect[] {
  return Object.entries(texts).flatMap(([title, own]) => (own.length === 0 ? [] : [{ title, texts: own }]));
}

function loadColumn(places: readonly ComparedPlace[]): ComparisonColumn {
  const connections = places.every(({ level, load }) => load?.closed === true && level === `c${load.short}`);
  return connections
    ? { header: 'Conn.', title: 'Connections that both runs put on the topology' }
    : { header: 'Load', title: 'Load that both runs put on the topology' };
}

function rowOf(place: ComparedPlace, notes: Notes): ComparisonRow {
  const note = notes.refer(place.causes.map(sentence)).trimStart();
  return {
    level: levelText(place, 'short'),
    cells: [
      ...(['p50', 'p95', 'p99', 'rps'] as const).map((metric) => changeCell(place, metric, note)),
      plainCell(validText(place.before), validText(place.after), note),
      plainCell(errorsText(place.before), errorsText(place.after)),
    ],
  };
}

/** What is not valid is said at each figure: the column that says it may be cut off, and a figure is quoted alone. */
function changeCell({ changes, before, after }: ComparedPlace, metric: ShownMetric, note: string): ComparisonCell {
  const change = changes[metric];
  const isDoubtful = [before, after].some((phase) => phase?.validity.valid === false);
  return {
    before: figureText(change.before),
    after: figureText(change.after),
    ...ratioParts(change),
    finding: findingOf(metric, change),
    doubt: isDoubtful ? 'not valid' : null,
    reference: isDoubtful ? note : '',
  };
}

function plainCell(before: string, after: string, note = ''): ComparisonCell {
  return {
    before,
    after: after === before ? null : after,
    ratio: null,
    interval: null,
    finding: null,
    doubt: null,
    reference: note,
  };
}

function errorsText(phase: PhaseResult | undefined): string {
  if (phase === undefined) return figureText(null);
  const { errors, sent } = phase.measurement.requests;
  return errors === 0 || sent === 0 ? String(errors) : `${String(errors)} (${formatShare(errors / sent)})`;
}

function validText(phase: PhaseResult | undefined): string {
  if (phase === undefined) return figureText(null);
  return phase.validity.valid ? 'yes' : 'no';
}

function comparedRun(record: RunRecord, before: RunRecord | null): ComparedRun {
  const parts = [
    ...planParts(record.plan),
    ...(record.status === 'completed' ? [] : [record.status]),
    ...(record.repeats !== null && record.repeats === before?.id ? ['carried out the same plan once more'] : []),
  ];
  return { id: record.id, startedAt: record.startedAt, text: parts.join(', ') };
}

function absentRemark(groups: readonly ComparisonGroup[]): string[] {
  const cells = groups.flatMap(({ rows }) => rows.flatMap((row) => row.cells));
  const absent = figureText(null);
  if (!cells.some(({ before, after }) => before === absent || after === absent)) return [];
  return [`${absent} stands where a run has no number: it measured nothing there, or too few requests.`];
}

function onlyRemark(run: 'before' | 'after', own: RunRecord, other: RunRecord): string[] {
  const known = new Set(levelsOf(other).map(keyOf));
  const alone = levelsOf(own).filter((level) => !known.has(keyOf(level)));
  const names = alone.map(({ topology, level }) => `${topologyName(own.plan, topology)} ${level}`);
  return names.length === 0 ? [] : [`Only the run ${run} has ${formatList(names)}.`];
}

function keyOf({ topology, level }: Level): string {
  return `${topology} ${level}`;
}

/** What two runs are of, by name: once where that is the same. */
export function comparedSubject(before: RunRecord, after: RunRecord): string {
  return [...new Set([planSubject(before.plan), planSubject(after.plan)])].join(', ');
}
