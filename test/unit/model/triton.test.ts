import { describe, expect, test } from 'vitest';
import { lineAndColumn, parseModel, type ParsedModel } from '../../../src/core/model.ts';
import { classifiers, logits, lookAlikes, mistakes, tokenInputs } from './tritonConfigs.ts';

function parse(text: string): { model: ParsedModel; errors: string[]; warnings: string[] } {
  const { model, problems } = parseModel('models/x/config.pbtxt', text);
  if (model === undefined) throw new Error(`no model in ${text}`);
  const of = (severity: string): string[] =>
    problems.filter((problem) => problem.severity === severity).map((problem) => problem.message);
  return { model, errors: of('error'), warnings: of('warning') };
}

describe('Triton configs of text classifiers', () => {
  test.each(Object.entries(classifiers))('%s', (_, { text, says }) => {
    const { model, errors, warnings } = parse(text);
    expect(errors).toEqual([]);
    expect(warnings).toEqual([]);
    expect(model).toMatchObject({ kind: 'triton', task: 'text-classification', why: null, ...says });
  });
});

describe('look-alikes get a reason', () => {
  test.each(Object.entries(lookAlikes))('%s', (_, { text, why }) => {
    const { model, errors } = parse(text);
    expect(errors).toEqual([]);
    expect(model.task).toBe('other');
    expect(model.why).toContain(why);
  });
});

describe('problems', () => {
  test.each(mistakes)('%s', (_, text, severity, message, marked) => {
    const { problems } = parseModel('config.pbtxt', text);
    const problem = problems.find((candidate) => candidate.message.includes(message));
    expect(problem, JSON.stringify(problems)).toBeDefined();
    expect(problem?.severity).toBe(severity);
    expect(text.slice(problem?.start, problem?.end)).toBe(marked);
  });

  test('one mistake is one problem, and what follows is still read', () => {
    const { problems, model } = parseModel('config.pbtxt', `name: \nmax_batch_size: 8\n${tokenInputs}\n${logits}`);
    expect(problems.map((problem) => problem.message)).toHaveLength(1);
    expect(model).toMatchObject({ maxBatchSize: 8, task: 'text-classification' });
  });

  test('a forgotten brace in a list does not swallow the rest', () => {
    const text = `input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ], { name: "attention_mask" } ]\nmax_batch_size: 4`;
    const { problems, model } = parseModel('config.pbtxt', text);
    expect(problems.length).toBeGreaterThan(0);
    expect(model?.maxBatchSize).toBe(4);
  });

  test('line and column count from one', () => {
    const text = 'name: "x"\n  oops: 1\n';
    const [problem] = parseModel('config.pbtxt', text).problems;
    expect(lineAndColumn(text, problem?.start ?? 0)).toEqual({ line: 2, column: 3 });
  });
});

describe('what is no model config', () => {
  test('a label map of another program', () => {
    expect(parseModel('labels.pbtxt', 'item { id: 1 name: "cat" }')).toEqual({ model: undefined, problems: [] });
  });

  test('an empty file and prose', () => {
    expect(parseModel('config.pbtxt', '').model).toBeUndefined();
    expect(parseModel('config.pbtxt', 'This is not a config at all.').model).toBeUndefined();
  });

  test('a file of another name', () => {
    expect(parseModel('notes.txt', 'name: "x"')).toEqual({ model: undefined, problems: [] });
  });
});
