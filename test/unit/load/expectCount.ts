import { expect } from 'vitest';
import type { PhaseMeasurement } from '../../../src/core/load.ts';
import type { Behaviour, Truth } from './truth-server.ts';

/** What the client counted as `kind` is what the server did, up to the requests still in flight at the end. */
export function expectCount(
  counted: number | undefined,
  measured: PhaseMeasurement,
  truth: Truth,
  ...behaviours: Behaviour[]
): void {
  const done = behaviours.reduce((sum, behaviour) => sum + (truth.done[behaviour] ?? 0), 0);
  expect(done).toBeGreaterThan(0);
  expect(counted ?? 0).toBeLessThanOrEqual(done);
  expect(counted ?? 0).toBeGreaterThanOrEqual(done - measured.requests.inFlight);
}
