import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PhaseResult, RunRecord, TopologyResult } from '../../../src/core/record.ts';
import {
  latencyAgainstThroughput,
  latencyDistribution,
  latencyOverTime,
  percentileBars,
  throughputOverTime,
} from '../../../src/core/view/charts.ts';
import { seriesStyles } from '../../../src/core/view/chart.ts';
import { describeRecord } from '../../../src/core/view/describe.ts';
import { endAnnouncement, headlineOf } from '../../../src/core/view/headline.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { measuredRecord, rowsAt, rowsOf, tellingLevel } from '../../../src/core/view/measured.ts';
import { ownFiguresBesidePaper, paperChart, paperFigures, paperMark } from '../../../src/core/view/paper.ts';
import { recordCaveats, recordFacts } from '../../../src/core/view/provenance.ts';
import { pointText } from '../../../src/core/view/pointText.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { splitBars, splitTable } from '../../../src/core/view/split.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { expectGolden } from '../../support/golden.ts';
import { nameLoad } from '../../../src/core/phaseLoad.ts';
import { profileOf } from '../../../src/core/profiles.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { failedResult, sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';

const golden = (name: string): string => join(import.meta.dirname, 'golden', name);
const complete = sampleRecord();
const eight = nameLoad({ loop: 'closed', connections: 8 });

/** One measured phase of one topology changed. */
function withPhase(
  name: string,
  connections: number,
  change: (phase: PhaseResult) => PhaseResult,
): (result: TopologyResult) => TopologyResult {
  return (result) =>
    result.topology.name !== name
      ? result
      : {
          ...result,
          phases: result.phases.map((phase) =>
            phase.kind === 'measured' && phase.loop === 'closed' && phase.connections === connections
              ? change(phase)
              : phase,
          ),
        };
}

const oneFailed = sampleRecord({
  change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
  record: { status: 'failed', warnings: ['the counters of hybrid could not be read: connection refused'] },
});

const fewSamples = sampleRecord({
  change: withPhase('fastapi', 1, (phase) => ({
    ...phase,
    measurement: {
      ...phase.measurement,
      latency: { ...phase.measurement.latency, p95Ms: null, p99Ms: null, samples: 61 },
    },
    validity: { valid: false, reasons: ['insufficient samples: 61 successes, and p95 needs 90'], caveats: [] },
  })),
});

const someErrors = sampleRecord({
  change: withPhase('hybrid', 32, (phase) => ({
    ...phase,
    measurement: {
      ...phase.measurement,
      requests: { ...phase.measurement.requests, ok: phase.measurement.requests.ok - 5, errors: 5, timeouts: 3 },
      errorsByKind: { timeout: 3, 'HTTP 500': 2 },
    },
  })),
});

const onCpu = sampleRecord({
  plan: samplePlan({ allowCpuProvider: true, load: { ...samplePlan().load, vantage: 'this-machine' } }),
});

function factsOf(record: RunRecord): string {
  return recordFacts(record)
    .map((section) => [`# ${section.title}`, ...section.facts.map((fact) => `${fact.term}: ${fact.text}`)].join('\n'))
    .join('\n\n');
}

