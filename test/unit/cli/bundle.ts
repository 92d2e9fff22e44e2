import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export const root = join(import.meta.dirname, '../../..');

/** The command line as it ships. */
export const cliBundle = join(root, 'dist', 'cli.cjs');

export interface Ended {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves when it has printed this; rejects when it ends without. */
  readonly said: (text: string) => Promise<void>;
}

/** Starts the shipped command line without a terminal, in a process group of its own, as a shell does. */
export function startCli(
  commandArguments: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Started {
  return startProgram(cliBundle, commandArguments, options);
}

/** Runs it to its end. */
export async function cli(...parameters: Parameters<typeof startCli>): Promise<Ended> {
  return await startCli(...parameters).ended;
}

/** Runs a line of a shell, in which "$CLI" is the command line. */
export async function shell(line: string, options: Parameters<typeof startCli>[1] = {}): Promise<Ended> {
  return await startProgram('sh', ['-c', line], { ...options, env: { ...options.env, CLI: cliBundle } }).ended;
}

export function startProgram(
  program: string,
  programArguments: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
): Started {
  if (!existsSync(cliBundle)) throw new Error('There is no dist/cli.cjs; "npm run build" makes it.');
  const child = spawn(program, programArguments, {
    cwd: options.cwd ?? root,
    // Whose "node" its first line asks for must not depend on the machine.
    env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, ...output });
    });
  });
  return {
    child,
    ended,
    said: async (text) => {
      const printed = new Promise<void>((resolve) => {
        const look = (): void => {
          if (!`${output.stdout}${output.stderr}`.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
      await Promise.race([
        printed,
        ended.then(({ code, stdout, stderr }) => {
          throw new Error(`It ended with ${String(code)} and did not say "${text}".\n${stdout}${stderr}`);
        }),
      ]);
    },
  };
}

/** A signal to its whole process group, as a terminal sends it. */
export function signalGroup({ child }: Started, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) process.kill(-child.pid, signal);
}
