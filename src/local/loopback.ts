import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
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

/** Systems give others to outgoing connections (Linux from 32768 on, most from 49152 on), and Kubernetes has 30000 to 32767. */
const portRange = { from: 15_000, to: 30_000 } as const;

/**
 * Ports that are free now, each once. None is one that the system gives to the next outgoing connection of anybody, which might
 * have it before the server that it is for.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    while (held.length < count) {
      const server = await listening(randomInt(portRange.from, portRange.to));
      if (server !== null) held.push(server);
    }
    return held.map((server) => (server.address() as AddressInfo).port);
  } finally {
    await Promise.all(held.map(closed));
  }
}

/** Whether nobody listens on any of these ports now. */
export async function areFree(ports: readonly number[]): Promise<boolean> {
  const held = await Promise.all(ports.map(listening));
  await Promise.all(held.filter((server) => server !== null).map(closed));
  return !held.includes(null);
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

/** null where the port is somebody else's, or one that the system keeps. */
async function listening(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, loopbackAddress, () => {
      resolve(server);
    });
  });
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
