import { BenchError, explain } from '../core/errors.ts';
import type { PlanFile } from '../core/planFile.ts';
import { chooseFrom, foundPlan } from './choices.ts';
import type { CliContext } from './context.ts';

/** What `run` would make of a file, without a cluster. */
export interface Refusal {
  /** Why it would refuse it and what to do; null where it would not. */
  readonly refusal: string | null;
  /** Whether that is for what the file says, and not for what lies beside it or is not supported so far. */
  readonly isOfText: boolean;
  /** What it would do otherwise than the file says. */
  readonly warnings: readonly string[];
}

/**
 * Goes the way of a run up to its finished plan: the model's files are found, read and hashed. Whether a cluster has room, or is
 * there at all, is no property of a file.
 * @throws whatever is not for the user, and cancelled
 */
export async function refusalOf(
  subject: { readonly file: string; readonly plan: PlanFile | null; readonly tokenizer: string | undefined },
  context: Pick<CliContext, 'root' | 'version' | 'signal'>,
): Promise<Refusal> {
  const { file, plan, tokenizer } = subject;
  // Nothing is deployed, and what the endpoint is comes with the command line.
  if (plan?.target === 'endpoint') return { refusal: null, isOfText: false, warnings: [] };
  const options = { ...(plan === null ? { model: file } : {}), ...(tokenizer === undefined ? {} : { tokenizer }) };
  try {
    const found = plan === null ? undefined : foundPlan(file, plan);
    const { warnings } = await chooseFrom(found, options, context, async () => 'default');
    return { refusal: null, isOfText: false, warnings };
  } catch (error) {
    if (!(error instanceof BenchError) || error.reason === 'cancelled') throw error;
    return { refusal: explain(withoutFile(error, file)), isOfText: error.reason === 'plan-invalid', warnings: [] };
  }
}

/** What is said of a file begins with its name already. */
function withoutFile(error: BenchError, file: string): BenchError {
  const { reason, message, nextStep, where } = error;
  if (where?.file !== file || where.line !== undefined) return error;
  return new BenchError({ reason, message, nextStep, cause: error });
}
