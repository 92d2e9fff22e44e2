/**
 * A second account of a load worker's requests, loaded into its process before its own program: by its own stamps, at the
 * sockets, it keeps when each request was handed over and when the last byte of its answer was read. A pause of the machine
 * is in this account as it is in the worker's, so that the two agree however busy the machine is. It goes into a file, a
 * line a phase, before the worker says that the phase has ended.
 */
import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

/** Moments by the clock that all processes of a machine share. */
export interface SeenRequest {
  /** The request's number, as its body gives it. */
  readonly number: number;
  readonly writtenMs: number;
  /** When the last bytes of its answer were read; null: none were. */
  readonly readMs: number | null;
  readonly status: number | null;
}

export const wireTapVariable = 'TOPOLOGY_BENCH_TEST_WIRE_TAP';

interface Kept {
  readonly request: Buffer;
  readonly writtenMs: number;
  readMs: number | null;
  status: number | null;
}

const file = process.env[wireTapVariable];
if (isMainThread && file !== undefined) tap(file);

function tap(path: string): void {
  let kept: Kept[] = [];
  const waiting = new WeakMap<Socket, Kept>();
  const now = (): number => Number(process.hrtime.bigint()) / 1e6;
  watch('write', (socket, [chunk]) => {
    if (socket === process.stdout) {
      // What the worker measures of itself, before a phase, is no part of it.
      if (isMessage(chunk, 'phase-started')) kept = [];
      if (isMessage(chunk, 'phase-ended')) appendFileSync(path, `${JSON.stringify(kept.map(seen))}\n`);
    } else if (Buffer.isBuffer(chunk)) {
      const one = { request: chunk, writtenMs: now(), readMs: null, status: null };
      kept.push(one);
      waiting.set(socket, one);
    }
  });
  watch('emit', (socket, [event, chunk]) => {
    if (event !== 'data') return;
    const readMs = now();
    const one = waiting.get(socket);
    if (one === undefined || !Buffer.isBuffer(chunk)) return;
    one.readMs = readMs;
    one.status ??= Number(chunk.toString('latin1', 'HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
  });
}

/** Has every socket, one over TLS too, show what is about to be done with it. */
function watch(name: 'write' | 'emit', show: (socket: Socket, args: readonly unknown[]) => void): void {
  const original = Reflect.get(Socket.prototype, name) as (...args: unknown[]) => unknown;
  Reflect.set(Socket.prototype, name, function (this: Socket, ...args: unknown[]): unknown {
    show(this, args);
    return original.apply(this, args);
  });
}

function isMessage(text: unknown, type: string): boolean {
  return typeof text === 'string' && text.includes(`"type":"${type}"`);
}

function seen({ request, ...times }: Kept): SeenRequest {
  return { number: Number(request.subarray(request.indexOf('\r\n\r\n') + 4).toString('latin1')), ...times };
}
