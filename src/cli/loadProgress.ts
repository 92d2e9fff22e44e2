import type { PhaseSnapshot } from '../core/load.ts';
import type { Phase } from '../core/plan.ts';
import { sentence } from '../core/view/format.ts';
import type { CliContext } from './context.ts';

export interface ProgressLines {
  /** What is waited for before the first phase. */
  readonly status: (message: string) => void;
  readonly started: (phase: number) => void;
  readonly snapshot: (phase: number, snapshot: PhaseSnapshot) => void;
  readonly end: () => void;
}

/** One line that rewrites itself on a terminal; elsewhere a line when a phase starts and every ten seconds. */
export function progressLines(phases: readonly Phase[], context: CliContext): ProgressLines {
  const { stderr } = context;
  const live = stderr.isTTY;
  const line = (text: string): void => {
    stderr.write(live ? `\r\u001b[K${text}` : `${text}\n`);
  };
  return {
    status(message) {
      line(sentence(message));
    },
    started(index) {
      const phase = phases[index];
      if (phase !== undefined)
        line(`${phase.kind === 'warm-up' ? 'Warming up' : 'Measuring'} for ${String(phase.durationSeconds)} s`);
    },
    snapshot(index, snapshot) {
      const elapsedSeconds = Math.round(snapshot.elapsedMs / 1000);
      if (!live && elapsedSeconds % 10 !== 0) return;
      const { p50Ms, p95Ms } = snapshot.latency;
      const figure = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)} ms`);
      line(
        `${String(elapsedSeconds)} of ${String(phases[index]?.durationSeconds ?? '?')} s: ${snapshot.rps.toFixed(0)} successes/s, p50 ${figure(p50Ms)}, p95 ${figure(p95Ms)}, ${String(snapshot.requests.errors)} errors`,
      );
    },
    end() {
      if (live) stderr.write('\r\u001b[K');
    },
  };
}
