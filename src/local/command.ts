import { spawn } from 'node:child_process';
import { BenchError, cancelled } from '../core/errors.ts';

/**
 * Runs a program to its end; its lines go to `line`.
 * @throws BenchError tool-missing when there is no such program, set-up-failed with its last words when it fails, cancelled
 */
export async function runCommand(
  doing: string,
  command: readonly [string, ...string[]],
  line: (text: string) => void,
  signal: AbortSignal,
  nextStep?: string,
): Promise<string> {
  if (signal.aborted) throw cancelled(doing);
  const [program, ...args] = command;
  return await new Promise<string>((resolve, reject) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let rest = '';
    const read = (chunk: string): void => {
      output = `${output}${chunk}`.slice(-20_000);
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) line(text.trim());
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    const abort = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    };
    signal.addEventListener('abort', abort, { once: true });
    const fail = (reason: 'tool-missing' | 'set-up-failed', why: string, cause?: unknown): void => {
      reject(new BenchError({ reason, message: `Failed while ${doing}: ${why}`, nextStep, cause }));
    };
    child.on('error', (error) => {
      signal.removeEventListener('abort', abort);
      fail('tool-missing', `${program} cannot be run: ${error.message}.`, error);
    });
    child.on('close', (code) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(cancelled(doing));
      else if (code === 0) resolve(output);
      else fail('set-up-failed', lastLines(output));
    });
  });
}

function lastLines(output: string): string {
  const lines = output
    .split('\n')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  return lines.slice(-4).join(' / ').slice(-600) || 'it said nothing.';
}
