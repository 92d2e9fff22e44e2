import type { PanelState } from '../src/protocol/messages.ts';
import { isPanelState } from '../src/protocol/validate.ts';
import type { ResultsChoice } from './results.ts';

/** What outlives the page: which run it shows, and where the reader was. */
export interface KeptState extends PanelState {
  readonly choice: ResultsChoice;
  readonly place: Place;
}

export interface Place {
  /** Pixels above what was in sight. */
  readonly top: number;
  /** Whether "How this was measured" was open. */
  readonly isHowOpen: boolean;
}

/** Where the reader was before the page was made anew; anything unknown is the page's own beginning. */
export function keptState(state: unknown): KeptState {
  const { runId, before } = isPanelState(state) ? state : { runId: null };
  const { choice, place } = isObject(state) ? state : {};
  const { section, level, hidden } = isObject(choice) ? choice : {};
  const { top, isHowOpen } = isObject(place) ? place : {};
  return {
    version: 1,
    runId,
    ...(before === undefined ? {} : { before }),
    choice: {
      section: typeof section === 'string' ? section : 'throughput',
      level: typeof level === 'string' ? level : null,
      hidden: Array.isArray(hidden) ? hidden.filter((label) => typeof label === 'string') : [],
    },
    place: { top: typeof top === 'number' ? top : 0, isHowOpen: isHowOpen === true },
  };
}

/** Whether two pages are of the same run, or of the same two, whichever way round. */
export function isOfSameRuns(one: PanelState, other: PanelState): boolean {
  const runsOf = ({ runId, before }: PanelState): string => [runId ?? '', before ?? ''].sort().join(' ');
  return runsOf(one) === runsOf(other);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
