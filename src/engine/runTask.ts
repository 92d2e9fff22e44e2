import type { Plan } from '../core/plan.ts';
import type { Origin } from '../core/ports.ts';

/** All that a run's own process needs; it goes there by standard input, because an address may hold a password. Plain JSON. */
export interface RunTask {
  readonly runId: string;
  readonly plan: Plan;
  readonly origin: Origin;
  /** The program's own folder and version. */
  readonly root: string;
  readonly version: string;
  /** The pods' file names to paths on this machine. */
  readonly modelPaths: Readonly<Record<string, string>>;
  readonly resultsDirectory: string;
  /** The run's turn (see runs/claims.ts), which its process has and gives up at its end; null: none. */
  readonly claim: string | null;
  readonly target:
    | { readonly kind: 'local' }
    | {
        readonly kind: 'kubernetes';
        readonly context: string;
        /** null: KUBECONFIG or ~/.kube/config. */
        readonly kubeconfig: string | null;
        readonly packageIndexUrl: string | null;
      };
}
