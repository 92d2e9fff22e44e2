import type { AnswerHeaders, AutocannonClient } from './autocannon.ts';

/** What becomes of requests. Times in milliseconds. */
export interface RequestObserver {
  sent(): void;
  /** The last byte of an answer arrived `latencyMs` after the request was sent. */
  answered(status: number, latencyMs: number): void;
  /** The request will never be answered; `kind` is e.g. "timeout", "ECONNRESET". */
  failed(kind: string, afterMs: number): void;
}

export const failureKinds = {
  timeout: 'timeout',
  unanswered: 'closed without an answer',
  cutShort: 'closed before the answer was complete',
  malformed: 'malformed answer',
} as const;

/** First and longest wait before a connection that brought no answer is tried again. */
const firstRetryMs = 5;
const longestRetryMs = 500;

/** Doubles with each socket in a row that brought no answer; the first one may be tried again at once. */
export function retryWaitMs(socketsWithoutAnswer: number): number {
  if (socketsWithoutAnswer < 2) return 0;
  return Math.min(longestRetryMs, firstRetryMs * 2 ** (socketsWithoutAnswer - 2));
}

/**
 * One keep-alive connection of autocannon, corrected so that its numbers can be believed. As it comes, autocannon 9.0.0
 * - forgets a request whose socket the server closes, and measures every later answer of that connection from the request
 *   before it, because the forgotten one stays first in its queue;
 * - goes on parsing the half answer of a closed socket with the bytes of the next one;
 * - listens on to a socket it has given up, and connects twice when that socket fails too;
 * - sends on after "Connection: close", and never ends an answer whose end is the socket's;
 * - tries a refused connection again at once, without end;
 * - lets the first latency of each connection include the connect, and sends small requests with Nagle's delay.
 *
 * The socket opens at once and the first request goes out with `begin`, so that latencies are of open connections. Only
 * after a failure does a latency include the connect, because then the caller had to wait for it too.
 */
export class LoadConnection {
  /** Resolves when the socket is open, or could not be opened; never rejects. */
  readonly opened: Promise<void>;
  readonly #client: AutocannonClient;
  readonly #observer: RequestObserver;
  readonly #original: { connect(): void; doRequest(): void; destroyConnection(): void };
  readonly #timeoutMs: number;
  #state: 'opening' | 'running' | 'draining' = 'opening';
  #haveOpened: () => void = () => undefined;
  #sentAtMs: number | undefined;
  #answerBegan = false;
  #serverWillClose = false;
  #answersOnSocket = 0;
  #socketsWithoutAnswer = 0;
  #socketFailed = false;
  #timedOut = false;
  #retry: NodeJS.Timeout | undefined;

  /** Call it from autocannon's setupClient, before the client connects. */
  constructor(
    client: AutocannonClient,
    options: { nextRequest: () => Buffer; timeoutMs: number; observer: RequestObserver },
  ) {
    this.#client = client;
    this.#observer = options.observer;
    this.#timeoutMs = options.timeoutMs;
    this.opened = new Promise((resolve) => {
      this.#haveOpened = resolve;
    });
    this.#original = {
      connect: client._connect.bind(client),
      doRequest: client._doRequest.bind(client),
      destroyConnection: client._destroyConnection.bind(client),
    };
    client.timeout = options.timeoutMs;
    client._connect = () => {
      this.#connect();
    };
    client._doRequest = () => {
      this.#send();
    };
    client._destroyConnection = () => {
      this.#destroySocket();
    };
    client.getRequestBuffer = options.nextRequest;
    // Requests are chosen by nextRequest, and no body of an answer is read.
    client.requestIterator.nextRequest = () => undefined;
    client.pipelinedRequests.addBody = () => undefined;
    this.#watchParser();
    client.on('headers', (headers: AnswerHeaders) => {
      this.#answerBegan = true;
      this.#serverWillClose = !headers.shouldKeepAlive;
    });
    client.on('response', (status: number, _bytes: number, latencyMs: number) => {
      this.#answersOnSocket += 1;
      if (this.#sentAtMs === undefined) return;
      this.#sentAtMs = undefined;
      this.#observer.answered(status, latencyMs);
    });
    client.on('connError', (error: NodeJS.ErrnoException) => {
      this.#socketFailed = true;
      this.#lose(error.code ?? error.message);
    });
  }

