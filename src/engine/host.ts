import { createHash, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { makeRunId } from '../core/runId.ts';

/** This machine's clock, hash and randomness, for an engine that has none of its own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch {
      throw cancelled('waiting');
    }
  },
};

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function newRunId(): string {
  return makeRunId(Date.now(), randomInt(0x10000));
}
