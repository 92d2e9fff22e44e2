import type { RunState } from '../core/events.ts';
import type { EnteredGpuPrice } from '../core/gpuPrice.ts';
import type { RunRecord } from '../core/record.ts';
import type { ComparisonView } from '../core/view/comparisonView.ts';
import type { TimeWords } from '../core/view/format.ts';

/**
 * What the extension and its results webview say to each other. The host sends complete snapshots, never deltas, on
 * "ready" and whenever something changes; the webview asks by requests, which are answered or rejected. Both ends
 * validate what they receive (see validate.ts). Plain JSON.
 *
 * The page is a `<main id="app">` that holds what is seen first, with `<meta property="csp-nonce" content="N">`; dist/webview/shared.js
 * and main.js put the snapshot in its place (see extension/pageHtml.ts). Its policy allows scripts and style elements of nonce N, nothing else.
 */

/** Everything the webview shows at one time. */
export type View =
  | {
      readonly kind: 'record';
      readonly record: RunRecord;
      /** Name of the model config's folder or the like, for the heading; the record itself holds no path. */
      readonly subject: string;
      readonly benchmarkAgain: BenchmarkAgain;
      /** Why the record could not be saved, e.g. a full disk; null when it was. */
      readonly notSaved: string | null;
      /** Whether all that the run made is gone; null where this window does not know. */
      readonly cleanedUp: boolean | null;
      /** How it stands to the pinned baseline of its model or endpoint, in lines; absent without one, and of the baseline itself. */
      readonly besideBaseline?: readonly string[];
      /** From the settings; the record itself holds no price. */
      readonly gpuPrice: EnteredGpuPrice;
      readonly times: TimeWords;
    }
  | {
      readonly kind: 'live';
      readonly state: RunState;
      /** Milliseconds since the run began, by the host's steady clock. */
      readonly elapsedMs: number;
      readonly subject: string;
      /** True from the moment the user asked to stop until the run has cleaned up. */
      readonly cancelling: boolean;
      readonly gpuPrice: EnteredGpuPrice;
    }
  /** Two ended runs beside each other. */
  | {
      readonly kind: 'comparison';
      readonly comparison: ComparisonView;
      readonly subject: string;
      readonly times: TimeWords;
    }
  /** A run that has no state yet: it is being planned, or another run holds the same GPUs. */
  | { readonly kind: 'queued'; readonly subject: string; readonly message: string; readonly cancelling: boolean }
  /** The user stopped the run before it had a figure: what became of it, in whole sentences. */
  | {
      readonly kind: 'cancelled';
      readonly subject: string;
      readonly message: string;
      readonly benchmarkAgain: BenchmarkAgain;
    }
  /** Nothing can be shown, and why: a run that failed before it began, a record that was deleted or is damaged. */
  | {
      readonly kind: 'problem';
      readonly subject: string;
      readonly message: string;
      readonly nextStep: string | null;
      readonly benchmarkAgain: BenchmarkAgain;
    };

/**
 * Whether the same can be started anew: it can, it could if the workspace were trusted, or it cannot, because nobody here knows
 * what the run was started with.
 */
export type BenchmarkAgain = (typeof benchmarkAgainStates)[number];
export const benchmarkAgainStates = ['possible', 'needs-trust', 'unknown'] as const;

/** What a panel shows: a run, or two beside each other. */
export interface PanelSubject {
  /** Run that the panel shows; null when it never got one. */
  readonly runId: string | null;
  /** The run that it is compared with; absent where it is shown alone. */
  readonly before?: string;
}

/** What the webview keeps by setState, so that a restored panel can be filled again. */
export interface PanelState extends PanelSubject {
  readonly version: 1;
}

export type HostMessage =
  | { readonly type: 'show'; readonly view: View; readonly keep: PanelState }
  | { readonly type: 'reply'; readonly id: number; readonly ok: true }
  | { readonly type: 'reply'; readonly id: number; readonly ok: false; readonly message: string };

/** What the webview may ask for. A request that cannot be met is rejected with a sentence for the user. */
export type PanelRequest =
  | { readonly kind: 'cancel' }
  | { readonly kind: 'open-log' }
  | { readonly kind: 'benchmark-again' }
  /** Opens the record's JSON in an editor. */
  | { readonly kind: 'open-record' }
  /** Asks the user what a GPU costs for an hour. */
  | { readonly kind: 'set-gpu-price' }
  /** Shows the settings of the images that servers run from. */
  | { readonly kind: 'open-image-settings' }
  /** Asks the user which run to compare this one with. */
  | { readonly kind: 'compare' }
  /** Of a comparison: the run after becomes the one before. */
  | { readonly kind: 'swap' }
  /** Of a comparison: opens the plans of both runs in a diff editor. */
  | { readonly kind: 'show-plans' }
  /** Of a comparison: opens the model configs of both runs in a diff editor. */
  | { readonly kind: 'show-configs' }
  /** Of a comparison: opens one of its runs alone. */
  | { readonly kind: 'show-run'; readonly which: 'before' | 'after' }
  /** The table as the webview renders it (Markdown or CSV), for the clipboard; at most maxCopyCharacters. */
  | { readonly kind: 'copy'; readonly text: string }
  /** Asks the user as what the run is to be exported. */
  | { readonly kind: 'export' }
  /** A chart as the page has painted it, in base64; at most maxPngBytes. The title makes the name that is proposed. */
  | { readonly kind: 'save-chart'; readonly title: string; readonly png: string };

/** One row as it is painted: what a test compares with the record. */
export interface DrawnFigure {
  /** A topology's key (see topologyKey). */
  readonly topology: string;
  /** Name of the phase, e.g. "c8". */
  readonly phase: string;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly rps: number;
  readonly errors: number;
}

export type WebviewMessage =
  /** The page's script runs and wants its snapshot; sent again after each reload. */
  | { readonly type: 'ready' }
  | { readonly type: 'request'; readonly id: number; readonly request: PanelRequest }
  /** The view has been painted, charts included; at most maxDrawnFigures, with texts of at most maxTitleCharacters. */
  | {
      readonly type: 'drawn';
      readonly kind: View['kind'];
      readonly runId: string | null;
      readonly figures: readonly DrawnFigure[];
    }
  /** Something went wrong in the page, e.g. a violated security policy; goes to the log. */
  | { readonly type: 'page-problem'; readonly message: string };

export const maxCopyCharacters = 1_000_000;
export const maxPngBytes = 10_000_000;
export const maxTitleCharacters = 300;
/** Several times what the longest search of the most repetitions measures. */
export const maxDrawnFigures = 20_000;
