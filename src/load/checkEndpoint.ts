import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { BenchError, cancelled } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { certificateProblem, handshakeProblem } from './tlsWords.ts';

/**
 * Opens one connection, so that what would fail every request is said once and clearly: a certificate that does not
 * verify, a port that does not speak TLS, an endpoint that never accepts.
 * @returns why it could not be connected to at all, which a load counts for each request; undefined when it was
 * @throws BenchError load-failed; cancelled on abort
 */
export async function checkEndpoint(
  endpoint: Endpoint,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<NodeJS.ErrnoException | undefined> {
  const socket = endpoint.connect();
  try {
    const problem = await firstOf(socket, endpoint.secure, timeoutMs, signal);
    if (signal.aborted) throw cancelled('the endpoint was being connected to');
    if (problem === 'timeout') {
      throw new BenchError({
        reason: 'load-failed',
        message: `The endpoint did not ${endpoint.secure ? 'complete a TLS handshake' : 'accept a connection'} within ${String(timeoutMs)} ms.`,
        nextStep: 'Check the address and port, and that no firewall drops the connection.',
      });
    }
    if (problem === undefined || !endpoint.secure) return problem;
    if (isUnverified(socket)) {
      const { why, nextStep } = certificateProblem(problem);
      throw new BenchError({
        reason: 'load-failed',
        message: `The endpoint's certificate does not verify: ${why}.`,
        nextStep,
        cause: problem,
      });
    }
    if (isHandshakeFailure(problem)) {
      const { why, nextStep } = handshakeProblem(problem);
      throw new BenchError({
        reason: 'load-failed',
        message: `The TLS handshake with the endpoint failed: ${why}.`,
        nextStep,
        cause: problem,
      });
    }
    return problem;
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

function firstOf(
  socket: Socket,
  secure: boolean,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<NodeJS.ErrnoException | 'timeout' | undefined> {
  return new Promise((resolve) => {
    const end = (outcome: NodeJS.ErrnoException | 'timeout' | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(outcome);
    };
    const abort = (): void => {
      end(undefined);
    };
    const timer = setTimeout(() => {
      end('timeout');
    }, timeoutMs);
    signal.addEventListener('abort', abort);
    if (signal.aborted) end(undefined);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      end(undefined);
    });
    socket.once('error', end);
  });
}

/** Node leaves its verdict on the socket, beside the error; its type does not say that there may be none. */
function isUnverified(socket: Socket): boolean {
  const verdict: unknown = socket instanceof TLSSocket ? socket.authorizationError : null;
  return verdict !== null && verdict !== undefined;
}

/** Trouble with TLS itself, as opposed to a network that cannot be reached. */
function isHandshakeFailure({ code = '' }: NodeJS.ErrnoException): boolean {
  return code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'ECONNRESET';
}
