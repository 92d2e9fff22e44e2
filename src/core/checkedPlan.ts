import type * as z from 'zod';
import { BenchError } from './errors.ts';
import { nearestIssues } from './nearestIssues.ts';
import { issueText } from './schemaWords.ts';

/**
 * A plan from JSON of unknown origin, by the schema of its kind.
 * @throws BenchError plan-invalid, naming each field that is wrong
 */
export function checkedPlan<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .flatMap(nearestIssues)
    .map((issue) => `${issue.path.join('.') || 'plan'}: ${issueText(issue)}`);
  throw new BenchError({
    reason: 'plan-invalid',
    message: `The plan is not valid: ${problems.join('; ')}.`,
    nextStep: 'Correct the fields named and start again.',
  });
}
