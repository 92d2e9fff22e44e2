import { BenchError } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';
import { askOnce } from '../load/askOnce.ts';
import { checkEndpoint } from '../load/checkEndpoint.ts';
import { openEndpoint } from '../load/endpoint.ts';
import { requestBytes } from '../load/requestBytes.ts';
import { problemOf } from './firstAnswer.ts';

/** All that is sent to an endpoint; none of it may reach a record. */
export interface SentToEndpoint {
  readonly sent: Pick<LoadSpec, 'url' | 'tls' | 'method' | 'headers' | 'secretHeader' | 'bodies'>;
  /** Where the secret header's value is. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface FirstLook {
  /** What the endpoint is called; "endpoint" where nobody gave it a name. */
  readonly name: string;
  /** Of each request of the load. */
  readonly timeoutMs: number;
  readonly seed: number;
  /** Told what is waited for, where that takes long. */
  readonly status: (message: string) => void;
}

/** For the first answer, however short the load's own timeout is: some servers load their model when they are first asked. */
const leastFirstWaitMs = 30_000;
/** From when on the wait is spoken of, and how often. */
const statusAfterMs = 1_000;
const statusEveryMs = 10_000;
const mayLoadModel = 'a server may load its model at the first request';

/**
 * Says at once what would otherwise be counted as an error for each request of a whole load.
 * @param leastWaitMs for the answer, where the load's own timeout is shorter
 * @throws BenchError load-failed; cancelled on abort
 */
export async function lookFirst(
  { sent, environment }: SentToEndpoint,
  { name, timeoutMs, seed, status }: FirstLook,
  signal: AbortSignal,
  leastWaitMs = leastFirstWaitMs,
): Promise<void> {
  const endpoint = openEndpoint(sent);
  const unconnected = await checkEndpoint(endpoint, timeoutMs, signal);
  if (unconnected !== undefined) throw unreachable(unconnected);
  const [request] = requestBytes({ ...sent, bodies: sent.bodies.slice(0, 1), seed }, environment);
  if (request === undefined) return;
  const waitMs = Math.max(timeoutMs, leastWaitMs);
  const why = timeoutMs < leastWaitMs ? `, which it has whatever --timeout says, because ${mayLoadModel}` : '';
  const endWait = tellWait(status, waitMs);
  try {
    const answer = await askOnce(endpoint, request, { waitMs, why, signal });
    const problem = problemOf(answer, sent, name);
    if (problem !== undefined) throw problem;
  } finally {
    endWait();
  }
}

/**
 * Says how long has been waited; a short wait is not worth a word.
 * @returns ends it
 */
function tellWait(status: FirstLook['status'], waitMs: number): () => void {
  const begunMs = performance.now();
  const seconds = (ms: number): string => String(Math.round(ms / 1000));
  const tell = (): void => {
    const waited = performance.now() - begunMs;
    status(`waiting for the first answer, ${seconds(waited)} of at most ${seconds(waitMs)} s; ${mayLoadModel}`);
  };
  let repeated: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    tell();
    repeated = setInterval(tell, statusEveryMs);
  }, statusAfterMs);
  return () => {
    clearTimeout(first);
    clearInterval(repeated);
  };
}

const whyUnreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on its port',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'its machine cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
};

function unreachable({ code = '' }: NodeJS.ErrnoException): BenchError {
  const why = whyUnreachable[code] ?? 'the connection failed';
  return new BenchError({
    reason: 'load-failed',
    message: `The endpoint does not take a connection: ${why}${code === '' ? '' : ` (${code})`}.`,
    nextStep: 'Check the address and port, and that the server runs; then start again.',
  });
}
