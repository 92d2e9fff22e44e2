import type * as z from 'zod';

/** What a schema's own types are called by people who write a file by hand. */
const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
  null: 'null',
};

/**
 * What is wrong with a value, in the words of who wrote it and not in the parser's; completes "cores: ...".
 * @param value the value itself, which is repeated; leave it out where it may be private
 */
export function issueText(issue: z.core.$ZodIssue, ...value: readonly [unknown?]): string {
  const is = value.length === 0 ? '' : `, and ${valueText(value[0])}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeText(issue.expected)}${is}`;
    case 'invalid_value':
      return `must be ${listText(issue.values.map(literalText))}${is}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      if (issue.origin === 'array') return `must have ${String(issue.minimum)} or more entries`;
      return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${String(issue.minimum)}${is}`;
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${String(issue.maximum)} characters`;
      if (issue.origin === 'array') return `must have at most ${String(issue.maximum)} entries`;
      return `must be ${issue.inclusive === false ? 'below' : 'at most'} ${String(issue.maximum)}${is}`;
    case 'invalid_format':
      // Those of ours say what is meant; the parser's own quotes a pattern.
      return issue.message.startsWith('Invalid') ? `does not have the form that it must have${is}` : issue.message;
    case 'invalid_union':
      // `nearestIssues` says what it may be, where its shapes have types.
      return `${issue.message.startsWith('Invalid') ? 'must be something else' : issue.message}${is}`;
    case 'unrecognized_keys':
      return `has what is not known: ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    case 'custom':
      return issue.message;
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
      // None of our schemas asks for such a thing.
      return issue.message;
  }
}

/** As `issue.expected` has it; a literal is in its own words already. */
export function typeText(expected: string): string {
  return typeWords[expected] ?? expected;
}

/** "a, b or c" */
export function listText(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

export function literalText(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

const longestQuote = 60;

/** What a value is; completes "must be a number, and ...". */
function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'is empty';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'object') return 'is a group of fields';
  if (typeof value === 'string') {
    return value.length > longestQuote ? 'is a longer text' : `is the text "${value}"`;
  }
  return `is ${JSON.stringify(value)}`;
}