describe('a record in words', () => {
  it('says first which topology is ahead and by how much, then what the hybrid costs, and no figure of the cards besides', () => {
    const { text, worth, tone } = headlineOf(measuredRecord(complete));
    expect(text).toBe(
      'First look: at 32 connections triton is ahead in RPS and p95: 917 RPS at p95 47.3 ms [46.7–48.0]. RPS: triton 1.26x hybrid [1.19–1.33], 2.05x fastapi [1.96–2.14]; hybrid 1.63x fastapi [1.56–1.71]. p95 (lower is better): triton 0.74x hybrid [0.73–0.76], 0.42x fastapi [0.40–0.43]; hybrid 0.56x fastapi [0.55–0.58]; hybrid costs 16.4 ms more than triton [15.3–17.5].',
    );
    expect(worth).toContain('95% intervals in brackets');
    expect(worth).toContain('not interleaved');
    expect(tone).toBe('measured');
  });

  it('calls a verdict of one turn a first look, and nothing else', () => {
    expect(headlineOf(measuredRecord(complete)).lead).toMatch(/^First look: at 32 connections triton is ahead in /u);
    const [triton] = samplePlan().topologies.filter(({ name }) => name === 'triton');
    if (triton === undefined) throw new Error('the sample has Triton');
    const alone = sampleRecord({ plan: samplePlan({ topologies: [triton] }) });
    expect(headlineOf(measuredRecord(alone)).lead).toMatch(/^At 32 connections triton serves /u);
  });

  it('is at most three sentences, which have every two of four topologies once', () => {
    const plan = samplePlan();
    const [fastapi, triton, hybrid] = plan.topologies;
    if (fastapi === undefined || triton === undefined || hybrid === undefined) throw new Error('the sample has three');
    const unbatched = { ...triton, variant: 'no-batching' };
    const four = sampleRecord({ plan: { ...plan, topologies: [fastapi, triton, unbatched, hybrid] } });
    const { text, pairs } = headlineOf(measuredRecord(four));
    expect(text.match(/\.(?= [A-Za-z]|$)/gu)).toHaveLength(3);
    expect(pairs).toHaveLength(2);
    for (const sentence of pairs) {
      // Each has a ratio with its interval.
      expect(sentence.match(/[\d.]+x [^;,]*\[[\d.]+–[\d.]+\]/gu)).toHaveLength(6);
    }
  });

  it('names what has no numbers', () => {
    const { text, tone } = headlineOf(measuredRecord(oneFailed));
    expect(text).toBe(
      'First look: at 32 connections hybrid is ahead in RPS and p95: 730 RPS at p95 63.6 ms [62.9–64.6]; triton failed. RPS: hybrid 1.63x fastapi [1.56–1.71]. p95 (lower is better): hybrid 0.56x fastapi [0.55–0.58].',
    );
    expect(tone).toBe('partial');
  });

  it('says first that a run was cancelled, and once which topologies it never came to', () => {
    const stopped = (...others: readonly ('fastapi' | 'triton' | 'hybrid')[]): RunRecord =>
      sampleRecord({
        change: (result) =>
          others.includes(result.topology.name) ? { ...failedResult(result, 'cancelled'), readyMs: null } : result,
        record: { status: 'cancelled' },
      });
    const one = measuredRecord(stopped('triton', 'hybrid'));
    expect(headlineOf(one).text).toBe(
      'Cancelled: at 32 connections fastapi serves 447 RPS at p95 113 ms [110–116]; triton and hybrid did not start.',
    );
    // Which the announcement says by itself.
    expect(endAnnouncement(one)).toMatch(/^The run was cancelled\. At 32 connections fastapi serves /u);
    const two = headlineOf(measuredRecord(stopped('fastapi')));
    expect(two.lead).toMatch(/^Cancelled; first look: at 32 connections triton is ahead .*; fastapi did not start\.$/u);
    expect(two.text).toBe([two.lead, ...two.pairs].join(' '));
    const ready = sampleRecord({
      change: (result) => (result.topology.name === 'hybrid' ? failedResult(result, 'cancelled') : result),
      record: { status: 'cancelled' },
    });
    expect(headlineOf(measuredRecord(ready)).lead).toMatch(/; hybrid was cancelled\.$/u);
  });

  it('refuses a comparison of different answers', () => {
    const differed = sampleRecord({
      record: { sameAnswers: { verdict: 'differed', detail: 'input 3: logits differ by 0.41' } },
    });
    expect(headlineOf(measuredRecord(differed)).text).toBe('No comparison: answers differed.');
    expect(recordCaveats(differed)[0]).toBe(
      'The answers differed, so the topologies cannot be compared: input 3: logits differ by 0.41.',
    );
  });

  it('makes no verdict of what is not valid, and says where no difference is shown', () => {
    const late = (phase: PhaseResult): PhaseResult => ({
      ...phase,
      validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
    });
    const invalid = sampleRecord({
      change: (result) =>
        withPhase('triton', 1, late)(withPhase('triton', 8, late)(withPhase('triton', 32, late)(result))),
    });
    const { text } = headlineOf(measuredRecord(invalid));
    expect(text).toMatch(
      /^First look: at 32 connections hybrid is ahead in RPS and p95: .*; triton is left out: not valid\. RPS: /u,
    );
    expect(text).not.toMatch(/triton [\d.]+x|x triton|and triton|costs/);
    expect(text).toMatch(/RPS: hybrid 1\.63x fastapi/);
    const alike = sampleRecord({
      change: withPhase('hybrid', 32, (phase) => ({
        ...phase,
        measurement: { ...phase.measurement, rps: 900 },
        intervals:
          phase.intervals === 'not yet computed'
            ? phase.intervals
            : { ...phase.intervals, rps: { low: 870, high: 930 } },
      })),
    });
    expect(headlineOf(measuredRecord(alike)).text).toMatch(
      /^First look: at 32 connections triton is ahead in p95: .*RPS: triton 2\.05x fastapi \[1\.96–2\.14\]; hybrid 2\.01x fastapi \[[^\]]+\]; no difference shown between triton and hybrid \(1\.02x \[0\.97–1\.07\]\)\./,
    );
  });

  it('calls nothing ahead where chance may have made it so, and no cost of the hybrid shown where it is not', () => {
    const wide = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({
          ...phase,
          intervals:
            phase.intervals === 'not yet computed'
              ? phase.intervals
              : { ...phase.intervals, p95Ms: { low: 20, high: 200 }, rps: { low: 200, high: 2000 } },
        })),
      }),
    });
    const { text } = headlineOf(measuredRecord(wide));
    expect(text).toMatch(
      /^First look: at 32 connections no topology is shown to be ahead of all others: the highest RPS is triton's, 917 RPS at p95 47\.3 ms \[20\.0–200\]\. /u,
    );
    expect(text).toMatch(
      / p95 \(lower is better\): no difference shown between triton and hybrid \([^)]+\), between triton and fastapi \([^)]+\), between hybrid and fastapi \([^)]+\); what hybrid costs beside triton is not shown: 16\.4 ms \[-[\d.]+ to \d+\]\.$/u,
    );
  });

  it('says of one turn without intervals all figures, that nothing is decided, what each second showed, and what decides it', () => {
    const rates: Record<string, readonly [number, number]> = {
      fastapi: [370, 402],
      hybrid: [640, 702],
      triton: [998, 1040],
    };
    const quick = sampleRecord({
      change: (result) => {
        const [rps, most] = rates[result.topology.name] ?? [0, 0];
        return {
          ...result,
          phases: result.phases.map((phase) => {
            const unknown = { unknown: 'what follows each other is so alike' };
            const { timeSeries } = phase.measurement;
            const seconds = timeSeries.map((entry, at) => ({ ...entry, ok: at === 0 ? most : Math.round(0.95 * rps) }));
            return {
              ...phase,
              measurement: { ...phase.measurement, rps, timeSeries: seconds },
              intervals:
                phase.intervals === 'not yet computed'
                  ? phase.intervals
                  : { ...phase.intervals, p50Ms: unknown, p95Ms: unknown, p99Ms: unknown, rps: unknown },
            };
          }),
        };
      },
    });
    const { text, lead, pairs, worth } = headlineOf(measuredRecord(quick));
    expect(lead).toBe(
      'Not decided which is ahead at 32 connections: triton 998 RPS, hybrid 640 RPS, fastapi 370 RPS; neither RPS nor p95 has a 95% interval.',
    );
    expect(pairs).toEqual([
      'RPS: in each whole second triton served more than hybrid and fastapi in their best: 948–1040 against at most 702.',
    ]);
    expect(text).not.toMatch(/is ahead in|no difference shown/u);
    expect(worth).toBe(
      'Each topology ran once, not interleaved. No figure has a 95% interval: a difference may be chance. Several turns of each, as in the profile standard, can decide what is left open.',
    );
  });

  it('says that there is no verdict where nothing may be believed, and the errors that no card says', () => {
    const none = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({
          ...phase,
          validity: { valid: false, reasons: ['late'], caveats: [] },
        })),
      }),
    });
    expect(headlineOf(measuredRecord(none)).text).toBe('No verdict, since none of the 9 measurements is valid: late.');
    expect(headlineOf(measuredRecord(someErrors)).text).toMatch(/; errors: hybrid 0\.1%\. RPS: /u);
  });

  it('has as many digits in the table as in intervals and cards', () => {
    const [row] = resultTable(rowsOf(measuredRecord(complete))).groups.at(-1)?.rows ?? [];
    const [, p50, p95] = row?.cells ?? [];
    expect([p50?.text, p50?.interval, p95?.text, p95?.interval]).toEqual(['68.2', '[67.1–69.0]', '113', '[110–116]']);
  });

  it('says why a number stands without its interval', () => {
    const bursts = sampleRecord({
      change: withPhase('fastapi', 8, (phase) => ({
        ...phase,
        intervals:
          phase.intervals === 'not yet computed'
            ? phase.intervals
            : { ...phase.intervals, p95Ms: { unknown: 'too few bursts' } },
      })),
    });
    const table = resultTable(rowsOf(measuredRecord(bursts)));
    expect(table.notes).toEqual([
      'RPS, p50 or p95 differed over the thirds of the phase, by no more than chance may explain',
      'no interval of p95: too few bursts',
      expect.stringMatching(/^1\.4% of the requests sent were unanswered at the end/),
    ]);
    const row = table.groups[1]?.rows[0]?.cells ?? [];
    expect(row.map((cell) => cell.interval).filter((interval) => interval !== null)).toHaveLength(3);
    expect(row[7]?.text).toBe('yes [2]');
  });

  it('marks what is not valid and why', () => {
    const { worth } = headlineOf(measuredRecord(fewSamples));
    expect(worth).toMatch(/^1 of 9 measured phases is not valid\./);
    const [row] = resultTable(rowsOf(measuredRecord(fewSamples))).groups[0]?.rows ?? [];
    expect(row?.cells.map((cell) => cell.text)).toEqual([
      'fastapi',
      '3.30',
      'insufficient',
      'insufficient',
      '290',
      '0',
      '61',
      'no [1]',
      '290',
      '–',
      '1044k',
    ]);
  });

  it('has why a row is not valid before what limits others, and in brief at the row', () => {
    const late = sampleRecord({
      change: withPhase('hybrid', 32, (phase) => ({
        ...phase,
        validity: {
          valid: false,
          reasons: [
            'the load generator was late: 1',
            'the load generator was late: it stood',
            'insufficient samples: 9',
          ],
          caveats: [...phase.validity.caveats, 'the clock was set'],
        },
      })),
    });
    const table = resultTable(rowsOf(measuredRecord(late)));
    expect(table.notes.slice(0, table.reasonNotes)).toEqual([
      'the load generator was late: 1',
      'the load generator was late: it stood',
      'insufficient samples: 9',
    ]);
    expect(table.notes.slice(table.reasonNotes)).toHaveLength(3);
    const row = table.groups.at(-1)?.rows.at(-1);
    expect(row?.gists).toEqual(['the load generator was late', 'insufficient samples']);
    expect(row?.notes).toEqual([1, 2, 3, 6]);
    const markdown = recordMarkdown(late);
    expect(markdown).toContain('| no, the load generator was late; insufficient samples \\[1, 2, 3, 6\\] |');
    expect(markdown).toMatch(
      /\n\n\\\[1\\\] .*\n.*\n\\\[3\\\] insufficient samples: 9\n\n<details><summary>Notes \(3\)<\/summary>\n\n/u,
    );
    expect(recordTable(late)).not.toContain('<details>');
  });

  it('says when nothing was measured, and why', () => {
    const failed = sampleRecord({ change: (result) => failedResult(result), record: { status: 'failed' } });
    const text = 'No numbers: fastapi, triton and hybrid failed.';
    expect(headlineOf(measuredRecord(failed))).toEqual({
      text,
      lead: text,
      pairs: [],
      worth: '',
      tone: 'none',
    });
    const cancelledRun = sampleRecord({
      change: (result) => failedResult(result, 'cancelled'),
      record: { status: 'cancelled' },
    });
    expect(headlineOf(measuredRecord(cancelledRun)).text).toBe('Cancelled before anything was measured.');
  });

  it('calls a port-forward a smoke test and the CPU the CPU', () => {
    expect(headlineOf(measuredRecord(onCpu)).worth).toMatch(/^Smoke test only/);
    expect(rowsOf(measuredRecord(onCpu)).map((row) => row.rpsPerGpu)).toEqual(Array(9).fill(null));
    const caveats = recordCaveats(onCpu);
    expect(caveats.filter((caveat) => caveat.includes('port-forward'))).toHaveLength(1);
    expect(caveats.filter((caveat) => caveat.includes("not a GPU's numbers"))).toHaveLength(1);
  });

  it('says first that the CPU computed where a GPU was asked for, all of them or some, still in three sentences', () => {
    const { text, lead } = headlineOf(measuredRecord(onCpu));
    expect(lead).toMatch(
      /^Computed on the CPU: not a GPU's numbers\. First look: at 32 connections triton is ahead in RPS and p95: /u,
    );
    expect(text).toMatch(/; p95 \(lower is better\): triton /u);
    expect(text.match(/\.(?= [A-Za-z]|$)/gu)).toHaveLength(3);
    const some = measuredRecord({
      ...onCpu,
      topologies: onCpu.topologies.map((result) =>
        result.topology.name === 'hybrid'
          ? { ...result, runtimes: result.runtimes.map((one) => ({ ...one, provider: 'CUDAExecutionProvider' })) }
          : result,
      ),
    });
    expect(headlineOf(some).lead).toMatch(
      /^fastapi and triton computed on the CPU: not a GPU's numbers\. First look: at 32 /u,
    );
    expect(headlineOf(measuredRecord(complete)).text).not.toContain('CPU');
  });

  it('gives who is left out a sentence of its own where there is room for it', () => {
    const odd = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => {
          const unknown = { unknown: 'what follows each other is so alike' };
          const intervals =
            phase.intervals === 'not yet computed'
              ? phase.intervals
              : { ...phase.intervals, p50Ms: unknown, p95Ms: unknown, p99Ms: unknown, rps: unknown };
          return result.topology.name === 'hybrid'
            ? { ...phase, validity: { valid: false, reasons: ['it was late'], caveats: [] } }
            : { ...phase, intervals };
        }),
      }),
    });
    expect(headlineOf(measuredRecord(odd)).text).toMatch(
      /^Not decided which is ahead at 32 connections: triton 917 RPS, fastapi 447 RPS; neither RPS nor p95 has a 95% interval\. hybrid is left out: not valid\.( RPS: in each whole second [^.]*\.)?$/u,
    );
  });

  it('counts RPS for each GPU that is held', () => {
    const plan = samplePlan();
    const two = sampleRecord({ plan: { ...plan, gpu: { ...(plan.gpu ?? fail()), count: 2 } } });
    for (const row of rowsOf(measuredRecord(two))) expect(row.rpsPerGpu).toBe(row.rps / 2);
  });

  it('takes the level where most topologies have numbers', () => {
    const cut = sampleRecord({
      change: (result) =>
        result.topology.name === 'hybrid' ? { ...result, phases: result.phases.slice(0, 5) } : result,
    });
    expect(tellingLevel(rowsOf(measuredRecord(cut)))?.key).toBe(eight.key);
    const rows = rowsOf(measuredRecord(sampleRecord()));
    const highest = rows.map((row) =>
      row.load.key === eight.key
        ? row
        : { ...row, validity: { ...row.validity, valid: row.load.key !== tellingLevel(rows)?.key } },
    );
    expect(tellingLevel(highest)?.key).toBe(eight.key);
    expect(tellingLevel([])).toBeUndefined();
  });

  it('takes of those the level where most have an interval to compare, whatever it says', () => {
    const without = (quantities: readonly ('rps' | 'p95Ms')[], load = eight) =>
      rowsOf(measuredRecord(complete)).map((row) =>
        row.load.key === load.key || row.intervals === null
          ? row
          : {
              ...row,
              intervals: {
                ...row.intervals,
                ...Object.fromEntries(quantities.map((quantity) => [quantity, { unknown: 'all alike' }])),
              },
            },
      );
    expect(tellingLevel(without(['rps', 'p95Ms']))?.key).toBe(eight.key);
    expect(tellingLevel(without(['rps']))?.key).toBe('closed 32');
    const open = nameLoad({ loop: 'open', ratePerSecond: 200, arrivals: 'poisson', maxInFlight: 64 });
    const planned = without(['p95Ms']).map((row) => (row.load.key === 'closed 32' ? { ...row, load: open } : row));
    // Its RPS has an interval, and is the plan's.
    expect(tellingLevel(planned)?.key).toBe(eight.key);
  });

  it('is described alike for tree, lens and command line', () => {
    const description = describeRecord(complete);
    expect(description.title).toBe('tiny-sentiment, quick');
    expect(description.numbers.map((one) => one.text)).toEqual([
      'fastapi: p50 68.2 ms, p95 113 ms, 447 RPS',
      'triton: p50 34.2 ms, p95 47.3 ms, 917 RPS',
      'hybrid: p50 42.4 ms, p95 63.6 ms, 730 RPS',
    ]);
    expect(description.lens).toBe(`At 32 connections: ${description.numbers.map((one) => one.text).join(' | ')}`);
    expect(describeRecord(sampleRecord({ change: (result) => failedResult(result) })).lens).toBeNull();
  });
});

