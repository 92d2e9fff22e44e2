import type { AnyPlan } from '../core/endpointPlan.ts';
import type { Pool } from '../core/pools.ts';
import type { Origin, Payload, Served, Target } from '../core/ports.ts';

/** A run that can begin: its plan, and what carries it out. */
export interface Prepared<Run extends AnyPlan> {
  readonly plan: Run;
  readonly payload: Payload;
  readonly origin: Origin;
  /** Text of the model config that the plan's settings are from, to be kept; null without one. */
  readonly configText: string | null;
  /** What it would share with no other run. */
  readonly pools: readonly Pool[];
  /** Whole sentences, told before it begins. */
  readonly warnings: readonly string[];
  readonly makeTarget: () => Target<Run, Served>;
  /**
   * The last question, when everything else is in order.
   * @throws BenchError target-refused, cancelled
   */
  readonly confirm: () => Promise<void>;
}