  /** When the unanswered request was sent, by performance.now(); undefined when there is none. */
  waitingSinceMs(): number | undefined {
    return this.#sentAtMs;
  }

  /** Sends the first request, and from then on one after each answer. */
  begin(): void {
    this.#state = 'running';
    if (this.#socketFailed) this.#client._connect();
    else this.#client._doRequest();
  }

  /** Sends nothing more; an answer on its way may still arrive. */
  drain(): void {
    this.#state = 'draining';
    clearTimeout(this.#retry);
  }

  end(): void {
    this.drain();
    this.#client.destroy();
  }

  #send(): void {
    if (this.#state !== 'running') return;
    if (this.#serverWillClose) {
      this.#serverWillClose = false;
      this.#client._connect();
      return;
    }
    this.#answerBegan = false;
    this.#sentAtMs = performance.now();
    this.#observer.sent();
    this.#original.doRequest();
  }

  #lose(kind: string): void {
    if (this.#sentAtMs === undefined) return;
    const afterMs = performance.now() - this.#sentAtMs;
    this.#sentAtMs = undefined;
    this.#observer.failed(kind, afterMs);
  }

  /** autocannon calls it at the start, and whenever the socket ended, failed or timed out. */
  #connect(): void {
    const { parser } = this.#client;
    if (this.#sentAtMs !== undefined && parser.state === 'BODY_RAW' && !this.#timedOut) {
      // The socket's end is this answer's end; completing it leads back here by way of the next request.
      parser.finish();
      return;
    }
    this.#lose(this.#answerBegan ? failureKinds.cutShort : failureKinds.unanswered);
    if (this.#state === 'draining' || this.#retry !== undefined) return;
    this.#abandonSocket();
    if (this.#state === 'opening' && this.#socketFailed) {
      this.#haveOpened();
      return;
    }
    const waitMs = this.#waitBeforeConnect();
    if (waitMs === 0) {
      this.#open();
      return;
    }
    // The timeout is of a request, and none is under way while this waits.
    this.#client.timeoutTicker.reschedule(waitMs + this.#timeoutMs);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#open();
    }, waitMs);
  }

  /** A refused port is not hammered. */
  #waitBeforeConnect(): number {
    if (this.#client.conn === undefined || this.#timedOut || this.#answersOnSocket > 0) this.#socketsWithoutAnswer = 0;
    else this.#socketsWithoutAnswer += 1;
    this.#timedOut = false;
    return retryWaitMs(this.#socketsWithoutAnswer);
  }

  #open(): void {
    this.#answersOnSocket = 0;
    this.#answerBegan = false;
    this.#serverWillClose = false;
    this.#socketFailed = false;
    this.#original.connect();
    this.#client.conn?.setNoDelay(true);
    if (this.#state === 'opening') this.#client.conn?.once('connect', this.#haveOpened);
  }

  /** Nothing that the given-up socket still says may reach the next one's requests. */
  #abandonSocket(): void {
    const socket = this.#client.conn;
    if (socket === undefined) return;
    for (const event of ['data', 'end', 'error', 'connect']) socket.removeAllListeners(event);
    socket.on('error', () => undefined);
    socket.destroy();
    this.#client.pipelinedRequests.clear();
    this.#client.parser.reinitialize('RESPONSE');
  }

  /** autocannon calls it when a request timed out, and at the end. */
  #destroySocket(): void {
    if (!this.#client.destroyed && this.#sentAtMs !== undefined) {
      this.#timedOut = true;
      this.#lose(failureKinds.timeout);
    } else if (this.#state === 'opening') {
      this.#socketFailed = true;
    }
    this.#original.destroyConnection();
  }

  /** autocannon drops the parser's verdict; without this, an answer that is no HTTP would look like a timeout. */
  #watchParser(): void {
    const { parser } = this.#client;
    const execute = parser.execute.bind(parser);
    parser.execute = (chunk) => {
      // Bytes that nobody asked for belong to no request.
      if (this.#sentAtMs === undefined) return undefined;
      const result = execute(chunk);
      if (result instanceof Error && !this.#client.destroyed) {
        this.#lose(failureKinds.malformed);
        this.#client._connect();
      }
      return result;
    };
  }
}
