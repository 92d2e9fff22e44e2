import { failureGist } from './failureText.ts';
import { formatCount, formatList, formatShare, fullStop, isKnown } from './format.ts';
import { isEndpointPlan, isSmokeTest } from '../anyPlan.ts';
import type { AnyPlan } from '../endpointPlan.ts';
import type { LoadName } from '../phaseLoad.ts';
import type { RunRecord } from '../record.ts';
import { repetitionCounts } from './repetitionCounts.ts';
import { searchRemedy, searchTexts } from './searchTexts.ts';
import { smokeTestText } from './smokeTest.ts';
import { verdictTexts, withoutVerdict, type VerdictTexts } from './verdictTexts.ts';
import { levelToTell } from './levelToTell.ts';
import { rowsAt, rowsOf, type Measured, type MeasuredTopology, type PhaseRow } from './measured.ts';
import { noneValid } from './noneValid.ts';
import { whyThisLevel } from './whyThisLevel.ts';

/**
 * The answer in words, in at most three sentences: which topology is ahead, or why that is not decided, how each two of them
 * compare, and what the hybrid costs.
 */
export interface Headline {
  /** Lead and pairs. */
  readonly text: string;
  /** What the run answers first: what a search has found, that no GPU computed, which topology is ahead, and what no card says besides. */
  readonly lead: string;
  /** How each two topologies compare, with intervals, in sentences; none where there is one topology, or no comparison. */
  readonly pairs: readonly string[];
  /** What the numbers are worth; empty where there are none. */
  readonly worth: string;
  /** "partial": some topologies have no numbers or some are not valid. */
  readonly tone: 'measured' | 'partial' | 'none';
}

export function headlineOf(measured: Measured): Headline {
  const answer = answerOf(measured);
  // Without numbers the answer says so itself.
  return measured.record?.status === 'cancelled' && answer.tone !== 'none' ? ofCancelled(answer) : answer;
}

function ofCancelled(answer: Headline): Headline {
  const mark = /^(First look|No comparison):/u.test(answer.lead) ? 'Cancelled;' : 'Cancelled:';
  const lead = marked(mark, answer.lead);
  return { ...answer, lead, text: [lead, ...answer.pairs].join(' ') };
}

/** What follows a mark goes on in small letters, but for names. */
function marked(mark: string, sentence: string): string {
  const rest = sentence.replace(/^(At|Computed|First|Highest|No|None|Not|Where) /u, (word) => word.toLowerCase());
  return `${mark} ${rest}`;
}

/** The same of a run, however it ended. */
function answerOf(measured: Measured): Headline {
  const rows = rowsOf(measured);
  const level = levelToTell(measured, rows);
  if (level === undefined) return withoutNumbers(measured);
  const missing = missingText(measured, rows, level);
  const differed = measured.record?.sameAnswers.verdict === 'differed';
  const shown = rowsAt(rows, level);
  const invalid = rows.filter((row) => !row.validity.valid).length;
  const searched = searchTexts(measured, rows);
  const none = differed || invalid < rows.length ? undefined : noneValid(measured.plan, rows);
  const verdict = differed
    ? withoutVerdict('No comparison: answers differed')
    : none === undefined
      ? verdictTexts(shown, level)
      : withoutVerdict(none.lead);
  const { leftOut, pairs, wantsTurns } = verdict;
  const lead = verdictLead(measured.plan, verdict);
  const helps = searchRemedy(measured);
  const first = [...searched, ...cpuTexts(rows)].join('; ').replace(/^where/u, 'Where');
  const shownPairs = first === '' ? pairs : [pairs.join('; ')].filter((text) => text !== '');
  const remarks = [leftOut, ...(none === undefined ? errorTexts(shown) : []), ...missing].filter((text) => text !== '');
  // Where there is room for it in three sentences, who is left out has one.
  const own =
    first === '' && shownPairs.length < 2 && leftOut !== ''
      ? [lead, remarks.join('; ')]
      : [[lead, ...remarks].join('; ')];
  return {
    ...sentences(
      [
        first,
        helps ?? '',
        ...own,
        // One remedy is enough.
        helps === undefined ? (none?.remedy ?? '') : '',
      ],
      shownPairs,
    ),
    worth: [
      worthOf(measured, rows, invalid, wantsTurns),
      // Without a verdict no level is told.
      differed || none !== undefined ? '' : whyThisLevel(measured, rows, level),
    ]
      .filter((text) => text !== '')
      .join(' '),
    tone: missing.length > 0 || invalid > 0 || differed ? 'partial' : 'measured',
  };
}

