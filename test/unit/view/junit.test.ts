import { describe, expect, it } from 'vitest';
import { checkAgainst, checkSlos, type Check } from '../../../src/core/checks.ts';
import type { RunRecord, TopologyResult } from '../../../src/core/record.ts';
import { parseSlo } from '../../../src/core/slo.ts';
import { junitXml } from '../../../src/core/view/junit.ts';
import { xmlDocument } from '../../../src/core/view/xml.ts';
import { failedResult, sampleRecord } from '../../support/sampleRecord.ts';
import { parseXml, type Element } from '../../support/xml.ts';

async function junit(record: RunRecord | null, checks: readonly Check[] | null = null): Promise<Element> {
  return await parseXml(junitXml({ record, checks, problems: [] }));
}

function checksOf(record: RunRecord, ...texts: readonly string[]): Check[] {
  return checkSlos(
    texts.map((text) => {
      const { slo } = parseSlo(text);
      if (slo === undefined) throw new Error(text);
      return slo;
    }),
    record,
  );
}

/** "triton/c8: failure": every test case that did not pass, with what it ended in. */
function endings(root: Element): string[] {
  return root.children.flatMap((suite) =>
    suite.children.flatMap((test) =>
      test.children
        .filter(({ name }) => name !== 'system-out')
        .map(({ name }) => `${suite.attributes['name'] ?? ''}/${test.attributes['name'] ?? ''}: ${name}`),
    ),
  );
}

const invalidAt = (name: string, level: string): RunRecord =>
  sampleRecord({
    change: (result) =>
      result.topology.name !== name
        ? result
        : {
            ...result,
            phases: result.phases.map((phase) =>
              phase.name === level
                ? { ...phase, validity: { valid: false, reasons: ['it was late'], caveats: [] } }
                : phase,
            ),
          },
  });

