/**
 * A server whose times are known: a process of its own that does to each request what its number says, and keeps by the
 * clock that all processes of a machine share when the request came and when its answer was written. It costs little, so
 * that what a load generator reads beyond that is its own. argv: what it does, as JSON, and an identity for TLS.
 */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { seededRandom } from '../../../src/core/seededRandom.ts';
import type { Identity } from '../../support/selfSigned.ts';

export type Service =
  | { readonly kind: 'constant'; readonly ms: number }
  /** `share` of the requests take `slowMs`. */
  | { readonly kind: 'bimodal'; readonly ms: number; readonly slowMs: number; readonly share: number }
  /** exp(N(ln medianMs, sigma)) */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly sigma: number }
  /** The whole process stands still for `stallMs` when the `at`th request arrives. */
  | { readonly kind: 'stall'; readonly ms: number; readonly stallMs: number; readonly at: number }
  /** One request at a time. */
  | { readonly kind: 'queue'; readonly ms: number }
  /** `share` of the requests meet a fault. */
  | { readonly kind: 'fault'; readonly ms: number; readonly fault: Fault; readonly share: number };
export type Fault = 'hang' | 'reset' | 'close' | '500' | 'slow-body';

export interface Entry {
  /** The request's number, as its body gives it. */
  readonly number: number;
  readonly arrivedMs: number;
  /** Just before its last byte was written, so that nobody can have read it earlier; null: it was never answered. */
  readonly answeredMs: number | null;
  readonly status: number | null;
}

const service = JSON.parse(process.argv[2] ?? '{}') as Service;
const identity = process.argv[3] === undefined ? undefined : (JSON.parse(process.argv[3]) as Identity);
const answer = (status: string): Buffer =>
  Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"answer":true}`);
const ok = answer('200 OK');
const failure = answer('500 Internal Server Error');
let entries: Entry[] = [];
let received = 0;
let queue = Promise.resolve();
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    const arrivedMs = now();
    text += chunk.toString('latin1');
    const body = text.indexOf('\r\n\r\n') + 4;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? '0');
    if (body < 4 || text.length < body + length) return;
    received += 1;
    // Plain load generators send no numbers.
    const number = length > 0 ? Number(text.slice(body, body + length)) : received;
    text = '';
    respond(socket, number, arrivedMs);
  });
  socket.on('error', () => socket.destroy());
}

function respond(socket: Socket, number: number, arrivedMs: number): void {
  const write = (bytes: Buffer, status: number): void => {
    const answeredMs = now();
    socket.write(bytes);
    entries.push({ number, arrivedMs, answeredMs, status });
  };
  const reply = (): void => {
    write(ok, 200);
  };
  const random = seededRandom(number + 1);
  // The first numbers of neighbouring seeds are alike.
  random();
  switch (service.kind) {
    case 'constant':
      setTimeout(reply, service.ms);
      break;
    case 'bimodal':
      setTimeout(reply, random() < service.share ? service.slowMs : service.ms);
      break;
    case 'lognormal': {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      setTimeout(reply, service.medianMs * Math.exp(service.sigma * normal));
      break;
    }
    case 'stall':
      // Nothing is read meanwhile, so this server's own times see nothing of it.
      if (received === service.at) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, service.stallMs);
      setTimeout(reply, service.ms);
      break;
    case 'queue':
      queue = queue.then(
        () =>
          new Promise((resolve) =>
            setTimeout(() => {
              reply();
              resolve();
            }, service.ms),
          ),
      );
      break;
    case 'fault':
      if (random() < service.share) meet(service.fault, socket, number, arrivedMs, write);
      else setTimeout(reply, service.ms);
      break;
  }
}

function meet(
  fault: Fault,
  socket: Socket,
  number: number,
  arrivedMs: number,
  write: (bytes: Buffer, status: number) => void,
): void {
  const unanswered = (): void => {
    entries.push({ number, arrivedMs, answeredMs: null, status: null });
  };
  switch (fault) {
    case 'hang':
      unanswered();
      break;
    case 'reset':
      unanswered();
      socket.resetAndDestroy();
      break;
    case 'close':
      unanswered();
      socket.end();
      break;
    case '500':
      write(failure, 500);
      break;
    case 'slow-body':
      socket.write(ok.subarray(0, -5));
      setTimeout(() => {
        write(ok.subarray(-5), 200);
      }, 30);
      break;
  }
}

const server = identity === undefined ? createServer(serve) : createTlsServer({ ...identity }, serve);
process.on('message', () => {
  process.send?.(entries);
  entries = [];
  received = 0;
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
