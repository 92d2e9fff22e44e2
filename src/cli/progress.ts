import { topologyName } from '../core/anyPlan.ts';
import type { AnyPlan } from '../core/endpointPlan.ts';
import type { RunEvent } from '../core/events.ts';
import { gistOf } from '../core/gist.ts';
import { topologyKey } from '../core/topologyKey.ts';
import type { CliContext } from './context.ts';

export interface ProgressPrinter {
  readonly print: (event: RunEvent) => void;
  /** The run was told to stop and cleans up. */
  readonly stopping: () => void;
  readonly end: () => void;
}

/** Prints a run's events: one line that rewrites itself on a terminal, plain lines elsewhere. All on stderr. */
export function progressPrinter(plan: AnyPlan, context: CliContext): ProgressPrinter {
  const { stderr } = context;
  const live = stderr.isTTY;
  let shown = '';
  let last = '';
  let phase = '';
  /** Said since the topology was deployed: each level is warmed up and measured, and says so by its figures. */
  const said = new Set<string>();
  const clear = (): void => {
    if (shown !== '') stderr.write('\r\u001b[K');
    shown = '';
  };
  const line = (text: string): void => {
    if (text === last) return;
    last = text;
    clear();
    stderr.write(`${text}\n`);
  };
  const passing = (text: string): void => {
    if (!live) return;
    clear();
    shown = text.slice(0, Math.max(20, stderr.columns - 1));
    stderr.write(shown);
  };
  return {
    print(event) {
      const topology = 'topology' in event ? event.topology : null;
      const at = topology === null ? '' : `${topologyName(plan, topology)}: `;
      switch (event.type) {
        case 'run-started': {
          const names = event.plan.topologies.map((each) => topologyName(plan, topologyKey(each)));
          line(`Run ${event.id}: ${names.join(', ')}, profile ${event.plan.load.profile}`);
          break;
        }
        case 'stage':
          // Of an endpoint nothing was made.
          if (event.stage === 'delete' && plan.target.kind === 'endpoint') break;
          // A process says by itself what it is waited for.
          if (event.stage === 'wait' && plan.target.kind === 'local') break;
          if (event.stage === 'apply') said.clear();
          if (stageTexts[event.stage] === undefined || said.has(`${at}${event.stage}`)) break;
          said.add(`${at}${event.stage}`);
          line(`${at}${stageTexts[event.stage] ?? ''}`);
          break;
        case 'status':
          // What a cluster says of a pod begins with its component already.
          line(event.message.startsWith(at) ? event.message : `${at}${event.message}`);
          break;
        case 'upload':
          passing(`${at}uploading the model, ${percent(event.sentBytes, event.totalBytes)}`);
          break;
        case 'phase-started':
          phase = phaseName(event.load, event.repetition, plan);
          passing(`${at}${phase}`);
          break;
        case 'phase-snapshot': {
          const { snapshot } = event;
          passing(`${at}${phase}  ${snapshot.rps.toFixed(0)} RPS  p95 ${snapshot.latency.p95Ms?.toFixed(1) ?? '-'} ms`);
          break;
        }
        case 'phase-ended': {
          if (event.result.kind === 'warm-up') break;
          const { measurement, validity } = event.result;
          const { p95Ms } = measurement.latency;
          const p95 = p95Ms === null ? 'p95 unknown' : `p95 ${p95Ms.toFixed(2)} ms`;
          const [reason = ''] = validity.reasons;
          const doubt = validity.valid ? '' : `  NOT VALID: ${gistOf(reason)}`;
          line(
            `${at}${phaseName(event.result, event.result.repetition, plan)}  ${measurement.rps.toFixed(1)} RPS  ${p95}${doubt}`,
          );
          break;
        }
        case 'repetition-ended':
          break;
        case 'topology-ended':
          if (event.result.failure !== null) line(`${at}${event.result.status}: ${event.result.failure.message}`);
          break;
        case 'warning':
          line(`Warning: ${event.message}`);
          break;
        case 'run-ended':
        case 'run-closed':
          break;
      }
    },
    stopping() {
      const left = plan.target.kind === 'kubernetes' ? ', and leaves the rest to "topology-bench clean"' : '';
      line(live ? `Stopping. Ctrl-C once more ends this at once${left}.` : 'Stopping');
    },
    end: clear,
  };
}

const stageTexts: Partial<Record<string, string>> = {
  preflight: 'checking the target',
  apply: 'deploying',
  upload: 'uploading the model',
  wait: 'waiting until it is ready',
  answers: 'comparing answers',
  'warm-up': 'warming up',
  load: 'measuring',
  delete: 'cleaning up',
};

/** "c8", or with several repetitions "c8 (2 of 5)". */
function phaseName({ name }: { readonly name: string }, repetition: number, { load }: AnyPlan): string {
  return load.repetitions === 1 ? name : `${name} (${String(repetition)} of ${String(load.repetitions)})`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '100%' : `${String(Math.floor((100 * part) / whole))}%`;
}
