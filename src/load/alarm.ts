import { once } from 'node:events';
import { alarmState, alarmStateBytes, sharedClockMicroseconds, startThread } from './threads.ts';

/**
 * Wakes the event loop at a moment, to about 0.1 ms. Node's own timers count whole milliseconds, and turning the loop until
 * the moment has come would take a whole core from a pod that has no more than one, so a thread sleeps in its place.
 */
export interface Alarm {
  /** Replaces what was set before. @param inMs from now; what is over already sounds at once */
  set(inMs: number): void;
  /** What an alarm calls; one listener at a time. */
  onSound: () => void;
  stop(): Promise<unknown>;
}

export async function startAlarm(): Promise<Alarm> {
  const state = new SharedArrayBuffer(alarmStateBytes);
  const { set, at } = alarmState(state);
  const thread = startThread({ role: 'alarm', state });
  await once(thread, 'message');
  const alarm: Alarm = {
    set(inMs) {
      Atomics.store(at, 0, sharedClockMicroseconds() + BigInt(Math.max(0, Math.round(inMs * 1000))));
      Atomics.add(set, 0, 1);
      Atomics.notify(set, 0);
    },
    onSound: () => undefined,
    stop: () => thread.terminate(),
  };
  thread.on('message', () => {
    alarm.onSound();
  });
  thread.unref();
  return alarm;
}
