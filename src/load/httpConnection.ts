import type { Socket } from 'node:net';
import { HTTPParser } from 'http-parser-js';
import type { Endpoint } from './endpoint.ts';
import type { IdleLimit } from './idleLimit.ts';
import { failureKinds } from './loadConnection.ts';

type Parser = InstanceType<typeof HTTPParser>;

/** What becomes of a connection's requests. Moments are performance.now()'s. */
export interface ConnectionListener {
  /** The answer's last byte was read at `atMs`; the connection is free, whatever the status. */
  answered(connection: HttpConnection, status: number, latencyMs: number, atMs: number): void;
  /** The request will never be answered. The connection is free: its next request opens another socket. */
  failed(connection: HttpConnection, kind: string, afterMs: number, atMs: number): void;
}

/**
 * One keep-alive connection to the endpoint, with one request at a time: requests are bytes made before, answers go
 * through the parser that autocannon uses too, so that both loops count failures alike. A socket that was lost is opened
 * again by the next request, whose latency then includes it, as its caller had to wait for it.
 */
export class HttpConnection {
  /** Sockets opened so far. */
  opened = 0;
  readonly #endpoint: Endpoint;
  readonly #listener: ConnectionListener;
  readonly #idleLimit: IdleLimit;
  readonly #timeoutMs: number;
  readonly #timeout: NodeJS.Timeout;
  #socket: Socket | undefined;
  #parser: Parser = newParser();
  #usable = false;
  #sentAtMs: number | undefined;
  #fromMs = 0;
  /** Since when the socket is open and has no request. */
  #idleSinceMs = 0;
  /** For how long it had idled when its request was sent. */
  #idledMs = 0;
  #toldKeepAlive = false;
  #answerBegan = false;
  #keepAlive = true;
  #status = 0;
  /** When the bytes that are being parsed were read. */
  #readAtMs = 0;

