import * as vscode from 'vscode';
import { planSubject } from '../core/anyPlan.ts';
import { explain, isCancelled } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { ClusterName, Pool } from '../core/pools.ts';
import type { Claim, ClaimProcess } from '../runs/claims.ts';
import type { TargetChoice } from './choices.ts';
import { loadEngine, loadKubernetes } from './engine.ts';

/** A run's turn among all benchmarks of this user, those of other windows and of the command line included. */
export interface Turn {
  /**
   * Waits for it, and says for what. Where that cannot be told the run begins.
   * @throws BenchError cancelled
   */
  take(waits: (text: string) => void, signal: AbortSignal): Promise<void>;
  /** Path of the claim that was taken, which the run's process gets and gives up at its end; null: there is none. */
  readonly claim: string | null;
  /** For a run that is not begun after all. Never rejects. */
  giveUp(): Promise<void>;
}

/** Of a run that is under way already. */
export const goneBy: Turn = { take: async () => undefined, claim: null, giveUp: async () => undefined };

/** Of which run it is, and on what it would run. */
interface RunToCome {
  readonly id: string;
  readonly plan: Plan;
  readonly target: TargetChoice;
  /** Path of the kubeconfig; null: KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig: string | null;
}

/** Of a run that this window would begin. */
export class OwnTurn implements Turn {
  readonly #run: RunToCome;
  readonly #log: vscode.LogOutputChannel;
  #claim: string | null = null;

  constructor(run: RunToCome, log: vscode.LogOutputChannel) {
    this.#run = run;
    this.#log = log;
  }

  get claim(): string | null {
    return this.#claim;
  }

  async take(waits: (text: string) => void, signal: AbortSignal): Promise<void> {
    const { id, plan } = this.#run;
    try {
      const engine = await loadEngine();
      const pools = engine.poolsOf(plan, await this.#cluster());
      if (pools.length === 0) return;
      const claimant = {
        runId: id,
        pools: pools.map(({ key }) => key),
        subject: planSubject(plan),
        door: 'VS Code',
        folder: vscode.workspace.name ?? null,
        ...(await thisWindow()),
      } as const;
      this.#claim = await engine.takeTurn(engine.claimsDirectory(), claimant, {
        isAlive: engine.isRunning,
        waits: (other) => {
          waits(waitingFor(other, pools));
        },
        signal,
      });
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.#log.warn(`${id}: whether another benchmark is under way cannot be told: ${explain(error)}`);
    }
  }

  async giveUp(): Promise<void> {
    const path = this.#claim;
    this.#claim = null;
    if (path !== null) await (await loadEngine()).dropClaim(path);
  }

  /** null for a run without one, and where the kubeconfig cannot be read: the run itself says what is wrong with it. */
  async #cluster(): Promise<ClusterName | null> {
    const { target, kubeconfig } = this.#run;
    if (target.kind === 'local') return null;
    try {
      const { clusterName } = await loadKubernetes();
      return clusterName({ context: target.context, ...(kubeconfig === null ? {} : { kubeconfigPath: kubeconfig }) });
    } catch (error) {
      this.#log.debug(`Which cluster the context is of cannot be told: ${explain(error)}`);
      return null;
    }
  }
}

async function thisWindow(): Promise<ClaimProcess> {
  return (await loadEngine()).processOf(process.pid);
}

/** Whose run it is, since when, from where, and what both would use. */
function waitingFor({ subject, door, folder, pid, pools, since, isUnderWay }: Claim, own: readonly Pool[]): string {
  const shared = own.find(({ key }) => pools.includes(key))?.words ?? '';
  const from = door === 'VS Code' ? 'VS Code' : vscode.l10n.t('the command line');
  const place = [folder ?? [], vscode.l10n.t('process {0}', String(pid))].flat().join(', ');
  const time = new Intl.DateTimeFormat(vscode.env.language, { timeStyle: 'short' }).format(new Date(since));
  return isUnderWay
    ? vscode.l10n.t(
        'Waits for the benchmark of {0} from {1} ({2}), which is under way since {3} and uses {4}, too.',
        subject,
        from,
        place,
        time,
        shared,
      )
    : vscode.l10n.t(
        'Waits for the benchmark of {0} from {1} ({2}), which waits itself since {3} and would use {4}, too.',
        subject,
        from,
        place,
        time,
        shared,
      );
}
