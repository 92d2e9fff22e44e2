import { planSubject } from '../anyPlan.ts';
import type { Check } from '../checks.ts';
import { whyNotGood } from '../goodLevel.ts';
import { levelsOf, phaseOf, whyMissing, type Level } from '../levels.ts';
import type { Failure, RunRecord, TopologyResult } from '../record.ts';
import { topologyKey } from '../topologyKey.ts';
import { failureText } from './failureText.ts';
import { formatCount, formatMs, formatRps } from './format.ts';
import { xmlDocument, type XmlElement } from './xml.ts';

export interface JUnitParts {
  /** null: the run ended before there was anything to record. */
  readonly record: RunRecord | null;
  /** Bounds and comparisons; null where none were asked for, and then every level must be valid. */
  readonly checks: readonly Check[] | null;
  /** What went wrong with the run as a whole, e.g. why there is no record, or that something was left behind. */
  readonly problems: readonly Failure[];
}

/**
 * A run as JUnit XML: a test suite for each topology, in it a test case for each level and for each check; what went wrong with
 * the run itself is a suite of its own, "run". A level without numbers is an error; one that is not valid is a failure, or,
 * where checks were asked for and none needs it, skipped. So is a check whose regression is neither shown nor ruled out.
 * Source: https://github.com/testmoapp/junitxml
 */
export function junitXml({ record, checks, problems }: JUnitParts): string {
  const suites = record === null ? [] : record.topologies.map((result) => topologySuite(record, result, checks));
  const all = problems.length === 0 ? suites : [runSuite(problems), ...suites];
  const total = (name: string): number => all.reduce((sum, suite) => sum + Number(suite.attributes[name]), 0);
  return xmlDocument({
    name: 'testsuites',
    attributes: {
      name: record === null ? 'topology-bench' : `topology-bench ${planSubject(record.plan)}`,
      tests: total('tests'),
      failures: total('failures'),
      errors: total('errors'),
      skipped: total('skipped'),
      time: all.reduce((sum, suite) => sum + Number(suite.attributes['time']), 0).toFixed(3),
    },
    children: all,
  });
}

function topologySuite(record: RunRecord, result: TopologyResult, checks: readonly Check[] | null): XmlElement {
  const key = topologyKey(result.topology);
  const own = (checks ?? []).filter(({ topology }) => topology === key);
  const needed = (level: Level): boolean => checks === null || own.some((check) => check.level === level.level);
  const levels = levelsOf(record).filter(({ topology }) => topology === key);
  const cases = [
    ...levels.map((level) => levelCase(record, result, level, needed(level))),
    ...own.map((check) => checkCase(check)),
  ];
  return suite(key, cases, { timestamp: record.startedAt.replace(/(\.\d+)?Z$/, '') });
}

function levelCase(record: RunRecord, result: TopologyResult, { topology, level }: Level, needed: boolean): XmlElement {
  const phase = phaseOf(record, topology, level);
  const attributes = { classname: topology, name: level };
  if (phase === undefined) {
    const message = whyMissing(record, { topology, level });
    const missing =
      result.status === 'skipped' ? verdict('skipped', message) : verdict('error', message, result.failure?.reason);
    return { name: 'testcase', attributes: { ...attributes, time: '0.000' }, children: [missing] };
  }
  const { window, latency, rps, requests } = phase.measurement;
  const figures = `p50 ${formatMs(latency.p50Ms)}, p95 ${formatMs(latency.p95Ms)}, p99 ${formatMs(latency.p99Ms)}, ${formatRps(rps)}, ${formatCount(requests.errors, 'error')} of ${String(requests.sent)} sent`;
  const { caveats } = phase.validity;
  const reasons = whyNotGood(record, { topology, level });
  const message = `not valid: ${reasons.join('; ')}`;
  const ending = needed
    ? verdict('failure', message, 'not-valid')
    : verdict('skipped', `${message}; no check needs it`);
  return {
    name: 'testcase',
    attributes: { ...attributes, time: ((window.endMs - window.startMs) / 1000).toFixed(3) },
    children: [
      ...(reasons.length === 0 ? [] : [ending]),
      {
        name: 'system-out',
        attributes: {},
        text: [figures, ...caveats.map((caveat) => `caveat: ${caveat}`)].join('\n'),
      },
    ],
  };
}

function checkCase({ topology, level, name, outcome, message }: Check): XmlElement {
  const ending = checkEnding(outcome, message);
  return {
    name: 'testcase',
    attributes: { classname: topology, name: `${level} ${name}`, time: '0.000' },
    // An ending says it already.
    children: ending.length > 0 ? ending : [{ name: 'system-out', attributes: {}, text: message }],
  };
}

function checkEnding(outcome: Check['outcome'], message: string): XmlElement[] {
  switch (outcome) {
    case 'passed':
      return [];
    // CI systems show a skipped case and its message, and hide the output of one that passed.
    case 'not shown':
      return [verdict('skipped', `neither shown nor ruled out: ${message}`)];
    case 'failed':
      return [verdict('failure', message, 'bound')];
    case 'no number':
      return [verdict('failure', message, 'no-number')];
  }
}

function runSuite(problems: readonly Failure[]): XmlElement {
  const cases = problems.map((problem): XmlElement => ({
    name: 'testcase',
    attributes: { classname: 'run', name: problem.reason, time: '0.000' },
    children: [verdict('error', failureText(problem), problem.reason)],
  }));
  return suite('run', cases, {});
}

function suite(name: string, cases: readonly XmlElement[], more: XmlElement['attributes']): XmlElement {
  const having = (ending: string): number =>
    cases.filter(({ children = [] }) => children.some((child) => child.name === ending)).length;
  return {
    name: 'testsuite',
    attributes: {
      name,
      tests: cases.length,
      failures: having('failure'),
      errors: having('error'),
      skipped: having('skipped'),
      time: cases.reduce((sum, one) => sum + Number(one.attributes['time']), 0).toFixed(3),
      ...more,
    },
    children: cases,
  };
}

function verdict(name: 'failure' | 'error' | 'skipped', message: string, type?: string): XmlElement {
  return { name, attributes: { message, ...(type === undefined ? {} : { type }) } };
}
