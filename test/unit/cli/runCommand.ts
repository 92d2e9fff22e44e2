import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
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

/** `run` as it ships, but for its target and its clock, which waits in no time; its exit code is left in process.exitCode, for the test to take away. @param claims folder of the runs that it may wait for @param hearChosen told what its target is made from */
export async function runCommand(
  options: readonly string[],
  target: Target,
  signal = new AbortController().signal,
  claims?: string,
  hearChosen: (chosen: Chosen) => void = () => undefined,
): Promise<RunEnded> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = { stdout, stderr, stdin: new PassThrough() } as unknown as Record<
    'stdout' | 'stderr',
    NodeJS.WriteStream
  > & { stdin: NodeJS.ReadStream };
  const program = new Command().exitOverride();
  registerRun(
    program,
    { ...streams, signal, root, version: '0.0.0' },
    {
      targetFor: (chosen) => {
        hearChosen(chosen);
        return target;
      },
      clock: new SettableClock(),
      claims: claims ?? ownClaims,
    },
  );
  process.exitCode = undefined;
  await program.parseAsync(['run', ...options], { from: 'user' });
  const code = process.exitCode;
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}
