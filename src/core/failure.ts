import { BenchError, type Reason } from './errors.ts';
import type { Failure } from './record.ts';

/** An error as plain JSON; who puts it into a record takes what is private out of its message. */
export function failureOf({ reason, message, nextStep }: BenchError): Failure {
  return { reason, message, nextStep: nextStep ?? null };
}

/** The error that `failureOf` was made of, but for its cause. */
export function errorOf({ reason, message, nextStep }: Failure): BenchError {
  return new BenchError({ reason: reason as Reason, message, nextStep: nextStep ?? undefined });
}

/** What is left behind by a run that never came to the end of its clean-up. */
export function cutOff(): BenchError {
  return new BenchError({
    reason: 'clean-up-incomplete',
    message: 'The run ended before it had cleaned up, so something of it may be left.',
    nextStep: 'Run Clean Up to find and remove it.',
  });
}
