import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hintsOf, lineAndColumn, parseModel, type ParsedModel } from '../../../src/core/model.ts';
import { inspectFolder, textOf } from '../../support/modelConfigs.ts';

/**
 * Model configs in the many ways that people write them, and what only looks like one. All of them are made up; their
 * file names end in what they stand for: `.pbtxt` for a config.pbtxt, `.config-json` for a config.json.
 */
const corpus = join(import.meta.dirname, 'corpus');

type Says = Partial<ParsedModel> & { readonly lensLine?: number };

const expected = JSON.parse(readFileSync(join(corpus, 'expected.json'), 'utf8')) as {
  /** What the parser says of a text classifier. */
  readonly classifiers: Readonly<Record<string, Says>>;
  /** Codes of the hints of those classifiers that have some. */
  readonly hints: Readonly<Record<string, readonly string[]>>;
  /** A part of the reason why a model gets no lens. */
  readonly otherModels: Readonly<Record<string, string>>;
  readonly lookAlikes: readonly string[];
};

function parse(folder: string, name: string): ReturnType<typeof parseModel> & { text: string } {
  const text = textOf(join(corpus, folder, name));
  return { ...parseModel(join('any', name.endsWith('.pbtxt') ? 'config.pbtxt' : 'config.json'), text), text };
}

function filesIn(folder: string): string[] {
  return readdirSync(join(corpus, folder)).sort();
}

test('every file has its expectation, and there are enough of them', () => {
  expect(filesIn('classifiers')).toEqual(Object.keys(expected.classifiers).sort());
  expect(filesIn('otherModels')).toEqual(Object.keys(expected.otherModels).sort());
  expect(filesIn('lookAlikes')).toEqual([...expected.lookAlikes].sort());
  for (const folder of ['classifiers', 'otherModels', 'lookAlikes']) {
    expect(filesIn(folder).length).toBeGreaterThanOrEqual(30);
  }
});

describe('a text classifier is understood, without a word of complaint', () => {
  test.each(Object.entries(expected.classifiers))('%s', (name, { lensLine, ...says }) => {
    const { model, problems, text } = parse('classifiers', name);
    expect(problems).toEqual([]);
    expect(model).toMatchObject({ task: 'text-classification', why: null, ...says });
    if (lensLine !== undefined) expect(lineAndColumn(text, model?.lensOffset ?? 0).line).toBe(lensLine);
  });
});

test('a text classifier has the hints that fit it, and nothing else has any', () => {
  const found = ['classifiers', 'otherModels', 'lookAlikes'].flatMap((folder) =>
    filesIn(folder).map((name): [string, string[]] => {
      const { text, ...parsed } = parse(folder, name);
      return [name, hintsOf(parsed, text).map(({ code }) => code)];
    }),
  );
  expect(Object.fromEntries(found.filter(([, codes]) => codes.length > 0))).toEqual(expected.hints);
});

describe('a model of another kind gets a reason', () => {
  test.each(Object.entries(expected.otherModels))('%s', (name, why) => {
    const { model, problems } = parse('otherModels', name);
    expect(problems).toEqual([]);
    expect(model?.task).toBe('other');
    expect(model?.why).toContain(why);
  });
});

describe('what is no model config is left alone', () => {
  test.each(expected.lookAlikes)('%s', (name) => {
    const { model, problems } = parse('lookAlikes', name);
    expect({ model, problems }).toEqual({ model: undefined, problems: [] });
  });
});

/**
 * `TOPOLOGY_BENCH_CONFIGS=DIR npx vitest run --project unit test/unit/model/corpus.test.ts` reads a folder of other
 * configs, such as checkouts of repositories, and says what became of each. Without it, it reads the corpus.
 */
test('every file of a folder is read to its end', () => {
  const folder = process.env['TOPOLOGY_BENCH_CONFIGS'];
  const inspected = inspectFolder(folder ?? corpus);
  console.log(folder === undefined ? inspected.summary.split('\n')[0] : inspected.summary);
  expect(inspected.files).toBeGreaterThan(0);
  expect(inspected.faults).toEqual([]);
});