describe('a record as text', () => {
  it.each([
    ['complete', complete],
    ['one-failed', oneFailed],
    ['some-errors', someErrors],
    ['on-cpu', onCpu],
    ['local', sampleRecord({ plan: sampleLocalPlan() })],
  ])('%s: table for a terminal', async (name, record) => {
    const text = recordTable(record);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    await expectGolden(golden(`table-${name}.txt`), text);
  });

  it('Markdown', async () => {
    await expectGolden(golden('markdown-one-failed.txt'), recordMarkdown(oneFailed));
  });

  it('Markdown folds away what it was measured with, and names no node, namespace or cluster there', () => {
    const setupOf = (record: RunRecord): string =>
      /<details><summary>Setup.*?<\/details>/su.exec(recordMarkdown(record))?.[0] ?? '';
    const onMachine = setupOf(sampleRecord({ plan: sampleLocalPlan() }));
    expect(onMachine).toContain('- Model: tiny-sentiment, text-classification, int8');
    expect(onMachine).toContain('- Same answers: agreed');
    expect(onMachine).toContain('- This machine: Sample CPU at 2.00GHz, x64, 8 cores, 15990 MiB, Debian GNU/Linux 12');
    expect(onMachine).toMatch(/^- fastapi: 2 cores, \d+ MiB, ONNX Runtime 1\.23\.2, CPUExecutionProvider on /mu);
    expect(onMachine).not.toContain('Kubernetes');
    const inCluster = setupOf(complete);
    expect(inCluster).toContain('- Kubernetes: v1.34.1');
    expect(inCluster).toContain('- 2 nodes, each: ');
    for (const name of ['gpu-node-1', 'cpu-node-2', 'team-a', complete.environment.cluster ?? ''])
      expect(inCluster).not.toContain(name);
    expect(setupOf(sampleEndpointRecord())).toContain('- This machine: ');
  });

  it('Markdown never takes text from a record for markup', () => {
    const nasty = sampleRecord({ record: { warnings: ['<img src=x> [click](http://x) | a `b` *c*\nnext'] } });
    const line = recordMarkdown(nasty).split('\n').at(-2);
    expect(line).toBe('- \\<img src=x\\> \\[click\\](http://x) \\| a \\`b\\` \\*c\\* next.');
  });

  it('how it was measured names the nodes of a cluster as such, and not as this machine', () => {
    const environment = { ...complete.environment, machine: '1 node: linux amd64, 8 cores', machines: [] };
    const terms = (record: RunRecord): string[] =>
      recordFacts(record).flatMap(({ facts }) =>
        facts.flatMap(({ term, text }) => (text === environment.machine ? term : [])),
      );
    expect(terms({ ...complete, environment })).toEqual(['Nodes']);
    expect(terms({ ...complete, environment, plan: sampleLocalPlan() })).toEqual(['This machine']);
  });

  it('how it was measured', async () => {
    await expectGolden(golden('facts.txt'), `${factsOf(complete)}\n`);
  });
});

