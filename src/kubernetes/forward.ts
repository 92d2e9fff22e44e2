import { Agent, request as httpRequest } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { BenchError, cancelled, isCancelled } from '../core/errors.ts';
import type { ChannelSocket } from './channelSocket.ts';
import type { Cluster } from './cluster.ts';
import { objectPath } from './resources.ts';
import { isStatus } from './statusError.ts';

export interface ForwardTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A port of a pod as a port of this machine's loopback interface, for as long as it is not disposed. */
export interface Forward extends AsyncDisposable {
  /** "http://127.0.0.1:PORT" */
  readonly url: string;
  readonly port: number;
  /**
   * One HTTP request through the port. Rejects with `connection-lost` or `cancelled`, or with `pod-failed` where the pod is gone.
   */
  http(
    request: { method: 'GET' | 'POST'; path: string; headers?: Readonly<Record<string, string>>; body?: string },
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
}

/** Channels of a port-forward socket; each begins with the port's number in two bytes. */
const channels = { data: 0, error: 1 } as const;
const portBytes = 2;
const httpTimeoutMs = 30_000;

/** Every connection to the local port gets a web socket of its own, so that one that breaks takes no other with it. */
export async function openForward(cluster: Cluster, target: ForwardTarget): Promise<Forward> {
  const end = new AbortController();
  const sockets = new Set<Socket>();
  let isGone = false;
  const tell = (gone: boolean): void => {
    isGone = gone;
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    void carry(cluster, target, socket, tell, end.signal);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  return {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    async http(request, signal) {
      try {
        return await ask(agent, port, request, signal);
      } catch (error) {
        throw isGone && !isCancelled(error) ? podGone(target.pod) : error;
      }
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

/** Carries the bytes of one local connection to the pod and back until either side closes. */
async function carry(
  cluster: Cluster,
  target: ForwardTarget,
  socket: Socket,
  tellWhetherGone: (isGone: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  socket.on('error', () => undefined);
  socket.setNoDelay(true);
  socket.pause();
  const begun = new Set<number>();
  const onMessage = (channel: number, data: Buffer): void => {
    const payload = begun.has(channel) ? data : data.subarray(portBytes);
    begun.add(channel);
    if (channel === channels.data && payload.length > 0) socket.write(payload);
    // The pod refused or broke the connection; the other side of this one must see that.
    if (channel === channels.error && payload.length > 0) socket.destroy();
  };
  let remote: ChannelSocket;
  try {
    const path = `${objectPath('Pod', target.namespace, target.pod)}/portforward?ports=${String(target.port)}`;
    remote = await cluster.openSocket(path, onMessage, signal);
    tellWhetherGone(false);
  } catch (error) {
    // Any other refusal may be of an API server that has only just started.
    tellWhetherGone(isStatus(error, 404));
    socket.destroy();
    return;
  }
  socket.on('data', (data) => {
    // One message at a time, so that no more than that waits in memory.
    socket.pause();
    remote.send(channels.data, data).then(
      () => socket.resume(),
      () => socket.destroy(),
    );
  });
  socket.on('close', () => {
    remote.close();
  });
  if (socket.destroyed) remote.close();
  else socket.resume();
  await remote.closed;
  socket.end();
}

async function ask(
  agent: Agent,
  port: number,
  request: Parameters<Forward['http']>[0],
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const once = (): Promise<HttpAnswer> => askOnce(agent, port, request, signal);
  try {
    return await once();
  } catch (error) {
    // A kept connection that the server has closed meanwhile shows only when it is used.
    if (error instanceof BenchError && error.reason === 'connection-lost' && request.method === 'GET') return once();
    throw error;
  }
}

function askOnce(
  agent: Agent,
  port: number,
  request: Parameters<Forward['http']>[0],
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelled('asking the server'));
      return;
    }
    const fail = (): void => {
      reject(signal.aborted ? cancelled('asking the server') : noAnswer());
    };
    const outgoing = httpRequest(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: request.method,
        path: request.path,
        headers: {
          ...request.headers,
          ...(request.body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(request.body) }),
        },
        signal,
        timeout: httpTimeoutMs,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', fail);
    outgoing.end(request.body);
  });
}

function noAnswer(): BenchError {
  return new BenchError({
    reason: 'connection-lost',
    message: 'The server did not answer through the port-forward: the connection broke.',
    nextStep: "Check the pod's log, and your network or VPN.",
  });
}

function podGone(pod: string): BenchError {
  return new BenchError({
    reason: 'pod-failed',
    message: `The pod ${pod} is not there any more.`,
    nextStep: 'Find out who or what has deleted it ("kubectl get events"), and start again.',
  });
}
