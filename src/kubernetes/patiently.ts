import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled } from '../core/errors.ts';
import { isConnectionTrouble } from './statusError.ts';

/** An API server that restarts is away for less; the load waits at a phase's border meanwhile, and longer than this. */
const usual = { withinMs: 60_000, everyMs: 500 } as const;

/**
 * Asks again while only the connection breaks. What is asked must be something that may be asked twice.
 * @param doing completes "Cancelled while ..."
 * @throws what the last try threw, or `cancelled`
 */
export async function patiently<Answer>(
  ask: () => Promise<Answer>,
  doing: string,
  signal: AbortSignal,
  { withinMs, everyMs }: { readonly withinMs: number; readonly everyMs: number } = usual,
): Promise<Answer> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isConnectionTrouble(error) || performance.now() > until) throw error;
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {
      throw cancelled(doing);
    });
  }
}
