/** `topology-bench load` alone, as a program: the folder with dist/worker.cjs comes from the environment. */
import { Command, CommanderError } from 'commander';
import { exitCodes } from '../../../src/cli/context.ts';
import { registerLoad } from '../../../src/cli/load.ts';
import { BenchError, explain } from '../../../src/core/errors.ts';

const interrupted = new AbortController();
process.on('SIGINT', () => {
  interrupted.abort();
});
const program = new Command('topology-bench').exitOverride();
registerLoad(program, {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  signal: interrupted.signal,
  root: process.env['TEST_ROOT'] ?? '',
  version: '0.0.0',
});
for (const command of program.commands) command.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) process.stderr.write(`topology-bench: ${explain(error)}\n`);
  const usage = error instanceof CommanderError || (error instanceof BenchError && error.reason !== 'load-failed');
  process.exitCode = usage ? exitCodes.usage : exitCodes.failed;
}
