import { planSubject } from '../anyPlan.ts';
import { gpuUseOf } from '../gpuUse.ts';
import { foundRate, levelsOf, phaseOf, whyMissing, type FoundRate, type Level } from '../levels.ts';
import type { Interval, Intervals, PhaseResult, RunRecord, TopologyResult } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { csvText, type CsvCell } from './csvText.ts';

/**
 * A record as CSV, for spreadsheets and scripts: a header, then a row for each topology, turn and level that was measured, and one
 * for each level that has no numbers, which says why. Numbers are the record's own, in full; docs/export.md says what the
 * columns are.
 */
export function recordCsv(record: RunRecord): string {
  const rows = record.topologies.flatMap((result) => [
    ...turnsOf(result).map(({ turn, phase }): Row => ({ record, result, turn, level: phase.name, phase, why: null })),
    ...missingLevels(record, result).map((level): Row => ({
      record,
      result,
      turn: null,
      level: level.level,
      phase: null,
      why: whyMissing(record, level),
    })),
  ]);
  return csvText([csvColumns, ...rows.map((row) => columns.map(([, cell]) => cell(row)))]);
}

interface Row {
  readonly record: RunRecord;
  readonly result: TopologyResult;
  /** From 1, or "combined": over all of them. */
  readonly turn: number | 'combined' | null;
  readonly level: string;
  /** null: it has no numbers. */
  readonly phase: PhaseResult | null;
  /** Why not; null where it has. */
  readonly why: string | null;
}

type Turn = Pick<Row, 'turn'> & { readonly phase: PhaseResult };

/** What holds over all turns comes before what each of them measured. */
function turnsOf({ phases, combined }: TopologyResult): Turn[] {
  return [
    ...(combined ?? []).map((phase): Turn => ({ turn: 'combined', phase })),
    ...phases.map((phase): Turn => ({ turn: phase.repetition, phase })),
  ].filter(({ phase }) => phase.kind === 'measured');
}

function missingLevels(record: RunRecord, { topology }: TopologyResult): Level[] {
  const key = topologyKey(topology);
  return levelsOf(record).filter(
    (level) => level.topology === key && phaseOf(record, level.topology, level.level) === undefined,
  );
}

type Column = readonly [name: string, cell: (row: Row) => CsvCell];

/** A column of what was measured; empty where nothing was. */
function measured(name: string, cell: (phase: PhaseResult) => CsvCell): Column {
  return [name, ({ phase }) => (phase === null ? null : cell(phase))];
}

type Estimated = Exclude<keyof Intervals, 'level' | 'method' | 'resamples' | 'seed'>;

/** A number and the ends of its 95% interval; the ends are empty where it has none. */
function withInterval(
  name: string,
  unit: string,
  quantity: Estimated,
  value: (phase: PhaseResult) => number | null,
): Column[] {
  const end = (side: 'low' | 'high') => (phase: PhaseResult) => {
    const interval = intervalOf(phase, quantity);
    return interval === null || 'unknown' in interval ? null : interval[side];
  };
  return [
    measured(`${name}${unit}`, value),
    measured(`${name}_low${unit}`, end('low')),
    measured(`${name}_high${unit}`, end('high')),
  ];
}

