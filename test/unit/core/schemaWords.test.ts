import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BenchError, explain } from '../../../src/core/errors.ts';
import { nearestIssues } from '../../../src/core/nearestIssues.ts';
import { issueText } from '../../../src/core/schemaWords.ts';

function textsOf(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return (parsed.error?.issues ?? []).flatMap(nearestIssues).map((issue) => issueText(issue, value));
}

describe('what a schema says of a value, in words', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string(), 7, 'must be a text, and is 7'],
    [z.number(), 'two', 'must be a number, and is the text "two"'],
    [z.number(), null, 'must be a number, and is empty'],
    [z.number().int(), 0.5, 'must be a whole number, and is 0.5'],
    [z.boolean(), 'maybe', 'must be true or false, and is the text "maybe"'],
    [z.array(z.number()), {}, 'must be a list, and is a group of fields'],
    [z.strictObject({}), [], 'must be a group of fields, and is a list'],
    [z.enum(['a', 'b', 'c']), 'd', 'must be "a", "b" or "c", and is the text "d"'],
    [z.literal(1), 2, 'must be 1, and is 2'],
    [z.number().min(1), 0, 'must be at least 1, and is 0'],
    [z.number().positive(), 0, 'must be above 0, and is 0'],
    [z.number().max(5), 6, 'must be at most 5, and is 6'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().max(2), 'abc', 'must have at most 2 characters'],
    [z.array(z.number()).min(2), [1], 'must have 2 or more entries'],
    [z.string().regex(/^a$/, 'must be a single "a"'), 'b', 'must be a single "a"'],
    [z.string().regex(/^a$/), 'b', 'does not have the form that it must have, and is the text "b"'],
    [z.union([z.literal('none'), z.strictObject({})]), 3, 'must be "none" or a group of fields, and is 3'],
    [z.string(), 'x', ''],
  ])('%#', (schema, value, text) => {
    expect(textsOf(schema, value).join()).toBe(text);
  });

  it('repeats no value that it is not given', () => {
    const [issue] = z.number().safeParse('hush').error?.issues ?? [];
    expect(issue && issueText(issue)).toBe('must be a number');
  });
});

describe('an error with a place', () => {
  it('says it first, as editors read it', () => {
    const at = (where: BenchError['where']): string =>
      explain(new BenchError({ reason: 'plan-invalid', message: 'It is wrong.', nextStep: 'Correct it.', where }));
    expect(at({ file: 'a.yaml', line: 3, column: 8 })).toBe('a.yaml:3:8: It is wrong. Correct it.');
    expect(at({ file: 'a.yaml', line: 3 })).toBe('a.yaml:3: It is wrong. Correct it.');
    expect(at({ file: 'a.yaml' })).toBe('a.yaml: It is wrong. Correct it.');
    expect(at(undefined)).toBe('It is wrong. Correct it.');
  });
});
