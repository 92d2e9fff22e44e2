import { BenchError, explain, isCancelled, type Reason } from '../core/errors.ts';
import { exitCodes, type ExitCode } from './context.ts';

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
  'record-unreadable',
];

/** Prints what went wrong, once. */
export function printFailure(error: unknown, stderr: NodeJS.WritableStream): void {
  stderr.write(`topology-bench: ${namingOption(explain(error))}\n`);
  if (process.env['TOPOLOGY_BENCH_DEBUG'] !== undefined && error instanceof Error && !(error instanceof BenchError))
    stderr.write(`${error.stack ?? ''}\n`);
}

/** What VS Code has as an answer to a question is an option here, and who has no cluster does not know its name yet. */
function namingOption(text: string): string {
  return text.replace('or run on this machine,', 'or run on this machine ("topology-bench run --local"),');
}

/** The exit code of a command that ended with an error before anything was started, or that starts nothing. */
export function exitCodeOfFailure(error: unknown): ExitCode {
  if (isCancelled(error)) return exitCodes.cancelled;
  return error instanceof BenchError && usageReasons.includes(error.reason) ? exitCodes.usage : exitCodes.failed;
}
