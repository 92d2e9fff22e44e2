import type * as z from 'zod';
import { listText, literalText, typeText } from './schemaWords.ts';

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with a value that may have one of several shapes: what keeps it from the shape that it comes nearest to, by
 * whole paths. Nearest is one whose own type it has (a mapping, a text, ...), and of these the one with the fewest issues; a
 * value that has the type of none gets one issue, which says what was expected. Any other issue is itself.
 */
export function nearestIssues(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const shapes = issue.errors.filter((errors) => errors.flatMap(expectedTypes).length === 0);
  const [nearest] = shapes.sort((a, b) => a.length - b.length);
  if (nearest !== undefined) {
    return nearest.flatMap(nearestIssues).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  const expected = [...new Set(issue.errors.flat().flatMap(expectedTypes))];
  if (expected.length === 0) return [issue];
  return [{ ...issue, message: `must be ${listText(expected.map(typeText))}` }];
}

/** What the value itself should have been; nothing where only a part of it is wrong. */
function expectedTypes(issue: Issue): readonly string[] {
  if (issue.path.length > 0) return [];
  if (issue.code === 'invalid_type') return [issue.expected];
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(expectedTypes);
  if (issue.code !== 'invalid_value') return [];
  return issue.values.map(literalText);
}
