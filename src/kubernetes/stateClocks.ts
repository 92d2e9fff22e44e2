import type { Finding } from './diagnose.ts';

type WaitingFinding = Extract<Finding, { state: 'waiting' }>;

/**
 * For how long each awaited pod has been as it is, by its component, since several pods of a Job have one name. Each trouble that
 * is borne for a time only has a clock of its own, which
 * begins when the trouble does, not with a harmless wait before it. Troubles that take turns, such as the reasons of one failed
 * start, do not begin each other's clocks anew: only a harmless state ends them.
 */
export class StateClocks {
  readonly #waits = new Map<string, { readonly cause: string; readonly sinceMs: number }>();
  readonly #troubles = new Map<string, Map<string, number>>();

  /** Seconds for which the pod has been in this state by now; call it for each look at it. */
  seconds(component: string, finding: WaitingFinding, nowMs: number): number {
    const sinceMs =
      finding.patienceSeconds === undefined
        ? this.#waitSince(component, finding.cause, nowMs)
        : this.#troubleSince(component, finding, nowMs);
    return (nowMs - sinceMs) / 1000;
  }

  /** Forgets pods that are not waited for at the moment. */
  keepOnly(components: readonly string[]): void {
    for (const clocks of [this.#waits, this.#troubles])
      for (const component of clocks.keys()) if (!components.includes(component)) clocks.delete(component);
  }

  #waitSince(component: string, cause: string, nowMs: number): number {
    this.#troubles.delete(component);
    const before = this.#waits.get(component);
    const sinceMs = before?.cause === cause ? before.sinceMs : nowMs;
    this.#waits.set(component, { cause, sinceMs });
    return sinceMs;
  }

  #troubleSince(component: string, { cause, trouble = cause, patienceSeconds }: WaitingFinding, nowMs: number): number {
    this.#waits.delete(component);
    const clocks = this.#troubles.get(component) ?? new Map<string, number>();
    this.#troubles.set(component, clocks);
    // One that is given up sooner than another begins for itself, too.
    const key = `${trouble} ${String(patienceSeconds)}`;
    const sinceMs = clocks.get(key) ?? nowMs;
    clocks.set(key, sinceMs);
    return sinceMs;
  }
}
