import type { LoadName } from '../phaseLoad.ts';
import { tellingLevel, type Measured, type MeasuredTopology, type PhaseRow } from './measured.ts';
import { kneeOf } from './searchTexts.ts';

/** The level that a result is told by (see tellingLevel). */
export function levelToTell(measured: Measured, rows: readonly PhaseRow[]): LoadName | undefined {
  return tellingLevel(rowsToTell(measured, rows));
}

/**
 * Those that a result may be told by: of a ladder none beyond the knee of every topology, since there it is asked for more than
 * pays, and the knee is its answer.
 */
export function rowsToTell(measured: Measured, rows: readonly PhaseRow[]): readonly PhaseRow[] {
  if (measured.plan.load.search?.kind !== 'ladder') return rows;
  const most = Math.max(...measured.topologies.map((topology) => lastThatPays(measured, topology, rows)));
  const paying = rows.filter(({ load }) => load.connections === null || load.connections <= most);
  return paying.length > 0 ? paying : rows;
}

/** Connections; where the load generator set the rate, the last before that. Infinity where nothing says that more pay less. */
function lastThatPays(measured: Measured, topology: MeasuredTopology, rows: readonly PhaseRow[]): number {
  const knee = kneeOf(measured, topology, rows);
  if (knee?.kind === 'knee') return knee.connections;
  if (knee?.kind !== 'generator') return Infinity;
  const below = rows.flatMap(({ topology: name, load: { connections }, validity }) =>
    name === topology.key && validity.valid && connections !== null && connections < knee.connections
      ? [connections]
      : [],
  );
  return below.length === 0 ? Infinity : Math.max(...below);
}
