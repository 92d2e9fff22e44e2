import type { AnyPlan } from '../endpointPlan.ts';
import type { PhaseResult } from '../record.ts';
import { formatCount } from './format.ts';
import type { Measured, MeasuredTopology } from './measured.ts';

/** What is known of a run that the user stopped before it had a figure. */
export interface CancelledEarly {
  /** False: it still waited for another run, so that nothing was made. */
  readonly begun: boolean;
  readonly target: 'local' | 'kubernetes' | 'endpoint';
  /** Whether all that it made is gone; null where that is not known. */
  readonly cleanedUp: boolean | null;
}

/** Stopping is what the user asked for, so it is told without alarm: that there are no figures, and what became of what was made. */
export function cancelledEarlyText({ begun, target, cleanedUp }: CancelledEarly): string {
  if (!begun) return 'The run still waited for another one: nothing was made, and nothing was measured.';
  return sentences('No load was measured to its end, so there are no figures.', cleanUpText(target, cleanedUp));
}

/**
 * What a cancelled run had measured until then, and what became of what it made.
 * @param cleanedUp whether all that it made is gone; null where that is not known
 */
export function cancelledText(measured: Measured, cleanedUp: boolean | null): string {
  const parts = measured.topologies.map((topology) => `${topology.key} ${measuredOf(topology, measured.plan)}`);
  return sentences(`Measured until then: ${parts.join('; ')}.`, cleanUpText(measured.plan.target.kind, cleanedUp));
}

function measuredOf({ status, phases, result }: MeasuredTopology, { load }: AnyPlan): string {
  const measured = (result?.phases ?? phases).filter(({ kind }) => kind === 'measured');
  const done = measured.length;
  if (done === 0) return status === 'failed' || status === 'skipped' ? status : 'not yet';
  // How many levels or trials a search takes is known only when it has ended.
  if (load.search?.kind === 'slo') return `in ${formatCount(done, 'trial')}${turnsText(measured)}`;
  if (load.search !== null) {
    const levels = new Set(measured.map(({ name }) => name)).size;
    return `at ${formatCount(levels, 'level')}${turnsText(measured)}`;
  }
  const planned = load.phases.filter(({ kind }) => kind === 'measured').length * load.repetitions;
  if (done >= planned) return 'in full';
  const unit = load.repetitions === 1 ? 'level' : 'measurement';
  return `${String(done)} of ${formatCount(planned, unit)}`;
}

/** " over 2 turns", or nothing where there was one. */
function turnsText(measured: readonly PhaseResult[]): string {
  const turns = new Set(measured.map(({ repetition }) => repetition)).size;
  return turns > 1 ? ` over ${String(turns)} turns` : '';
}

function cleanUpText(target: CancelledEarly['target'], cleanedUp: boolean | null): string {
  if (cleanedUp === null || target === 'endpoint') return '';
  if (!cleanedUp) return 'Something that it made may still be on the cluster: run "Topology Bench: Clean Up".';
  return target === 'local' ? 'Its servers and its load have ended.' : 'What it had made on the cluster was removed.';
}

function sentences(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ');
}
