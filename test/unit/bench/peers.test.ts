import { describe, expect, it } from 'vitest';
import { runTimed } from '../../bench/peers/children.ts';
import { perfAnalyzerReport, readPlainAutocannon, readVegeta, readWrk } from '../../bench/peers/outputs.ts';
import { measureRecording } from '../../bench/peers/recording.ts';
import { notValid, ratios, table, takeTurns } from '../../bench/peers/rounds.ts';
import { judgeRatio, median, orderOfRound, pairedRatio } from '../../bench/peers/statistics.ts';

describe('paired ratios', () => {
  it('give the interval of Student t with n - 1 degrees of freedom, of logarithms', () => {
    // Worked by hand: logs 0, 0.1, 0.2, 0.3, 0.4 have mean 0.2, deviation sqrt(0.025); t(4) is 2.776445105198.
    const { ratio, low, high } = pairedRatio([0, 0.1, 0.2, 0.3, 0.4].map(Math.exp));
    const half = 2.776445105198 * Math.sqrt(0.025 / 5);
    expect(ratio).toBeCloseTo(Math.exp(0.2), 9);
    expect(low).toBeCloseTo(Math.exp(0.2 - half), 9);
    expect(high).toBeCloseTo(Math.exp(0.2 + half), 9);
  });

  it('meet or miss a target only with all of their interval', () => {
    const asked = { least: 0.9, most: 1.1 };
    expect(judgeRatio({ ratio: 1, low: 0.95, high: 1.05 }, asked)).toBe('Met');
    expect(judgeRatio({ ratio: 1.01, low: 0.908, high: 1.124 }, asked)).toBe('Not decided');
    expect(judgeRatio({ ratio: 1.3, low: 1.2, high: 1.4 }, asked)).toBe('**Missed**');
    expect(judgeRatio({ ratio: 0.8, low: 0.7, high: 0.89 }, asked)).toBe('**Missed**');
    expect(judgeRatio({ ratio: 1.04, low: 0.94, high: 1.2 }, { least: 0.95 })).toBe('Not decided');
    expect(judgeRatio({ ratio: 1.3, low: 0.96, high: 2 }, { least: 0.95 })).toBe('Met');
  });

  it('say nothing of one pair', () => {
    expect(() => pairedRatio([1])).toThrow('No interval of 1 pairs.');
  });

  it('have the median in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('taking turns', () => {
  it('lets everybody go once a round, nobody always after the same one', () => {
    const orders = [0, 1, 2, 3, 4].map((round) => orderOfRound(['a', 'b', 'c', 'd'], round).join(''));
    expect(orders).toEqual(['abcd', 'dcba', 'bcda', 'adcb', 'cdab']);
  });

  it('keeps the samples of each in the order of the rounds, and drops the warm-up', async () => {
    const calls: string[] = [];
    const generator = (name: string) => async (load: number) => {
      calls.push(`${name}${String(load)}`);
      return { requestsPerSecond: calls.length, p50Ms: 1, p95Ms: name === 'a' ? 2 : null, cpuMsPerThousandRequests: 3 };
    };
    const both = new Map([
      ['a', generator('a')],
      ['b', generator('b')],
    ]);
    const measured = await takeTurns(both, 9, { rounds: 2, warmUp: 1 });
    expect(calls).toEqual(['a1', 'a9', 'b9', 'b9', 'a9']);
    expect(ratios(measured, 'a', 'b', (sample) => sample.requestsPerSecond)).toEqual([2 / 3, 5 / 4]);
    expect(ratios(measured, 'a', 'b', (sample) => sample.p95Ms)).toEqual([Number.NaN, Number.NaN]);
    expect(table(measured)[2]).toBe('| a | 3.5 | 1.00 | 2.00 | 3 |');
  });

  it('names the rounds in which a load of ours may not be believed', () => {
    const sample = { requestsPerSecond: 1, p50Ms: 1, p95Ms: 2, cpuMsPerThousandRequests: 3 };
    const measured = new Map([
      ['us', [sample, { ...sample, notValid: 'the load generator was late' }]],
      ['them', [sample, sample]],
    ]);
    expect(notValid(measured, 'us')).toEqual(['round 2: the load generator was late']);
    expect(notValid(measured, 'them')).toEqual([]);
  });

  it('names the generator that failed', async () => {
    const broken = new Map([['b', async () => Promise.reject(new Error('no server'))]]);
    await expect(takeTurns(broken, 1, { rounds: 1, warmUp: 1 })).rejects.toThrow('no server');
  });
});

describe('figures of other load generators', () => {
  it('of wrk: microseconds, after its own report', () => {
    const printed =
      'Running 1s test\n{"requests":200,"microseconds":2000000,"errors":1,"p50Microseconds":1500,"p95Microseconds":2500}\n';
    expect(readWrk(printed)).toEqual({ requests: 200, errors: 1, requestsPerSecond: 100, p50Ms: 1.5, p95Ms: 2.5 });
    expect(() => readWrk('unable to connect')).toThrow('unable to connect');
  });

  it('of vegeta: nanoseconds, failures by their share', () => {
    const printed = '{"latencies":{"50th":2000000,"95th":3500000},"requests":40,"throughput":19.5,"success":0.95}';
    expect(readVegeta(printed)).toEqual({ requests: 40, errors: 2, requestsPerSecond: 19.5, p50Ms: 2, p95Ms: 3.5 });
  });

  it('of autocannon: the quantiles around p95', () => {
    const said = { requests: 9, errors: 0, requestsPerSecond: 3, p50Ms: 1, p90Ms: 2, p97_5Ms: 4, cpuSeconds: 0.1 };
    expect(readPlainAutocannon(JSON.stringify(said))).toEqual({
      requests: 9,
      errors: 0,
      requestsPerSecond: 3,
      p50Ms: 1,
      p95Ms: null,
      aroundP95Ms: [2, 4],
      cpuSeconds: 0.1,
    });
  });

  it('of perf_analyzer: microseconds, by the names of the columns', () => {
    const report =
      'Concurrency,Inferences/Second,Client Send,p50 latency,p90 latency,p95 latency,p99 latency\n4,250.5,12,4000,5000,6000,7000\n';
    expect(perfAnalyzerReport(report, '')).toEqual({ errors: 0, requestsPerSecond: 250.5, p50Ms: 4, p95Ms: 6 });
    expect(() => perfAnalyzerReport('', 'Failed to obtain stable measurement')).toThrow('Failed to obtain stable');
  });
});

describe('a timed child', () => {
  it('tells its CPU time apart from the time that it slept', async () => {
    const busy =
      'const end = process.cpuUsage().user + 300000; while (process.cpuUsage().user < end); console.log("done")';
    const worked = await runTimed([process.execPath, '-e', busy]);
    const slept = await runTimed(['sleep', '0.3']);
    expect(worked.output).toBe('done\n');
    expect(worked.cpuSeconds).toBeGreaterThan(0.3);
    expect(slept.cpuSeconds).toBeLessThan(0.3);
  });

  it('that fails says its last words', async () => {
    await expect(runTimed(['bash', '-c', 'echo broken >&2; exit 3'])).rejects.toThrow('bash ended with 3: broken');
  });
});

describe('recording', () => {
  it('loses nothing and keeps the quantiles', () => {
    const result = measureRecording(1);
    expect(result.latencies).toBeGreaterThan(0);
    expect(result.counted).toBe(result.latencies);
    expect(result.merged).toBe(result.latencies);
    expect(result.worstQuantileError).toBeLessThanOrEqual(0.001);
  });
});
