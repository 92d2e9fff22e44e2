/** What the other load generators print of themselves, read into one form. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';

export interface Figures {
  /** Answered with success. */
  readonly requests: number;
  readonly errors: number;
  readonly requestsPerSecond: number;
  /** Milliseconds; null where the program does not say. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** The nearest quantiles that it gives instead of p95: p90 and p97.5. */
  readonly aroundP95Ms?: readonly [number, number];
}

const plainSchema = z.object({
  requests: z.number(),
  errors: z.number(),
  requestsPerSecond: z.number(),
  p50Ms: z.number(),
  p90Ms: z.number(),
  p97_5Ms: z.number(),
  cpuSeconds: z.number(),
});

/** Of autocannonProgram.ts. autocannon gives p90 and p97.5, and no p95. */
export function readPlainAutocannon(output: string): Figures & { readonly cpuSeconds: number } {
  const { p90Ms, p97_5Ms, ...figures } = plainSchema.parse(JSON.parse(output));
  return { ...figures, p95Ms: null, aroundP95Ms: [p90Ms, p97_5Ms] };
}

const wrkSchema = z.object({
  requests: z.number(),
  microseconds: z.number().positive(),
  errors: z.number(),
  p50Microseconds: z.number(),
  p95Microseconds: z.number(),
});

/** Of wrk.lua, whose line of JSON follows wrk's own report. */
export function readWrk(output: string): Figures {
  const line = output.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`wrk printed no figures: ${output.slice(-300)}`);
  const said = wrkSchema.parse(JSON.parse(line));
  return {
    requests: said.requests,
    errors: said.errors,
    requestsPerSecond: (said.requests * 1e6) / said.microseconds,
    p50Ms: said.p50Microseconds / 1000,
    p95Ms: said.p95Microseconds / 1000,
  };
}

const vegetaSchema = z.object({
  latencies: z.object({ '50th': z.number(), '95th': z.number() }),
  requests: z.number(),
  throughput: z.number(),
  success: z.number(),
});

/** Of `vegeta report -type=json`; its times are nanoseconds. */
export function readVegeta(output: string): Figures {
  const { latencies, requests, throughput, success } = vegetaSchema.parse(JSON.parse(output));
  return {
    requests,
    errors: Math.round(requests * (1 - success)),
    requestsPerSecond: throughput,
    p50Ms: latencies['50th'] / 1e6,
    p95Ms: latencies['95th'] / 1e6,
  };
}

/**
 * Of the report that perf_analyzer wrote; its times are microseconds.
 * @throws Error with what it printed, when it measured nothing
 */
export async function readPerfAnalyzer(reportPath: string, printed: string): Promise<Omit<Figures, 'requests'>> {
  const report = await readFile(reportPath, 'utf8').catch(() => '');
  return { ...perfAnalyzerReport(report, printed) };
}

/** The columns of a report with one level. */
export function perfAnalyzerReport(report: string, printed: string): Omit<Figures, 'requests'> {
  const [names = '', values = ''] = report.split('\n');
  const columns = values.split(',');
  const column = (name: string): number => {
    const at = names.split(',').indexOf(name);
    const value = Number(at === -1 || columns[at] === '' ? Number.NaN : columns[at]);
    if (Number.isNaN(value)) throw new Error(`perf_analyzer reported no "${name}": ${printed.trim().slice(-600)}`);
    return value;
  };
  return {
    errors: 0,
    requestsPerSecond: column('Inferences/Second'),
    p50Ms: column('p50 latency') / 1000,
    p95Ms: column('p95 latency') / 1000,
  };
}