/** Between two deployments more may differ than any interval of one turn holds: such a verdict is for no decision. */
function verdictLead({ load }: AnyPlan, { lead, isVerdict }: VerdictTexts): string {
  return isVerdict && load.repetitions === 1 ? marked('First look:', lead) : lead;
}

function sentences(lead: readonly string[], pairs: readonly string[]): Pick<Headline, 'text' | 'lead' | 'pairs'> {
  const ended = (texts: readonly string[]): string[] => texts.filter((text) => text !== '').map(fullStop);
  const [first, second] = [ended(lead).join(' '), ended(pairs)];
  return { lead: first, pairs: second, text: [first, ...second].join(' ') };
}

const endTexts: Readonly<Record<RunRecord['status'], string>> = {
  completed: 'The run has ended.',
  failed: 'The run has failed.',
  cancelled: 'The run was cancelled.',
};

/** What a screen reader is told when a run has ended. */
export function endAnnouncement(measured: Measured): string {
  const { text } = answerOf(measured);
  return measured.record === null ? text : `${endTexts[measured.record.status]} ${text}`;
}

/** What computed on the CPU where a GPU was asked for, which must not be read as a GPU's. */
function cpuTexts(rows: readonly PhaseRow[]): string[] {
  const names = [...new Set(rows.filter(({ gpu }) => gpu === 'unused').map(({ topology }) => topology))];
  if (names.length === 0) return [];
  const all = rows.every(({ gpu }) => gpu === 'unused');
  return [`${all ? 'Computed' : `${formatList(names)} computed`} on the CPU: not a GPU's numbers`];
}

/** The cards do not say them. */
function errorTexts(rows: readonly PhaseRow[]): string[] {
  const shares = rows
    .filter(({ errors, sent }) => errors > 0 && sent > 0)
    .map(({ topology, errors, sent }) => `${topology} ${formatShare(errors / sent)}`);
  return shares.length === 0 ? [] : [`errors: ${shares.join(', ')}`];
}

/** The topologies that this level says nothing of, while the run is over. */
function missingText(measured: Measured, rows: readonly PhaseRow[], level: LoadName): string[] {
  const shown = new Set(rowsAt(rows, level).map((row) => row.topology));
  const byFate = new Map<Fate, string[]>();
  for (const topology of measured.topologies) {
    const fate = fateOf(topology);
    if (!shown.has(topology.key) && fate !== undefined) byFate.set(fate, [...(byFate.get(fate) ?? []), topology.key]);
  }
  return [...byFate].map(([fate, names]) => `${formatList(names)} ${fateTexts[fate][names.length === 1 ? 0 : 1]}`);
}

type Fate = 'failed' | 'skipped' | 'cancelled' | 'not started';

/** Of one topology, and of several. */
const fateTexts: Readonly<Record<Fate, readonly [string, string]>> = {
  failed: ['failed', 'failed'],
  skipped: ['was skipped', 'were skipped'],
  cancelled: ['was cancelled', 'were cancelled'],
  'not started': ['did not start', 'did not start'],
};

/** undefined: there is nothing to say of it, since it goes on or has come to its end. */
function fateOf({ status, phases, result }: MeasuredTopology): Fate | undefined {
  if (status === 'running' || status === 'queued' || status === 'completed') return undefined;
  // It was never ready: the run was stopped before its turn, or while it came up.
  if (status === 'cancelled' && phases.length === 0 && (result?.readyMs ?? null) === null) return 'not started';
  return status;
}

