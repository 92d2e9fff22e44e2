import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { BenchError, explain, isCancelled, type Reason } from '../core/errors.ts';
import { registerClean } from './clean.ts';
import { type CliContext, exitCodes } from './context.ts';
import { registerInspect } from './inspect.ts';
import { registerInventory } from './inventory.ts';
import { registerLoad } from './load.ts';
import { registerRender } from './render.ts';
import { registerRun } from './run.ts';

/** Wrong input, as opposed to a run that went wrong. */
const usageReasons: readonly Reason[] = [
  'plan-invalid',
  'model-not-found',
  'model-incomplete',
  'tokenizer-missing',
  'model-unsupported',
  'payload-invalid',
  'kubeconfig-missing',
  'kubeconfig-broken',
  'target-refused',
];

async function main(): Promise<void> {
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    signal: signalOfInterrupts(),
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
      '\nExit codes: 0 done; 1 the run failed or its result is not valid; 2 wrong input, nothing started; 130 cancelled.',
    )
    .exitOverride();
  for (const register of [
    registerRun,
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

/** Prints what went wrong, once, and says which exit code it is. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  process.stderr.write(`topology-bench: ${explain(error)}\n`);
  if (isCancelled(error)) return exitCodes.cancelled;
  if (error instanceof BenchError) return usageReasons.includes(error.reason) ? exitCodes.usage : exitCodes.failed;
  if (process.env['TOPOLOGY_BENCH_DEBUG'] !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCodes.failed;
}

/** The first Ctrl-C stops the run and cleans up; a second one ends the program at once. */
function signalOfInterrupts(): AbortSignal {
  const controller = new AbortController();
  const interrupted = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.cancelled);
    controller.abort();
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  process.on('SIGHUP', interrupted);
  return controller.signal;
}

/** The bundle lies in dist/, the source in src/cli/. */
function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.endsWith(join('src', 'cli')) ? join(here, '..', '..') : join(here, '..');
}

void main();
