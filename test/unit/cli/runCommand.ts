import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { Command } from 'commander';
import { registerRun } from '../../../src/cli/run.ts';
import type { Chosen } from '../../../src/cli/choices.ts';
import type { Target } from '../../../src/core/ports.ts';
import { SettableClock } from '../../support/settableClock.ts';
import { root } from './bundle.ts';

/** The runs of a test wait for none of another one. */
const ownClaims = mkdtempSync(join(tmpdir(), 'topology-bench-claims-'));
process.once('exit', () => {
  rmSync(ownClaims, { recursive: true, force: true });
});

export interface RunEnded {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is told while a run is under way. */
export interface Heard {
  /** What its target is made from. */
  chosen?(chosen: Chosen): void;
  /** All that stands on stderr so far. */
  stderr?(text: string): void;
}

/**
 * `run` as it ships, but for its target and its clock, which waits in no time; its exit code is left in process.exitCode, for the
 * test to take away.
 * @param claims folder of the runs that it may wait for
 */
export async function runCommand(
  options: readonly string[],
  target: Target,
  signal = new AbortController().signal,
  claims?: string,
  heard: Heard = {},
): Promise<RunEnded> {
  const written = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write: (chunk, _encoding, done) => {
        written[name] += String(chunk);
        if (name === 'stderr') heard.stderr?.(written.stderr);
        done();
      },
    });
  const streams = { stdout: into('stdout'), stderr: into('stderr'), stdin: new PassThrough() } as unknown as Record<
    'stdout' | 'stderr',
    NodeJS.WriteStream
  > & { stdin: NodeJS.ReadStream };
  const program = new Command().exitOverride();
  registerRun(
    program,
    { ...streams, signal, root, version: '0.0.0' },
    {
      targetFor: (chosen) => {
        heard.chosen?.(chosen);
        return target;
      },
      clock: new SettableClock(),
      claims: claims ?? ownClaims,
    },
  );
  process.exitCode = undefined;
  await program.parseAsync(['run', ...options], { from: 'user' });
  return { code: process.exitCode, ...written };
}