const columns: readonly Column[] = [
  ['run_id', ({ record }) => record.id],
  ['started_at', ({ record }) => record.startedAt],
  ['subject', ({ record }) => planSubject(record.plan)],
  ['profile', ({ record }) => record.plan.load.profile],
  ['target', ({ record }) => record.environment.target],
  ['load_from', ({ record }) => record.plan.load.vantage],
  ['topology', ({ result }) => topologyKey(result.topology)],
  ['status', ({ result }) => result.status],
  ['failure', ({ result }) => result.failure?.message ?? null],
  ['turn', ({ turn }) => turn],
  ['level', ({ level }) => level],
  measured('loop', ({ loop }) => loop),
  measured('connections', (phase) => (phase.loop === 'closed' ? phase.connections : null)),
  measured('rate_per_s', (phase) => (phase.loop === 'open' ? phase.ratePerSecond : null)),
  measured('arrivals', (phase) => (phase.loop === 'open' ? phase.arrivals : null)),
  measured('max_in_flight', (phase) => (phase.loop === 'open' ? phase.maxInFlight : null)),
  measured('seconds', ({ measurement: { window } }) => (window.endMs - window.startMs) / 1000),
  ['slo_p95_ms', ({ record: { plan } }) => (plan.load.search?.kind === 'slo' ? plan.load.search.p95Ms : null)],
  ['found_rate_per_s', (row) => found(row)?.ratePerSecond ?? null],
  ['found_because', (row) => found(row)?.because.join(' | ') ?? null],

  ['valid', ({ phase }) => phase?.validity.valid ?? false],
  ['reasons', ({ phase, why }) => phase?.validity.reasons.join(' | ') ?? why],
  measured('caveats', ({ validity }) => validity.caveats.join(' | ')),
  measured('samples', ({ measurement }) => measurement.latency.samples),
  ...withInterval('p50', '_ms', 'p50Ms', ({ measurement }) => measurement.latency.p50Ms),
  ...withInterval('p95', '_ms', 'p95Ms', ({ measurement }) => measurement.latency.p95Ms),
  ...withInterval('p99', '_ms', 'p99Ms', ({ measurement }) => measurement.latency.p99Ms),
  measured('mean_ms', ({ measurement }) => measurement.latency.meanMs),
  measured('max_ms', ({ measurement }) => measurement.latency.maxMs),
  ...withInterval('rps', '', 'rps', ({ measurement }) => measurement.rps),
  measured('attempted_rps', ({ measurement }) => measurement.attemptedRps),
  measured('interval_method', ({ intervals }) => (intervals === 'not yet computed' ? null : intervals.method)),
  measured('no_interval', noInterval),
  ['gpus', ({ record }) => record.plan.gpu?.count ?? 0],
  ['gpu_use', ({ record, result }) => gpuUseOf(record.plan, result.runtimes)],

  measured('sent', ({ measurement }) => measurement.requests.sent),
  measured('ok', ({ measurement }) => measurement.requests.ok),
  measured('errors', ({ measurement }) => measurement.requests.errors),
  measured('timeouts', ({ measurement }) => measurement.requests.timeouts),
  measured('in_flight_at_end', ({ measurement }) => measurement.requests.inFlight),
  measured('errors_by_kind', ({ measurement }) =>
    Object.entries(measurement.errorsByKind)
      .map(([kind, count]) => `${kind}: ${String(count)}`)
      .join(' | '),
  ),
  measured('server_count', ({ serverCount }) => serverCount),
  measured('triton_inferences', ({ batching }) => batching?.inferences ?? null),
  measured('triton_executions', ({ batching }) => batching?.executions ?? null),
  measured('mean_batch', ({ batching }) => batching?.meanBatchSize ?? null),

  measured('split_mean_ms', ({ split }) => split?.totalMs ?? null),
  measured('split_client_ms', ({ split }) => split?.clientMs ?? null),
  measured('split_gateway_ms', ({ split }) => split?.gatewayMs ?? null),
  measured('split_queue_ms', ({ split }) => split?.queueMs ?? null),
  measured('split_compute_ms', ({ split }) => split?.computeMs ?? null),
  measured('split_other_ms', ({ split }) => split?.otherMs ?? null),
  measured('split_gateway_own_ms', ({ split }) => split?.gateway?.ownMs ?? null),
  measured('split_deidentify_ms', ({ split }) => split?.gateway?.deidentifyMs ?? null),
  measured('split_to_triton_ms', ({ split }) => split?.gateway?.toTritonMs ?? null),
  measured('split_requests', ({ split }) => split?.requests ?? null),

  measured('scheduled', ({ measurement }) => measurement.schedule?.scheduled ?? null),
  measured('sent_late', ({ measurement }) => measurement.schedule?.late ?? null),
  measured('unsent', ({ measurement }) => measurement.schedule?.unsent ?? null),
  measured('schedule_delay_p50_ms', ({ measurement }) => measurement.generator.scheduleDelay?.p50Ms ?? null),
  measured('schedule_delay_p99_ms', ({ measurement }) => measurement.generator.scheduleDelay?.p99Ms ?? null),
  measured('schedule_delay_max_ms', ({ measurement }) => measurement.generator.scheduleDelay?.maxMs ?? null),
  measured('generator_overhead_p50_ms', ({ measurement }) => measurement.generator.overheadMs?.p50 ?? null),
  measured('generator_overhead_p95_ms', ({ measurement }) => measurement.generator.overheadMs?.p95 ?? null),
  measured('generator_event_loop_delay_p99_ms', ({ measurement }) => measurement.generator.eventLoopDelayP99Ms),
  measured('generator_stalled_ms', ({ measurement }) => measurement.generator.stalledMs),
  measured('generator_late_sends', ({ measurement }) => measurement.generator.lateSends),
  measured('generator_cpu_s', ({ measurement }) => measurement.generator.cpuSeconds),
  measured('generator_throttled_ms', ({ measurement }) => measurement.generator.throttledMs),
  measured('generators', ({ measurement }) => measurement.generator.team?.generators ?? 1),
  measured('generators_lost', ({ measurement }) => measurement.generator.team?.lost ?? 0),
];

/** What the search of the row's turn has found, or those of all turns together. */
function found({ result: { searches }, turn }: Row): FoundRate | undefined {
  return foundRate({ searches: typeof turn === 'number' ? searches.slice(turn - 1, turn) : searches });
}

/** Names of the columns, in their order. */
export const csvColumns: readonly string[] = columns.map(([name]) => name);

function intervalOf({ intervals }: PhaseResult, quantity: Estimated): Interval | null {
  return intervals === 'not yet computed' ? null : intervals[quantity];
}

/** "p99: too few samples": of the numbers that have no interval, why. */
function noInterval(phase: PhaseResult): string {
  if (phase.intervals === 'not yet computed') return 'not yet computed';
  const names = { p50Ms: 'p50', p95Ms: 'p95', p99Ms: 'p99', rps: 'rps' } as const satisfies Record<Estimated, string>;
  return (Object.keys(names) as Estimated[])
    .flatMap((quantity) => {
      const interval = intervalOf(phase, quantity);
      return interval !== null && 'unknown' in interval ? [`${names[quantity]}: ${interval.unknown}`] : [];
    })
    .join(' | ');
}
