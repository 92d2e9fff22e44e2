import { BenchError } from '../core/errors.ts';

/** What the API server answered instead of success; callers that know what to do with a status catch it. */
export class StatusError extends Error {
  readonly status: number;
  /** The API's own reason, e.g. "AlreadyExists". */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'StatusError';
    this.status = status;
    this.reason = reason;
  }
}

export function isStatus(error: unknown, status: number): error is StatusError {
  return error instanceof StatusError && error.status === status;
}

/**
 * Whether a request failed only because the connection broke, or because the API server cannot answer for now: what was
 * asked is not known yet, and a later try may tell.
 */
export function isConnectionTrouble(error: unknown): boolean {
  if (error instanceof StatusError) return error.status === 408 || error.status === 429 || error.status >= 500;
  return error instanceof BenchError && (error.reason === 'connection-lost' || error.reason === 'api-unreachable');
}

/** From the body of a failed response: a Status object, or a proxy's plain text. */
export function statusErrorFrom(status: number, body: string): StatusError {
  const parsed = parseJson(body);
  const field = (name: string): string => {
    const value = parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, unknown>)[name] : undefined;
    return typeof value === 'string' ? value : '';
  };
  const text = field('message') === '' ? body.trim().split('\n')[0] : field('message');
  return new StatusError(status, field('reason'), withoutUser(text?.slice(0, 1000) ?? ''));
}

/**
 * A status of the API server as an error for the user, in the cluster's own words.
 * @param doing completes "The cluster refused to ...", e.g. "create the Job x"
 */
export function refusal(error: unknown, doing: string): unknown {
  if (!(error instanceof StatusError)) return error;
  const words = error.message === '' ? `HTTP ${String(error.status)}` : error.message;
  if (error.status === 401) {
    return new BenchError({
      reason: 'unauthenticated',
      message: `The cluster does not accept the credentials of this context (${words}).`,
      nextStep: 'Log in again, or choose another context.',
    });
  }
  if (error.status === 403 && isMissingRight(words)) {
    return new BenchError({
      reason: 'forbidden',
      message: `No right to ${doing}: ${words}`,
      nextStep: 'Ask for that right in this namespace, or choose another one.',
    });
  }
  return new BenchError({
    reason: 'rejected-by-cluster',
    message: `The cluster refused to ${doing}: ${words}`,
    nextStep: nextStepAfter(words),
  });
}

/** Admission refuses with 403 too; only RBAC's sentence says what the user "cannot" do. */
function isMissingRight(words: string): boolean {
  return /cannot (get|list|watch|create|patch|update|delete|deletecollection|impersonate|use)\b/u.test(words);
}

function nextStepAfter(words: string): string {
  if (words.includes('exceeded quota')) return 'Free some of that quota, ask for more, or plan with less.';
  if (words.includes('PodSecurity')) return 'Choose a namespace whose Pod Security level allows it.';
  return 'Change the plan or the namespace accordingly and start again.';
}

/** Who the user is stays out of logs and records. */
function withoutUser(words: string): string {
  return words.replace(/\bUser "[^"]*"/gu, 'this user');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
