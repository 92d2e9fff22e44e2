#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { registerClean } from './clean.ts';
import { type CliContext, exitCodes } from './context.ts';
import { exitCodeOfFailure, printFailure } from './failure.ts';
import { registerInspect } from './inspect.ts';
import { registerInventory } from './inventory.ts';
import { registerLoad } from './load.ts';
import { registerRender } from './render.ts';
import { registerReport } from './report.ts';
import { registerRun } from './run.ts';
import { signalOfStops } from './stops.ts';

async function main(): Promise<void> {
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    signal: signalOfStops(process),
    root,
    version,
  };
  const program = new Command('topology-bench')
    .description(
      'Deploys model-serving topologies to Kubernetes or to this machine, load-tests them, and reports p50, p95 and RPS.',
    )
    .version(version)
    .showHelpAfterError('(add --help for the options)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done; 1 the run or a check failed, or its result is not valid; 2 wrong input, nothing started; 130 cancelled.',
    )
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'topology-bench: '));
      },
    })
    .exitOverride();
  for (const register of [
    registerRun,
    registerReport,
    registerLoad,
    registerInspect,
    registerRender,
    registerInventory,
    registerClean,
  ]) {
    register(program, context);
  }
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** @returns the exit code */
function report(error: unknown): number {
  // Commander has printed its own already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  printFailure(error, process.stderr);
  return exitCodeOfFailure(error);
}

/** The bundle lies in dist/, the source in src/cli/. */
function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.endsWith(join('src', 'cli')) ? join(here, '..', '..') : join(here, '..');
}

void main();