function worthOf(measured: Measured, rows: readonly PhaseRow[], invalid: number, wantsTurns: boolean): string {
  const parts = [intervalsWorth(measured, rows)];
  if (wantsTurns && measured.plan.load.repetitions === 1)
    parts.push('Several turns of each, as in the profile standard, can decide what is left open.');
  if (isSmokeTest(measured.plan)) parts.unshift(smokeTestText());
  if (invalid > 0) {
    parts.unshift(
      `${String(invalid)} of ${formatCount(rows.length, 'measured phase')} ${invalid === 1 ? 'is' : 'are'} not valid.`,
    );
  }
  return parts.join(' ');
}

function intervalsWorth({ plan, record, topologies }: Measured, rows: readonly PhaseRow[]): string {
  if (plan.load.repetitions > 1) return record === null ? turnsToCome : repeatedWorth(plan, rows);
  const none = whyNoIntervals(rows);
  if (topologies.length < 2) return none === undefined ? 'In brackets: 95% intervals of this one run.' : `${none}.`;
  return none === undefined
    ? 'Each topology ran once, not interleaved: the 95% intervals in brackets hold the chance within a phase, not what changes from one deployment to the next.'
    : `Each topology ran once, not interleaved. ${none}: a difference may be chance.`;
}

/** undefined where a figure has one. */
function whyNoIntervals(rows: readonly PhaseRow[]): string | undefined {
  const computed = rows.flatMap(({ intervals }) => intervals ?? []);
  if (computed.length === 0) return '95% intervals were not computed';
  const figures = computed.flatMap(({ p50Ms, p95Ms, p99Ms, rps }) => [p50Ms, p95Ms, p99Ms, rps]);
  return figures.some(isKnown) ? undefined : 'No figure has a 95% interval';
}

const turnsToCome = 'These are the figures of the last turn so far; those over all turns come when the run has ended.';

/** By the repetitions that the rows rest on, which may be fewer than were planned. */
function repeatedWorth(plan: AnyPlan, rows: readonly PhaseRow[]): string {
  const times = String(plan.load.repetitions);
  const endpoint = isEndpointPlan(plan);
  const turn = endpoint ? 'time' : 'deployment';
  const holding = `hold what changes from one ${turn} to the next`;
  const withinOne = `hold the chance within a phase, not what changes from one ${turn} to the next`;
  const counts = repetitionCounts(rows);
  if (counts.short === 0) {
    const measured = endpoint
      ? `The endpoint was measured ${times} times`
      : `Each topology was deployed and measured ${times} times, in turns`;
    return `${measured}: the 95% intervals in brackets ${holding}.`;
  }
  if (counts.single === rows.length)
    return `Of ${times} repetitions planned, each row rests on one: the 95% intervals in brackets ${withinOne}.`;
  const fewer = `Of ${times} repetitions planned, ${String(counts.short)} of ${formatCount(rows.length, 'row')} ${counts.short === 1 ? 'rests' : 'rest'} on fewer`;
  return counts.single === 0
    ? `${fewer}: the 95% intervals in brackets ${holding}.`
    : `${fewer}: the 95% intervals in brackets ${holding}, but those of a row that rests on one ${withinOne}.`;
}

function withoutNumbers(measured: Measured): Headline {
  return { ...sentences([whyNoNumbers(measured)], []), worth: '', tone: 'none' };
}

function whyNoNumbers(measured: Measured): string {
  const { record } = measured;
  if (record === null) return 'No numbers yet';
  if (record.status === 'cancelled') return 'Cancelled before anything was measured';
  const failed = measured.topologies.filter((topology) => topology.failure !== null);
  const messages = new Set(failed.flatMap(({ failure }) => (failure === null ? [] : failureGist(failure))));
  const [only] = messages;
  if (messages.size === 1 && only !== undefined) return `No numbers: ${only}`;
  if (record.failure !== null) return `No numbers: ${failureGist(record.failure)}`;
  const names = formatList(failed.map((topology) => topology.key));
  return names === '' ? 'No numbers: nothing was measured' : `No numbers: ${names} failed`;
}
