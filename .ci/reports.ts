/**
 * What the suites' own reports say: how many tests passed, failed and were skipped, and of each failure its name and the
 * beginning of its reason, which the end of a whole run repeats (its middle is long, and not kept everywhere).
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';

export interface Count {
  passed: number;
  failed: number;
  skipped: number;
  /** One text per failure: its name, then lines of its reason. */
  failures: string[];
}

/** Lines kept of a failure's reason. */
const reasonLines = 12;

/** @param code of the program: one that could not even start fails no test of its own */
export async function vitestReport(file: string, code: number, suite: string): Promise<Count> {
  const report = await json<{
    numPassedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: {
      name: string;
      status: string;
      message: string;
      assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
    }[];
  }>(file);
  const failures = (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => failure(`${suite}: ${test.fullName}`, test.failureMessages.join('\n')));
    return status === 'failed' && tests.length === 0 ? [failure(`${suite}: ${name}`, message)] : tests;
  });
  return counted(suite, code, failures, {
    passed: report?.numPassedTests ?? 0,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  });
}

/** As pytest writes it with --junitxml. */
export async function pytestReport(file: string, code: number): Promise<Count> {
  const xml = existsSync(file) ? await readFile(file, 'utf8') : '';
  const count = (name: string): number => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const failures = Array.from(
    xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*>\s*<(?:failure|error)[^>]*>([^<]*)</g),
    ([, where, name, reason]) =>
      failure(`python: ${where ?? ''} ${name ?? ''}`, (reason ?? '').split('\n').slice(-30).join('\n')),
  );
  return counted('python', code, failures, {
    passed: count('tests') - count('failures') - count('errors') - count('skipped'),
    skipped: count('skipped'),
  });
}

/** As the suite in the extension host writes it. */
export async function hostReport(file: string, code: number, suite: string): Promise<Count> {
  const report = await json<{
    stats: { passes: number; pending: number };
    tests: { title: string; state: string; error?: string }[];
  }>(file);
  const failures = (report?.tests ?? [])
    .filter(({ state }) => state === 'failed')
    .map(({ title, error }) => failure(`${suite}: ${title}`, error ?? ''));
  return counted(suite, code, failures, { passed: report?.stats.passes ?? 0, skipped: report?.stats.pending ?? 0 });
}

function counted(suite: string, code: number, failures: string[], rest: { passed: number; skipped: number }): Count {
  const all = code !== 0 && failures.length === 0 ? [`${suite} ended with ${String(code)}`] : failures;
  return { ...rest, failed: all.length, failures: all };
}

function failure(name: string, reason: string): string {
  const lines = stripVTControlCharacters(reason)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('node_modules') && !line.includes('<anonymous>'));
  return [name, ...lines.slice(0, reasonLines).map((line) => `    ${line}`)].join('\n');
}

async function json<T>(file: string): Promise<T | undefined> {
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as T) : undefined;
}
