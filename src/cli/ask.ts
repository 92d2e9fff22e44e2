import { createInterface } from 'node:readline/promises';
import { cancelled } from '../core/errors.ts';
import type { CliContext } from './context.ts';

/**
 * Asks on the terminal. Anything but yes is no, and so is the end of the input.
 * @param doing completes "Cancelled while ...", should Ctrl-C come instead of an answer
 * @throws BenchError cancelled
 */
export async function confirmed(question: string, doing: string, context: CliContext): Promise<boolean> {
  const { signal } = context;
  const terminal = createInterface({ input: context.stdin, output: context.stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.question(`${question} [y/N] `, { signal }).then(resolve, reject);
      // While it asks, the terminal hands Ctrl-C over as a key.
      terminal.once('SIGINT', () => {
        reject(cancelled(doing));
      });
      for (const end of ['close', 'error']) {
        terminal.once(end, () => {
          resolve('');
        });
      }
    });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    throw signal.aborted ? cancelled(doing) : error;
  } finally {
    terminal.close();
  }
}