describe('JUnit XML', () => {
  it('has a suite for each topology and in it a case for each level', async () => {
    const root = await junit(sampleRecord());
    expect(root.name).toBe('testsuites');
    expect(root.attributes).toMatchObject({ tests: '9', failures: '0', errors: '0', skipped: '0' });
    expect(root.children.map(({ name, attributes }) => [name, attributes['name']])).toEqual([
      ['testsuite', 'fastapi'],
      ['testsuite', 'triton'],
      ['testsuite', 'hybrid'],
    ]);
    const [fastapi] = root.children;
    expect(fastapi?.attributes).toMatchObject({ tests: '3', timestamp: '2026-01-02T09:30:00', time: '15.000' });
    expect(fastapi?.children.map(({ attributes }) => attributes)).toEqual(
      ['c1', 'c8', 'c32'].map((name) => ({ classname: 'fastapi', name, time: '5.000' })),
    );
    expect(fastapi?.children[0]?.children[0]?.text).toMatch(/^p50 .* ms, p95 .* ms, p99 .* RPS, 0 errors of \d+ sent/);
    expect(endings(root)).toEqual([]);
  });

  it('has a case for each check, and a failure with its message for each that did not pass', async () => {
    const record = sampleRecord();
    const checks = [...checksOf(record, 'p95<1s', 'triton@8:p95<1ms'), ...checkAgainst(record, record, 0.1)];
    const root = await junit(record, checks);
    expect(root.attributes).toMatchObject({ tests: String(9 + checks.length), failures: '1' });
    expect(endings(root)).toEqual(['triton/c8 triton@8:p95<1ms: failure']);
    const failed = root.children[1]?.children.find(({ attributes }) => attributes['name'] === 'c8 triton@8:p95<1ms');
    expect(failed?.children[0]?.attributes).toEqual({
      type: 'bound',
      message: expect.stringMatching(/^p95 is \d/) as string,
    });
    // What its ending says is not said once more as output; what passed says what was found.
    expect(failed?.children.map(({ name }) => name)).toEqual(['failure']);
    const passed = root.children[1]?.children.find(({ attributes }) => attributes['name'] === 'c8 p95<1s');
    expect(passed?.children.map(({ name, text }) => [name, text])).toEqual([
      ['system-out', expect.stringMatching(/^p95 is \d/)],
    ]);
  });

  it('fails a level that is not valid, unless checks were asked for and none needs it', async () => {
    const record = invalidAt('triton', 'c32');
    expect(endings(await junit(record))).toEqual(['triton/c32: failure']);
    const elsewhere = await junit(record, checksOf(record, 'triton@8:p95<1s'));
    expect(endings(elsewhere)).toEqual(['triton/c32: skipped']);
    expect(elsewhere.attributes).toMatchObject({ failures: '0', skipped: '1' });
    const needed = await junit(record, checksOf(record, '@32:p95<1s'));
    expect(endings(needed)).toEqual(['triton/c32: failure', 'triton/c32 @32:p95<1s: failure']);
  });

  it('has an error for each level that was not come to, and skips a topology that was skipped', async () => {
    const change = (result: TopologyResult): TopologyResult => {
      if (result.topology.name === 'triton') return failedResult(result);
      if (result.topology.name === 'hybrid') return { ...failedResult(result), status: 'skipped' };
      return result;
    };
    const root = await junit(sampleRecord({ change }));
    expect(endings(root)).toEqual([
      ...['c1', 'c8', 'c32'].map((level) => `triton/${level}: error`),
      ...['c1', 'c8', 'c32'].map((level) => `hybrid/${level}: skipped`),
    ]);
    expect(root.attributes).toMatchObject({ errors: '3', skipped: '3' });
    const error = root.children[1]?.children[0]?.children[0];
    expect(error?.attributes).toMatchObject({
      type: 'pod-failed',
      message: expect.stringContaining('"loading model"') as string,
    });
  });

  it('tells of a run without a record, and of what went wrong beside it', async () => {
    const problem = { reason: 'forbidden', message: 'You may not.', nextStep: 'Ask.' };
    const none = await parseXml(junitXml({ record: null, checks: null, problems: [problem] }));
    expect(none.attributes).toMatchObject({ tests: '1', errors: '1' });
    expect(endings(none)).toEqual(['run/forbidden: error']);
    expect(none.children[0]?.children[0]?.children[0]?.attributes['message']).toBe('You may not. Ask.');
    const left = await parseXml(junitXml({ record: sampleRecord(), checks: null, problems: [problem] }));
    expect(left.attributes).toMatchObject({ tests: '10', errors: '1' });
  });

  it('is well-formed whatever a server said last, and says it unchanged where XML can', async () => {
    const nasty = `</failure><x a='1' b="2">&amp; & ]]> \u001b[31mred\u001b[0m \u0000 \ud800 \ufffe\r\n\ttab 😀 é`;
    const record = sampleRecord({
      change: (result) => ({
        ...failedResult(result),
        failure: { reason: 'pod"<&-failed', message: nasty, nextStep: null },
      }),
    });
    const root = await junit(record);
    const attributes = root.children[0]?.children[0]?.children[0]?.attributes;
    expect(attributes?.['type']).toBe('pod"<&-failed');
    const said = nasty.replace(/[\u0000\u001b\ud800\ufffe]/g, '\ufffd');
    expect(attributes?.['message']).toContain(said);
  });
});

it('an XML document keeps text as it was given, line ends included', async () => {
  const text = 'a\r\nb\nc\td  <![CDATA[ ]]> "quoted" \'so\'';
  const root = await parseXml(xmlDocument({ name: 'a', attributes: { b: text, n: 3 }, text, children: [] }));
  expect(root).toEqual({ name: 'a', attributes: { b: text, n: '3' }, text, children: [] });
  expect((await parseXml(xmlDocument({ name: 'a', attributes: {} }))).text).toBe('');
  await expect(parseXml('<a><b></a>')).rejects.toThrow('not well-formed');
});
