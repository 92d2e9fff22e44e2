/**
 * Every failure a user can meet, by `reason`. An error says what happened, to what, why (in the cluster's own
 * words where it has them) and what to do next. Code branches on `reason`, never on the text of a message.
 */
export type Reason =
  | 'cancelled'
  | 'plan-invalid'
  | 'model-not-found'
  | 'model-incomplete'
  | 'tokenizer-missing'
  | 'model-unsupported'
  | 'model-missing'
  | 'payload-invalid'
  | 'kubeconfig-missing'
  | 'kubeconfig-broken'
  /** The kubeconfig is there, and none of its contexts is selected. */
  | 'context-missing'
  | 'api-unreachable'
  | 'unauthenticated'
  | 'forbidden'
  | 'namespace-missing'
  | 'gpu-unavailable'
  | 'rejected-by-cluster'
  | 'image-unavailable'
  | 'pod-failed'
  | 'not-ready'
  | 'upload-failed'
  | 'connection-lost'
  | 'load-failed'
  | 'target-refused'
  /** Another benchmark uses it, and this one may not wait. */
  | 'target-busy'
  | 'answers-differ'
  | 'save-failed'
  | 'export-failed'
  | 'record-unreadable'
  /** Nothing failed: there is nothing yet that a command could be about. */
  | 'nothing-there'
  /** Nothing failed: what a command was called on is not what it is for, and another try changes nothing. */
  | 'not-meant-for'
  | 'clean-up-incomplete'
  | 'tool-missing'
  | 'set-up-failed'
  | 'internal';

/** A place in a file of the user's. */
export interface Place {
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

export interface BenchErrorParts {
  readonly reason: Reason;
  /** What happened, to what, and why: one or two plain sentences. */
  readonly message: string;
  /** What the user can do now; one sentence. */
  readonly nextStep?: string | undefined;
  /** Where it happened; it is shown before the message, and kept in no record. */
  readonly where?: Place | undefined;
  readonly cause?: unknown;
}

const brand = Symbol.for('topology-bench.error');

/** An error that may be shown to the user as it stands. */
export class BenchError extends Error {
  readonly reason: Reason;
  readonly nextStep: string | undefined;
  readonly where: Place | undefined;
  readonly [brand] = true;

  /** By brand, because the extension loads its engine from bundles of their own, each with its copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is BenchError {
    return value instanceof Object && brand in value;
  }

  constructor(parts: BenchErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'BenchError';
    this.reason = parts.reason;
    this.nextStep = parts.nextStep;
    this.where = parts.where;
  }
}

/** The error that a stopped run ends with. */
export function cancelled(what: string): BenchError {
  return new BenchError({ reason: 'cancelled', message: `Cancelled while ${what}.` });
}

export function isCancelled(error: unknown): boolean {
  return error instanceof BenchError && error.reason === 'cancelled';
}

/** Throws `cancelled` when the signal is aborted; `what` completes the sentence "Cancelled while ...". */
export function throwIfCancelled(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw cancelled(what);
}

/** Any thrown value as a BenchError; a value that is none becomes `internal` with its own text. */
export function toBenchError(error: unknown, doing: string): BenchError {
  if (error instanceof BenchError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new BenchError({ reason: 'internal', message: `Failed while ${doing}: ${text}`, cause: error });
}

/** "FILE:LINE:COLUMN", as terminals and editors make a link of it. */
export function placeText({ file, line, column }: Place): string {
  return [file, ...[line, column].filter((part) => part !== undefined)].join(':');
}

/** The place, the message and the next step as one text, for a dialog or a terminal. */
export function explain(error: unknown): string {
  if (error instanceof BenchError) {
    const { where, message, nextStep } = error;
    return `${where === undefined ? '' : `${placeText(where)}: `}${message}${nextStep === undefined ? '' : ` ${nextStep}`}`;
  }
  return error instanceof Error ? error.message : String(error);
}
