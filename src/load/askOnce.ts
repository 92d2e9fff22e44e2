import type { Socket } from 'node:net';
import { HTTPParser } from 'http-parser-js';
import { BenchError, cancelled } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';

/** What an endpoint answered to one request. */
export interface Answer {
  readonly status: number;
  /** By their names in lower case; of several of one name the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** null where it was not read to its end, because the status says enough or it is longer than `mostBodyBytes`. */
  readonly body: Buffer | null;
}

/** Of a body that is looked at; more than any model answers to one input. */
const mostBodyBytes = 1024 * 1024;

export interface Patience {
  readonly waitMs: number;
  /** Why it is so long, for the error: a clause after its comma; empty where there is nothing to say. */
  readonly why: string;
  readonly signal: AbortSignal;
}

/**
 * Sends one request on a connection of its own, and reads what comes back. Nothing of it is in an error.
 * @param request as `requestBytes` makes it
 * @throws BenchError load-failed where there is no whole answer within `waitMs`; cancelled on abort
 */
export async function askOnce(endpoint: Endpoint, request: Buffer, { waitMs, why, signal }: Patience): Promise<Answer> {
  const socket = endpoint.connect();
  const waits = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  try {
    return await answerOn(socket, request, waits);
  } catch (error) {
    if (signal.aborted) throw cancelled('the first answer was being waited for');
    if (!waits.aborted) throw error;
    throw unanswered(`The endpoint did not answer one request within ${String(waitMs / 1000)} s${why}.`);
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

function answerOn(socket: Socket, request: Buffer, waits: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const parser = new HTTPParser('RESPONSE');
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: Omit<Answer, 'body'> | undefined;
    let endsWithSocket = false;
    const end = (body: Buffer | null): void => {
      if (head !== undefined) resolve({ ...head, body });
    };
    parser[HTTPParser.kOnHeaders] = () => undefined;
    parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers, shouldKeepAlive }) => {
      // "100 Continue" and its like come before the answer.
      if (statusCode < 200 && statusCode !== 101) return;
      head = { status: statusCode, headers: byName(headers) };
      endsWithSocket = !shouldKeepAlive;
      if (statusCode < 200 || statusCode >= 300) end(null);
    };
    parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
      chunks.push(chunk.subarray(offset, offset + length));
      bytes += length;
      if (bytes > mostBodyBytes) end(null);
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      end(Buffer.concat(chunks));
    };
    socket.on('data', (chunk) => {
      if (parser.execute(chunk) instanceof Error) reject(unanswered(`The endpoint answered with what is not HTTP.`));
    });
    const closed = (): void => {
      // An answer without a length ends with its socket.
      if (head !== undefined && endsWithSocket) parser.finish();
      reject(
        unanswered(
          `The endpoint closed the connection ${head === undefined ? 'without' : 'in the middle of'} an answer.`,
        ),
      );
    };
    socket.once('end', closed);
    socket.once('close', closed);
    socket.once('error', ({ code = 'no code' }: NodeJS.ErrnoException) => {
      reject(unanswered(`The endpoint broke the connection off instead of answering (${code}).`));
    });
    const giveUp = (): void => {
      reject(new Error('waited long enough'));
    };
    waits.addEventListener('abort', giveUp);
    if (waits.aborted) giveUp();
    socket.write(request);
  });
}

/** @param headers names and values in turn */
function byName(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), headers[index + 1] ?? '']] : [])),
  );
}

function unanswered(message: string): BenchError {
  return new BenchError({
    reason: 'load-failed',
    message,
    nextStep: 'See whether the server is well and speaks HTTP at that address and port; then start again.',
  });
}
