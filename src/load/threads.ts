import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import * as z from 'zod';

/** Threads beside the worker's own: the same bundle, started again with a role. */
export const roleSchema = z.discriminatedUnion('role', [
  /** Wakes the worker at moments that its event loop's timers, which count whole milliseconds, cannot keep. */
  z.strictObject({ role: z.literal('alarm'), state: z.instanceof(SharedArrayBuffer) }),
  /** Answers at once, so that what remains is the generator's own overhead. */
  z.strictObject({ role: z.literal('responder') }),
]);
type Role = z.infer<typeof roleSchema>;

export function startThread(role: Role): Worker {
  const thread = new Worker(__filename, { workerData: role });
  // The worker ends when its work is done, whatever its threads do.
  thread.unref();
  return thread;
}

/** What a thread runs. It never returns from an alarm; the thread is ended from outside. */
export function runThread(): void {
  const role = roleSchema.parse(workerData);
  if (role.role === 'alarm') soundAlarms(role.state);
  else respond();
}

/** Microseconds of the clock that every thread of this machine shares. */
export function sharedClockMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n;
}

/** The shared state: a counter that changes with each alarm that is set, and the moment that it is set to. */
export function alarmState(state: SharedArrayBuffer): { readonly set: Int32Array; readonly at: BigInt64Array } {
  return { set: new Int32Array(state, 0, 1), at: new BigInt64Array(state, 8, 1) };
}
export const alarmStateBytes = 16;

function soundAlarms(state: SharedArrayBuffer): void {
  const { set, at } = alarmState(state);
  let sounded = 0;
  parentPort?.postMessage('ready');
  for (;;) {
    const current = Atomics.load(set, 0);
    if (current === sounded) {
      Atomics.wait(set, 0, current);
      continue;
    }
    const waitMs = Number(Atomics.load(at, 0) - sharedClockMicroseconds()) / 1000;
    if (waitMs > 0 && Atomics.wait(set, 0, current, waitMs) !== 'timed-out') continue;
    sounded = current;
    parentPort?.postMessage('alarm');
  }
}

const instantAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function respond(): void {
  // The calibration's requests are small, and each comes as one chunk over loopback.
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', () => socket.write(instantAnswer));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => {
    parentPort?.postMessage((server.address() as AddressInfo).port);
  });
}
