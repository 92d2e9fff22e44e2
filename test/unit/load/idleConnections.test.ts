import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { ConnectionPool } from '../../../src/load/connectionPool.ts';
import { openEndpoint } from '../../../src/load/endpoint.ts';
import type { HttpConnection } from '../../../src/load/httpConnection.ts';
import { IdleLimit } from '../../../src/load/idleLimit.ts';

describe('how long a connection may idle', () => {
  it.each([
    ['timeout=5', 4_000],
    ['timeout=5, max=100', 4_000],
    ['max=100, Timeout=75', 74_000],
    ['timeout=1', 500],
    ['max=100', Infinity],
    ['timeout=soon', Infinity],
    ['', Infinity],
  ])('is a second less than the server says, or half of a short time: %j', (header, mostMs) => {
    const limit = new IdleLimit();
    limit.said(header);
    expect(limit.mostMs).toBe(mostMs);
  });

  it('is a second less than the server was seen to leave it, and the shortest that is known', () => {
    const limit = new IdleLimit();
    limit.closed(300);
    expect(limit.mostMs).toBe(Infinity);
    limit.closed(5_000);
    expect(limit.mostMs).toBe(4_000);
    limit.said('timeout=60');
    expect(limit.mostMs).toBe(4_000);
    limit.closed(1_200);
    expect(limit.mostMs).toBe(600);
  });
});

/** A server of connections that idle, and the pool of an open loop on it. Moments that lie ahead are asked for, not waited for. */
class Idling implements AsyncDisposable {
  /** Sockets that were closed by either side. */
  closed = 0;
  readonly failed: string[] = [];
  readonly pool: ConnectionPool;
  readonly #server: Server;
  #done: () => void = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    const ended = (connection: HttpConnection): void => {
      this.pool.give(connection);
      this.#done();
    };
    this.pool = new ConnectionPool(openEndpoint({ url: `http://127.0.0.1:${String(port)}/`, tls: null }), {
      most: 8,
      timeoutMs: 20_000,
      listener: {
        answered: ended,
        failed: (connection, kind) => {
          this.failed.push(kind);
          ended(connection);
        },
      },
    });
  }

  /** @param serve told of each request; without it they are answered */
  static async start(serve: (socket: Socket, request: number) => void = answer()): Promise<Idling> {
    let requests = 0;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        idling.closed += 1;
      });
      socket.on('data', () => {
        requests += 1;
        serve(socket, requests);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const idling = new Idling(server);
    return idling;
  }

  /** Sends a request at that moment, and waits until it ended. @returns the connection, and whether it was open */
  async send(atMs: number): Promise<{ connection: HttpConnection; wasOpen: boolean }> {
    const connection = this.pool.take(atMs);
    if (connection === undefined) throw new Error('no connection is free');
    const wasOpen = connection.usable;
    const ended = new Promise<void>((resolve) => (this.#done = resolve));
    connection.send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), atMs, atMs);
    await ended;
    return { connection, wasOpen };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pool.end();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** @param headers each with its end of the line */
function answer(headers = ''): (socket: Socket) => void {
  return (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${headers}\r\n`);
}

describe('a request of an open loop', () => {
  it('goes out on a connection that idled for long only where no other was used later', async () => {
    await using idling = await Idling.start();
    const { pool } = idling;
    await pool.open(3);
    const first = await idling.send(performance.now());
    const inFiveSeconds = performance.now() + 5_000;
    // Two have never been used and the first one was, so it is the last to be free again.
    const then = await idling.send(inFiveSeconds);
    expect(then.connection).toBe(first.connection);
    expect(then.wasOpen).toBe(true);
    await vi.waitFor(() => {
      expect(idling.closed).toBe(2);
    });
    expect(pool.opened()).toBe(3);
    expect(idling.failed).toEqual([]);
  });

  it('takes the connections in turn where none has idled for long', async () => {
    await using idling = await Idling.start();
    await idling.pool.open(3);
    const now = performance.now();
    const used = [await idling.send(now + 3_000), await idling.send(now + 3_000), await idling.send(now + 3_000)];
    expect(new Set(used.map(({ connection }) => connection)).size).toBe(3);
    expect(used.every(({ wasOpen }) => wasOpen)).toBe(true);
    expect(idling.closed).toBe(0);
  });

  it('goes out on no connection that the server is about to close, as it says', async () => {
    await using idling = await Idling.start(answer('Keep-Alive: timeout=4\r\n'));
    await idling.pool.open(1);
    await idling.send(performance.now());
    expect(await idling.send(performance.now() + 2_000)).toMatchObject({ wasOpen: true });
    expect(await idling.send(performance.now() + 3_100)).toMatchObject({ wasOpen: false });
    expect(idling.failed).toEqual([]);
  });

  it('goes out on no connection that the server is about to close, as it was seen to do', async () => {
    await using idling = await Idling.start((socket) => {
      answer()(socket);
      socket.setTimeout(1_100, () => socket.end());
    });
    await idling.pool.open(1);
    await idling.send(performance.now());
    await vi.waitFor(() => {
      expect(idling.closed).toBe(1);
    });
    expect(await idling.send(performance.now())).toMatchObject({ wasOpen: false });
    // Half of what it was seen to leave a connection, which is 1.1 s and what this machine added.
    expect(await idling.send(performance.now() + 400)).toMatchObject({ wasOpen: true });
    expect(await idling.send(performance.now() + 1_900)).toMatchObject({ wasOpen: false });
    expect(idling.failed).toEqual([]);
  });

  it('that crossed with the closing of its connection is an error, and says how long one may idle', async () => {
    await using idling = await Idling.start((socket, request) => {
      if (request === 2) socket.destroy();
      else answer()(socket);
    });
    await idling.pool.open(1);
    await idling.send(performance.now());
    expect(await idling.send(performance.now() + 3_000)).toMatchObject({ wasOpen: true });
    expect(idling.failed).toHaveLength(1);
    expect(idling.failed[0]).toMatch(/^(?:closed without an answer|ECONNRESET)$/);
    await idling.send(performance.now());
    expect(await idling.send(performance.now() + 1_500)).toMatchObject({ wasOpen: true });
    expect(await idling.send(performance.now() + 2_900)).toMatchObject({ wasOpen: false });
  });

  it('is not told by a connection that was closed at once how long one may idle', async () => {
    await using idling = await Idling.start((socket, request) => {
      answer()(socket);
      if (request === 1) setTimeout(() => socket.end(), 50);
    });
    await idling.pool.open(1);
    await idling.send(performance.now());
    await vi.waitFor(() => {
      expect(idling.closed).toBe(1);
    });
    expect(await idling.send(performance.now())).toMatchObject({ wasOpen: false });
    expect(await idling.send(performance.now() + 3_000)).toMatchObject({ wasOpen: true });
  });
});
