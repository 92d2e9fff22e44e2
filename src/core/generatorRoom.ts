import { BenchError } from './errors.ts';
import type { LoadPlan } from './plan.ts';

/**
 * Several load generators share the room in flight of an open loop, and each needs a place of its own: with less, the plan would
 * be loaded with more room than it says. No part of the plan's schema, by which records from before this rule are read.
 * @throws BenchError plan-invalid
 */
export function checkGeneratorRoom({ phases, search, generators }: LoadPlan): void {
  const open = phases.filter((phase) => phase.loop === 'open');
  const rooms = [
    ...open.map(({ name, maxInFlight }) => ({ name: `the phase "${name}"`, maxInFlight })),
    ...(search?.kind === 'slo' ? [{ name: 'the search for a rate', maxInFlight: search.maxInFlight }] : []),
  ];
  const narrow = rooms.find(({ maxInFlight }) => maxInFlight < generators);
  if (narrow === undefined) return;
  throw new BenchError({
    reason: 'plan-invalid',
    message: `The plan is not valid: ${narrow.name} allows ${String(narrow.maxInFlight)} unanswered at a time (maxInFlight), which ${String(generators)} load generators cannot share.`,
    nextStep: `Raise maxInFlight to ${String(generators)} or more, or take fewer load generators.`,
  });
}