  /** @param options.idleLimit told of what the server says and does to connections that idle; of all connections to it */
  constructor(endpoint: Endpoint, options: { timeoutMs: number; listener: ConnectionListener; idleLimit: IdleLimit }) {
    this.#endpoint = endpoint;
    this.#listener = options.listener;
    this.#idleLimit = options.idleLimit;
    this.#timeoutMs = options.timeoutMs;
    this.#timeout = setTimeout(() => {
      this.#timedOut();
    }, options.timeoutMs).unref();
  }

  /** Whether there is a socket that opened and that nobody has closed. */
  get usable(): boolean {
    return this.#usable;
  }

  /** For how long its open socket has had no request. */
  idleMs(nowMs: number): number {
    return nowMs - this.#idleSinceMs;
  }

  /** Since when the unanswered request's latency counts; undefined when there is none. */
  get waitingSinceMs(): number | undefined {
    return this.#sentAtMs === undefined ? undefined : this.#fromMs;
  }

  /** Resolves when the socket is open, or could not be opened; never rejects. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#connect();
      socket.once(this.#endpoint.secure ? 'secureConnect' : 'connect', () => {
        resolve();
      });
      for (const event of ['error', 'close'])
        socket.once(event, () => {
          resolve();
        });
    });
  }

  /**
   * @param nowMs the moment of sending, for the caller has just read the clock; the timeout runs from it
   * @param fromMs the moment from which its latency counts
   */
  send(request: Buffer, nowMs: number, fromMs: number): void {
    const socket = this.#socket ?? this.#connect();
    this.#idledMs = this.#usable ? this.idleMs(nowMs) : 0;
    this.#sentAtMs = nowMs;
    this.#fromMs = fromMs;
    this.#answerBegan = false;
    socket.write(request);
    this.#timeout.refresh();
  }

  /** Gives up the socket of a connection without a request; the next one opens another. */
  retire(): void {
    this.#abandon();
  }

  end(): void {
    clearTimeout(this.#timeout);
    this.#sentAtMs = undefined;
    this.#abandon();
  }

  #connect(): Socket {
    const socket = this.#endpoint.connect();
    this.#socket = socket;
    this.#parser = this.#listen();
    this.#toldKeepAlive = false;
    this.opened += 1;
    socket.once(this.#endpoint.secure ? 'secureConnect' : 'connect', () => {
      this.#usable = this.#socket === socket;
      this.#idleSinceMs = performance.now();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#readAtMs = performance.now();
      this.#parse(chunk);
    });
    socket.once('end', () => {
      this.#ended();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      this.#lose(error.code ?? error.message);
    });
    socket.once('close', () => {
      this.#ended();
    });
    return socket;
  }

  #listen(): Parser {
    const parser = newParser();
    parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, shouldKeepAlive, headers }) => {
      this.#answerBegan = true;
      this.#hearKeepAlive(headers);
      this.#status = statusCode;
      this.#keepAlive = shouldKeepAlive;
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      this.#complete();
    };
    return parser;
  }

  /** Of the first answer on a socket alone: looking for it in every one would cost each request a little. */
  #hearKeepAlive(headers: readonly string[]): void {
    if (this.#toldKeepAlive) return;
    this.#toldKeepAlive = true;
    const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'keep-alive');
    if (at >= 0) this.#idleLimit.said(headers[at + 1] ?? '');
  }

  #parse(chunk: Buffer): void {
    // Bytes that nobody asked for belong to no request, and what follows them on this socket cannot be trusted.
    if (this.#sentAtMs === undefined) this.#closedIdle(this.#readAtMs);
    else if (this.#parser.execute(chunk) instanceof Error) this.#lose(failureKinds.malformed);
  }

  #complete(): void {
    // "100 Continue" and its like come before the answer.
    if (this.#status < 200 && this.#status !== 101) return;
    if (this.#sentAtMs === undefined) return;
    this.#sentAtMs = undefined;
    this.#idleSinceMs = this.#readAtMs;
    if (!this.#keepAlive) this.#abandon();
    this.#listener.answered(this, this.#status, this.#readAtMs - this.#fromMs, this.#readAtMs);
  }

  /** The server closed its side. */
  #ended(): void {
    this.#readAtMs = performance.now();
    if (this.#sentAtMs === undefined) {
      this.#closedIdle(this.#readAtMs);
      return;
    }
    const socket = this.#socket;
    // An answer without a length ends with its socket; completing it may have sent the next request, on another socket.
    if (this.#answerBegan && !this.#keepAlive) this.#parser.finish();
    if (this.#socket === socket) this.#lose(this.#answerBegan ? failureKinds.cutShort : failureKinds.unanswered);
  }

  #timedOut(): void {
    if (this.#sentAtMs === undefined) return;
    // Refreshed a moment before the request was sent, or fired early by a fraction of a millisecond.
    if (performance.now() - this.#sentAtMs < this.#timeoutMs - 1) this.#timeout.refresh();
    else this.#lose(failureKinds.timeout);
  }

  #lose(kind: string): void {
    const nowMs = performance.now();
    if (this.#sentAtMs === undefined) {
      this.#closedIdle(nowMs);
      return;
    }
    this.#abandon();
    this.#sentAtMs = undefined;
    // It crossed with the server's closing of a connection that idled.
    if (!this.#answerBegan && kind !== failureKinds.timeout && kind !== failureKinds.malformed)
      this.#idleLimit.closed(this.#idledMs);
    this.#listener.failed(this, kind, nowMs - this.#fromMs, nowMs);
  }

  /** The socket was lost without a request on it. */
  #closedIdle(nowMs: number): void {
    if (this.#usable) this.#idleLimit.closed(this.idleMs(nowMs));
    this.#abandon();
  }

  /** Nothing that the given-up socket still says may reach the next one's requests. */
  #abandon(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    this.#usable = false;
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

function newParser(): Parser {
  const parser = new HTTPParser('RESPONSE');
  const ignore = (): undefined => undefined;
  parser[HTTPParser.kOnHeaders] = ignore;
  parser[HTTPParser.kOnBody] = ignore;
  return parser;
}
