import { basename } from 'node:path';
import { planSubject } from '../core/anyPlan.ts';
import type { AnyPlan } from '../core/endpointPlan.ts';
import { BenchError, explain, isCancelled } from '../core/errors.ts';
import type { ClusterName, Pool } from '../core/pools.ts';
import { formatTime } from '../core/view/format.ts';
import { isRunning, processOf } from '../engine/runner.ts';
import { clusterName } from '../kubernetes/index.ts';
import { claimsDirectory, dropClaim, takeTurn, type Claim } from '../runs/claims.ts';
import type { Chosen } from './choices.ts';
import type { CliContext } from './context.ts';

/** Which cluster a run was started for; null on this machine, and where the kubeconfig cannot be read. */
export function clusterOf({ plan, kubeContext, kubeconfigPath }: Chosen): ClusterName | null {
  if (plan.target.kind === 'local') return null;
  try {
    return clusterName({
      ...(kubeContext === undefined ? {} : { context: kubeContext }),
      ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
    });
  } catch {
    // The run says itself what is wrong with the kubeconfig.
    return null;
  }
}

/** Of a run that nobody else heard of: there is nothing to take back. */
const noTurn = async (): Promise<void> => undefined;

/**
 * Waits until no other benchmark of this user, from here or from VS Code, uses what this one would, and says for what it waits.
 * @param directory of the claims; by default that of the cache
 * @returns gives the turn to the next one
 * @throws BenchError cancelled; target-busy where it may not wait
 */
export async function awaitTurn(
  run: { readonly id: string; readonly plan: AnyPlan; readonly pools: readonly Pool[]; readonly mayWait: boolean },
  context: CliContext,
  directory = claimsDirectory(),
): Promise<() => Promise<void>> {
  const { id, plan, pools, mayWait } = run;
  if (pools.length === 0) return noTurn;
  const claimant = {
    runId: id,
    pools: pools.map(({ key }) => key),
    subject: planSubject(plan),
    door: 'the command line',
    folder: basename(process.cwd()) || null,
    ...(await processOf(process.pid)),
  } as const;
  let said = '';
  const waits = (other: Claim): void => {
    if (!mayWait) {
      // Whose it is, and on which context, is for who started this one, and not for what CI keeps.
      context.stderr.write(`Under way: ${describe(other, pools)}.\n`);
      throw busy(other, pools);
    }
    const line = `Waits for ${describe(other, pools)}. Ctrl-C ends the wait; --no-wait refuses it.\n`;
    if (line !== said) context.stderr.write(line);
    said = line;
  };
  try {
    const path = await takeTurn(directory, claimant, { isAlive: isRunning, waits, signal: context.signal });
    return () => dropClaim(path);
  } catch (error) {
    if (isCancelled(error) || (error instanceof BenchError && error.reason === 'target-busy')) throw error;
    context.stderr.write(`Warning: Whether another benchmark is under way cannot be told: ${explain(error)}.\n`);
    return noTurn;
  }
}

function busy(other: Claim, pools: readonly Pool[]): BenchError {
  return new BenchError({
    reason: 'target-busy',
    message: `Two benchmarks at the same time would falsify each other, and another one uses ${sharedBy(other, pools)?.publicWords ?? 'the same'}.`,
    nextStep: 'Start it again when that one has ended, or leave --no-wait out to wait for it.',
  });
}

function sharedBy({ pools }: Claim, own: readonly Pool[]): Pool | undefined {
  return own.find(({ key }) => pools.includes(key));
}

/** "the benchmark of sentiment from VS Code (process 123, in models), which uses this machine and is under way since ..." */
function describe(other: Claim, own: readonly Pool[]): string {
  const { subject, door, pid, folder, since, isUnderWay } = other;
  const shared = sharedBy(other, own)?.words ?? 'the same';
  const place = folder === null ? '' : `, in ${folder}`;
  const state = isUnderWay ? 'has been under way' : 'has waited itself';
  return `the benchmark of ${subject} from ${door} (process ${String(pid)}${place}), which uses ${shared} and ${state} since ${formatTime(since)}`;
}
