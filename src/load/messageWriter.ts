import type { Writable } from 'node:stream';
import type { WorkerMessage } from '../core/load.ts';

/** A message without its number, which it gets when it is written. */
export type Unnumbered<Message = WorkerMessage> = Message extends unknown ? Omit<Message, 'seq'> : never;

export interface MessageWriter {
  write(message: Unnumbered): void;
  /** Resolves when everything is with the operating system, or the reader is gone. */
  flush(): Promise<void>;
}

/**
 * Writes messages as lines of JSON. While the reader is slow only the newest snapshot is kept, so that a slow reader costs
 * neither memory nor time; every other message is kept.
 */
export function createMessageWriter(output: Writable): MessageWriter {
  let seq = 0;
  let blocked = false;
  let gone = false;
  let heldSnapshot: Unnumbered | undefined;

  const write = (message: Unnumbered): void => {
    blocked = !output.write(`${JSON.stringify({ seq, ...message })}\n`);
    seq += 1;
  };
  output.on('drain', () => {
    blocked = false;
    if (heldSnapshot === undefined) return;
    const snapshot = heldSnapshot;
    heldSnapshot = undefined;
    write(snapshot);
  });
  output.on('error', () => {
    gone = true;
  });

  return {
    write(message) {
      if (gone) return;
      if (message.type === 'snapshot' && blocked) {
        heldSnapshot = message;
        return;
      }
      // What follows a phase's snapshots makes the held one out of date.
      if (message.type !== 'snapshot') heldSnapshot = undefined;
      write(message);
    },
    flush: () =>
      new Promise((resolve) => {
        if (gone || output.writableLength === 0) {
          resolve();
          return;
        }
        output.write('', () => {
          resolve();
        });
      }),
  };
}