describe('where the time goes', () => {
  it('parts and mean agree as they are shown, to what rounding leaves', () => {
    const groups = splitTable(rowsOf(measuredRecord(complete)))?.groups ?? [];
    expect(groups.flatMap((group) => group.rows)).toHaveLength(9);
    for (const [, , mean, ...parts] of groups.flatMap((group) => group.rows)) {
      const sum = parts.slice(0, 5).reduce((total, text) => total + (text === '–' ? 0 : Number(text)), 0);
      expect(Math.abs(sum - Number(mean))).toBeLessThan(0.03);
    }
  });

  it('is no table of nothing, and one row without times says so beside those that have them', () => {
    const without = (names: readonly string[]): RunRecord =>
      sampleRecord({
        change: (result) =>
          names.includes(result.topology.name)
            ? { ...result, phases: result.phases.map((phase) => ({ ...phase, split: null })) }
            : result,
      });
    const old = without(['fastapi', 'triton', 'hybrid']);
    expect(splitTable(rowsOf(measuredRecord(old)))).toBeNull();
    expect(recordTable(old)).not.toContain('Where the time goes');
    expect(recordMarkdown(old)).not.toContain('Where the time goes');
    const table = splitTable(rowsOf(measuredRecord(without(['triton']))));
    expect(table?.groups[0]?.rows[1]).toEqual(['triton', '1', 'not measured', '–', '–', '–', '–', '–', '–']);
    expect(splitTable(rowsOf(measuredRecord(without(['hybrid']))))?.columns.map((column) => column.header)).toEqual([
      'Topology', 'Conn.', 'Mean ms', 'Client', 'Gateway', 'Queue', 'Compute', 'Other',
    ]); // prettier-ignore
  });

  it('marks a row that is not valid, as the batch beside it does', () => {
    const late = sampleRecord({
      change: withPhase('triton', 8, (phase) => ({
        ...phase,
        validity: { valid: false, reasons: ['it was late'], caveats: [] },
      })),
    });
    const rows = rowsOf(measuredRecord(late));
    const table = splitTable(rows);
    const names = table?.groups.map((group) => group.rows.map(([name]) => name));
    const all = ['fastapi', 'triton', 'hybrid'];
    expect(names).toEqual([all, ['fastapi', 'triton (!)', 'hybrid'], all]);
    expect(table?.notes.at(-1)).toBe('(!) not valid: the notes of the results say why.');
    expect(splitTable(rowsOf(measuredRecord(complete)))?.notes.join(' ')).not.toContain('(!)');
    const { columns, groups } = resultTable(rows);
    const batch = columns.findIndex(({ id }) => id === 'batch');
    const batches = groups.flatMap((group) => group.rows.map(({ cells }) => cells[batch]?.text ?? ''));
    expect(batches.filter((text) => text.endsWith('(!)'))).toEqual([expect.stringMatching(/^\d+\.\d \(!\)$/)]);
  });

  it('shows a part below zero as it is, and no minus before a zero', () => {
    const off = sampleRecord({
      change: withPhase('triton', 8, (phase) => ({
        ...phase,
        split: phase.split === null ? null : { ...phase.split, clientMs: -1.5, otherMs: -0.001 },
      })),
    });
    const row = splitTable(rowsOf(measuredRecord(off)))?.groups[1]?.rows[1];
    expect([row?.[3], row?.[7]]).toEqual(['-1.50', '0.00']);
  });

  it('stacks the parts of each topology at one level', () => {
    const rows = rowsOf(measuredRecord(complete));
    const level = nameLoad({ loop: 'closed', connections: 8 });
    const chart = splitBars(rows, level);
    expect(chart.categories).toEqual(['fastapi', 'triton', 'hybrid']);
    expect(chart.series.map((series) => series.label)).toEqual(['Client', 'Gateway', 'Queue', 'Compute', 'Other']);
    for (const [x, row] of rowsAt(rows, level).entries()) {
      const points = chart.series.flatMap((series) => series.points.filter((point) => point.x === x));
      expect(points).toHaveLength(row.topology === 'hybrid' ? 5 : 4);
      expect(points.reduce((sum, point) => sum + point.y, 0)).toBeCloseTo(row.split?.totalMs ?? NaN, 6);
    }
  });

  it('is read aloud below the bars: the largest part of each, and what the gateway takes', () => {
    const rows = rowsOf(measuredRecord(complete));
    expect(splitBars(rows, nameLoad({ loop: 'closed', connections: 1 })).notes[0]).toBe(
      'The largest part is compute in fastapi (2.70 of 3.49 ms), triton (3.10 of 4.24 ms) and hybrid (3.10 of 5.67 ms). The gateway takes 1.35 ms in hybrid, 0.31 ms of it to de-identify.',
    );
    const late = sampleRecord({
      change: withPhase('triton', 8, (phase) => ({
        ...phase,
        validity: { valid: false, reasons: ['the load generator was late'], caveats: [] },
      })),
    });
    expect(splitBars(rowsOf(measuredRecord(late)), eight).notes[0]).toMatch(
      /^The largest part is queue in fastapi \(13\.8 of 17\.8 ms\) and hybrid \(5\.02 of 11\.5 ms\); compute in triton \(4\.50 of 9\.07 ms, not valid\)\. /u,
    );
  });
});

