import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { BenchError, throwIfCancelled } from '../core/errors.ts';

/** Talks to the servers on this machine, never through a proxy. */

export const loopbackAddress = '127.0.0.1';

export interface LoopbackRequest {
  readonly port: number;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface LoopbackResponse {
  readonly status: number;
  readonly text: string;
}

/** GET, or POST of JSON when there is a body.
 * @throws BenchError connection-lost, cancelled
 */
export async function loopbackRequest(asked: LoopbackRequest, signal: AbortSignal): Promise<LoopbackResponse> {
  const what = `asking ${asked.path} on this machine`;
  throwIfCancelled(signal, what);
  const timeout = AbortSignal.timeout(asked.timeoutMs);
  try {
    return await send(asked, AbortSignal.any([signal, timeout]));
  } catch (error) {
    throwIfCancelled(signal, what);
    const why = timeout.aborted
      ? `no answer within ${String(asked.timeoutMs / 1000)} s`
      : error instanceof Error
        ? error.message
        : String(error);
    throw new BenchError({
      reason: 'connection-lost',
      message: `The server on this machine did not answer ${asked.path}: ${why}.`,
      cause: error,
    });
  }
}

/** Ports that are free now; they are given out together, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, loopbackAddress, resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
        }),
    ),
  );
  return ports;
}

function send(asked: LoopbackRequest, signal: AbortSignal): Promise<LoopbackResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: loopbackAddress,
        port: asked.port,
        path: asked.path,
        method: asked.body === undefined ? 'GET' : 'POST',
        headers: { ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }), ...asked.headers },
        // A connection kept open would keep Triton from ending at once.
        agent: false,
        signal,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(asked.body);
  });
}
