import { PassThrough } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
// Its index does not export what exec and port-forward are made of.
import { WebSocketHandler } from '@kubernetes/client-node/dist/web-socket-handler.js';
import { BenchError, cancelled, throwIfCancelled } from '../core/errors.ts';
import { StatusError } from './statusError.ts';

/** A web socket of the API server, whose messages begin with the number of a channel. */
export interface ChannelSocket {
  /** Resolves when the message has left this machine; rejects with `connection-lost`. */
  send(channel: number, ...data: readonly Buffer[]): Promise<void>;
  /** Tells the other side that a channel is at its end, where the protocol can; otherwise closes the socket. */
  end(channel: number): Promise<void>;
  close(): void;
  /** Resolves when the socket has closed, for whatever reason. */
  readonly closed: Promise<void>;
}

/** A server that does not answer at all must not be waited for for ever. */
const openingTimeoutMs = 20_000;

/** Number of the message that ends another channel. Source: Kubernetes' v5.channel.k8s.io. */
const endOfChannel = 255;

/** The client's own web socket, as far as it is used here: its types are not shipped. */
interface RawSocket {
  readonly protocol: string;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  send(data: Buffer, done: (error?: Error | null) => void): void;
  close(): void;
  terminate(): void;
}

/**
 * Opens an exec or port-forward socket. `onMessage` gets each message without its channel number.
 * @throws BenchError cancelled or connection-lost; StatusError when the API server refuses
 */
export async function openChannelSocket(
  config: KubeConfig,
  path: string,
  onMessage: (channel: number, data: Buffer) => void,
  signal: AbortSignal,
): Promise<ChannelSocket> {
  throwIfCancelled(signal, 'connecting to a pod');
  // Without streams of its own the library would end this process's standard output.
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const handler = new WebSocketHandler(config, undefined, streams);
  const connecting = handler.connect(path, null, (channel, data) => {
    if (channel !== endOfChannel) onMessage(channel, data);
    return true;
  }) as Promise<unknown>;
  const socket = (await withCancel(connecting, signal)) as RawSocket;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    socket.onclose = () => {
      isClosed = true;
      resolve();
    };
  });
  // The close event follows; without a listener the error would end the process.
  socket.onerror = () => undefined;
  const send = (message: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      if (isClosed) {
        reject(connectionLost());
        return;
      }
      socket.send(message, (error) => {
        if (error instanceof Error) reject(connectionLost());
        else resolve();
      });
    });
  return {
    closed,
    send: (channel, ...data) => send(Buffer.concat([Buffer.of(channel), ...data])),
    async end(channel) {
      if (WebSocketHandler.supportsClose(socket.protocol)) await send(Buffer.of(endOfChannel, channel));
      else socket.close();
    },
    close: () => {
      // A server that is gone never answers the closing handshake.
      socket.close();
      setTimeout(() => {
        socket.terminate();
      }, 1000).unref();
    },
  };
}

export function connectionLost(): BenchError {
  return new BenchError({
    reason: 'connection-lost',
    message: 'The connection to the pod was lost.',
    nextStep: 'Check your network or VPN and try again.',
  });
}

async function withCancel(connecting: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  let onAbort: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(cancelled('connecting to a pod'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    timer = setTimeout(() => {
      reject(connectionLost());
    }, openingTimeoutMs);
  });
  try {
    return await Promise.race([connecting, givenUp]);
  } catch (error) {
    // A socket that opens after all must not stay open.
    connecting.then(
      (socket) => {
        (socket as RawSocket).terminate();
      },
      () => undefined,
    );
    throw error instanceof BenchError ? error : openingError(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The library rejects with an event whose text holds the status, when there was an answer at all. */
function openingError(event: unknown): Error {
  const text = event !== null && typeof event === 'object' && 'message' in event ? String(event.message) : '';
  const status = /Unexpected server response: (\d+)/u.exec(text)?.[1];
  if (status !== undefined) return new StatusError(Number(status), '', `the API server answered HTTP ${status}`);
  return connectionLost();
}