describe('charts', () => {
  const measured = measuredRecord(complete);

  it('hold the figures of the table', () => {
    const rows = rowsOf(measured);
    const { series } = latencyAgainstThroughput(measured);
    expect(series.map((one) => one.label)).toEqual(['fastapi', 'triton', 'hybrid']);
    for (const one of series) {
      const own = rows.filter((row) => row.topology === one.label);
      expect(one.points.map(({ x, y }) => [x, y])).toEqual(own.map((row) => [row.rps, row.p95Ms]));
    }
    const bars = percentileBars(measured, eight).series[1];
    const row = rows.find((candidate) => candidate.topology === 'triton' && candidate.load.key === eight.key);
    expect(bars?.points.map((point) => point.y)).toEqual([row?.p50Ms, row?.p95Ms, row?.p99Ms]);
  });

  it('leave out what has too few samples, and say so', () => {
    const chart = latencyAgainstThroughput(measuredRecord(fewSamples));
    expect(chart.series[0]?.points).toHaveLength(2);
    expect(chart.notes.at(-1)).toBe('Left out for insufficient samples: fastapi at 1 connection.');
    expect(chart.table.rows).toHaveLength(9);
  });

  it('have the intervals of the table as whiskers', () => {
    const rows = rowsOf(measured);
    const [first] = latencyAgainstThroughput(measured).series[1]?.points ?? [];
    const row = rows.find(({ topology }) => topology === 'triton');
    expect(first?.xInterval).toEqual(row?.intervals?.rps);
    expect(first?.yInterval).toEqual(row?.intervals?.p95Ms);
    expect(percentileBars(measured, eight).series[1]?.points.map(({ yInterval }) => yInterval)).toEqual(
      [rows[4]?.intervals?.p50Ms, rows[4]?.intervals?.p95Ms, rows[4]?.intervals?.p99Ms].map((interval) =>
        interval === undefined || 'unknown' in interval ? undefined : interval,
      ),
    );
    expect(latencyAgainstThroughput(measured).notes).toContain('The whiskers are 95% intervals.');
    expect(latencyAgainstThroughput(measured).table.rows[1]).toEqual([
      'fastapi',
      '8',
      '446 [432–461]',
      '28.7 [28.0–29.5]',
    ]);
  });

  it('mark the knee of each ladder, in the picture, in words and in the table', () => {
    const { search } = profileOf('ladder');
    const ladder = sampleRecord();
    const plan = { ...ladder.plan, load: { ...ladder.plan.load, search } };
    const chart = latencyAgainstThroughput(measuredRecord({ ...ladder, plan }));
    const marked = chart.series.flatMap(({ label, points }) =>
      points.filter(({ mark }) => mark === 'knee').map((point) => `${label} ${point.label}`),
    );
    // fastapi has 446 RPS at 8 connections and 447 at 32.
    expect(marked).toContain('fastapi 8');
    expect(chart.description).toContain('Knee: fastapi at 8 connections');
    expect(chart.notes.join(' ')).toContain('A ring marks the knee');
    expect(chart.table.columns.at(-1)).toBe('Mark');
    expect(chart.table.rows.filter((row) => row.at(-1) === 'knee')).toHaveLength(marked.length);
    const plain = latencyAgainstThroughput(measured);
    expect(JSON.stringify(plain)).not.toContain('knee');
  });

  it('mark the bound that a rate was searched under', () => {
    const { search } = profileOf('server');
    const server = sampleRecord();
    const plan = { ...server.plan, load: { ...server.plan.load, search } };
    const chart = latencyAgainstThroughput(measuredRecord({ ...server, plan }));
    expect(chart.bounds).toEqual([{ y: 100, label: 'bound of 100 ms' }]);
    expect(chart.description).toContain('A line marks the bound of 100 ms.');
    expect(chart.notes).toContain('The dashed line is the bound of 100 ms.');
    expect(chart.table.columns.at(-1)).toBe('p95 ms (bound of 100 ms)');
    expect(latencyAgainstThroughput(measured).bounds).toEqual([]);
  });

  it('say each point in words, with its interval and its mark', () => {
    const view = latencyAgainstThroughput(measured);
    const [, triton] = view.series;
    const point = triton?.points[1];
    if (triton === undefined || point === undefined) throw new Error('The sample has triton at 8 connections.');
    expect(pointText(view, triton, { ...point, mark: 'knee' })).toBe(
      'triton, 8 connections: p95 12.4 ms [12.2–12.5] at 886 RPS [866–906], knee',
    );
    const bars = percentileBars(measured, eight);
    const bar = bars.series[1]?.points[1];
    if (bar === undefined) throw new Error('The sample has a p95.');
    expect(pointText(bars, triton, bar)).toBe('triton, p95: 12.4 ms [12.2–12.5]');
    const time = throughputOverTime(measured, eight);
    const second = time.series[1]?.points[2];
    if (second === undefined) throw new Error('The sample lasts five seconds.');
    expect(pointText(time, triton, second)).toMatch(/^triton: 8\d\d RPS after 3\.00 s$/u);
  });

  it('tell what is not valid by shape, in words and in their tables', () => {
    const late = measuredRecord(
      sampleRecord({
        change: withPhase('triton', 8, (phase) => ({
          ...phase,
          validity: { valid: false, reasons: ['it was late'], caveats: [] },
        })),
      }),
    );
    const view = latencyAgainstThroughput(late);
    const triton = view.series[1];
    const point = triton?.points[1];
    if (triton === undefined || point === undefined) throw new Error('The sample has triton at 8 connections.');
    expect(view.series.flatMap(({ points }) => points.filter(({ notValid }) => notValid))).toEqual([point]);
    expect([point.xInterval, point.yInterval]).toEqual([undefined, undefined]);
    expect(pointText(view, triton, point)).toBe('triton, 8 connections: p95 12.4 ms at 886 RPS, not valid');
    const [first] = view.series[0]?.points ?? [];
    expect(first?.yInterval).toBeDefined();
    expect(view.description).toContain('Not valid: triton at 8 connections.');
    expect(view.notes).toContain(
      'Hollow points, joined by thin dashes, are not valid; the notes of the results say why.',
    );
    expect(view.table.columns.at(-1)).toBe('Valid');
    expect(view.table.rows.filter((row) => row.at(-1) === 'not valid').map((row) => row.slice(0, 2))).toEqual([
      ['triton', '8'],
    ]);
    const bars = percentileBars(late, eight);
    expect(bars.series.map(({ points }) => points.map(({ notValid }) => notValid ?? false))).toEqual([
      [false, false, false],
      [true, true, true],
      [false, false, false],
    ]);
    expect(bars.series[1]?.points.filter(({ yInterval }) => yInterval !== undefined)).toEqual([]);
    expect(bars.notes[0]).toBe('Empty bars are not valid; the notes of the results say why.');
    expect(bars.table.rows.map((row) => row.at(-1))).toEqual(['valid', 'not valid', 'valid']);
    const time = throughputOverTime(late, eight);
    expect(time.series.map(({ points }) => points.every(({ notValid }) => notValid))).toEqual([false, true, false]);
    expect(time.table.columns).toEqual(['Second', 'fastapi RPS', 'triton RPS (not valid)', 'hybrid RPS']);
    const curves = ['fastapi', 'triton', 'hybrid'].map((topology) => ({
      topology,
      points: [{ quantile: 0.5, ms: 1 }],
    }));
    const distribution = latencyDistribution(late, eight, curves);
    expect(distribution.series.map(({ points }) => points[0]?.notValid ?? false)).toEqual([false, true, false]);
    expect(distribution.table.rows.map((row) => row.at(-1))).toEqual(['valid', 'not valid', 'valid']);
    expect(splitBars(rowsOf(late), eight).categories).toEqual(['fastapi', 'triton (not valid)', 'hybrid']);
    const plain = [
      latencyAgainstThroughput(measured),
      percentileBars(measured, eight),
      throughputOverTime(measured, eight),
    ];
    expect(JSON.stringify(plain)).not.toMatch(/valid/iu);
  });

  it('show no line for a topology without numbers', () => {
    expect(throughputOverTime(measuredRecord(oneFailed), eight).series.map((one) => one.label)).toEqual([
      'fastapi',
      'hybrid',
    ]);
  });

  it('divide a window by its own length', () => {
    const halves = sampleRecord({
      change: withPhase('fastapi', 8, (phase) => ({
        ...phase,
        measurement: {
          ...phase.measurement,
          timeSeries: [
            { second: 0.5, ok: 100, errors: 0, p50Ms: 1, p95Ms: 2 },
            { second: 1.5, ok: 100, errors: 0, p50Ms: 1, p95Ms: null },
          ],
        },
      })),
    });
    const [fastapi] = throughputOverTime(measuredRecord(halves), eight).series;
    expect(fastapi?.points.map(({ x, y }) => [x, y])).toEqual([
      [0.5, 200],
      [1.5, 100],
    ]);
    const [latency] = latencyOverTime(measuredRecord(halves), eight).series;
    expect(latency?.points.map(({ x, y, label }) => [x, y, label])).toEqual([[0.5, 2, 'p95 2.00 ms']]);
  });

  it('give a topology the same style in every run', () => {
    expect([...seriesStyles(['hybrid', 'triton (no-batching)', 'triton'])]).toEqual([
      ['hybrid', 2],
      ['triton (no-batching)', 3],
      ['triton', 1],
    ]);
  });
});

describe("the paper's figures", () => {
  it('always carry their mark and stand apart from the run', () => {
    const chart = paperChart();
    expect(paperMark).toBe('CPU against T4, quoted second-hand');
    expect(chart.title).toContain(paperMark);
    expect(chart.notes.join(' ')).toContain(paperMark);
    expect(chart.series).toHaveLength(paperFigures.length);
    const own = latencyAgainstThroughput(measuredRecord(complete)).series.map((one) => one.style);
    expect(chart.series.filter((one) => own.includes(one.style))).toEqual([]);
    expect(ownFiguresBesidePaper(measuredRecord(complete))?.caption).toBe('This run at 1 connection');
  });

  it('say beside which of the run is not valid', () => {
    const late = sampleRecord({
      change: withPhase('triton', 1, (phase) => ({
        ...phase,
        validity: { valid: false, reasons: ['it was late'], caveats: [] },
      })),
    });
    const names = ownFiguresBesidePaper(measuredRecord(late))?.table.rows.map(([name]) => name);
    expect(names).toEqual(['fastapi', 'triton (not valid)', 'hybrid']);
  });
});

function fail(): never {
  throw new Error('The sample plan has a GPU.');
}
