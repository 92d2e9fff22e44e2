import { describe, expect, it } from 'vitest';
import { makeBodies, mostBodyBytes } from '../../../src/core/bodies.ts';
import { parseTemplate } from '../../../src/core/bodyTemplate.ts';
import { inputsForm, mostInputs, readInputs, type Input, type InputsForm } from '../../../src/core/inputs.ts';

function read(text: string, form: InputsForm): readonly Input[] {
  const result = readInputs(text, form);
  if (result.problem !== undefined) throw new Error(result.problem.message);
  return result.inputs;
}

describe('a file of inputs', () => {
  it.each([
    ['a.jsonl', 'json lines'],
    ['a.b.NDJSON', 'json lines'],
    ['/x.jsonl/a.JSON', 'json array'],
    ['a.txt', 'text lines'],
    ['json', 'text lines'],
    ['a.json.gz', 'text lines'],
  ])('%s holds %s', (name, form) => {
    expect(inputsForm(name)).toBe(form);
  });

  it('of JSON lines has a value a line, as it was written', () => {
    expect(read('\ufeff{"a": 1.0}\r\n\r\n  "x"  \n\t\n[2]', 'json lines')).toEqual([
      { line: 1, text: '{"a": 1.0}' },
      { line: 3, text: '"x"' },
      { line: 5, text: '[2]' },
    ]);
  });

  it('of a JSON array has its elements, by the line on which each begins', () => {
    expect(read('\ufeff[\n  1, {"a":\n 2},\r\n\n "x\\n"]\n', 'json array')).toEqual([
      { line: 2, text: '1' },
      { line: 2, text: '{"a":\n 2}' },
      { line: 5, text: '"x\\n"' },
    ]);
  });

  it('of texts has them with their spaces, and no blank lines', () => {
    expect(read(' a \r\n\r\n{"b"\n   \n\u2028c\rd', 'text lines')).toEqual([
      { line: 1, text: ' a ' },
      { line: 3, text: '{"b"' },
      { line: 5, text: '\u2028c\rd' },
    ]);
  });

  it.each([
    ['', 'json lines', null, null, 'it holds no input'],
    ['\n \r\n', 'text lines', null, null, 'it holds no input'],
    ['[]', 'json array', null, null, 'it holds no input'],
    ['{"a": [1]}', 'json array', null, null, 'it is no JSON array'],
    ['{"a": "hush"}\n{"a": hush}\n', 'json lines', 2, 7, 'it is not JSON: a value is expected'],
    ['{"a": 1} {"a": 2}', 'json lines', 1, 10, 'it is not JSON: nothing more is expected'],
    ['[\n{"a": 1}\n{"a": 2}]', 'json array', 3, 1, 'it is not JSON: a "," or "]" is expected'],
    ['', 'json array', 1, 1, 'it is not JSON: a value is expected, and the text ends'],
  ] as const)('%j as %s is refused', (text, form, line, column, message) => {
    expect(readInputs(text, form)).toEqual({ problem: { line, column, message } });
  });

  it.each([
    ['json lines', (count: number) => '1\n'.repeat(count)],
    ['text lines', (count: number) => 'x\n'.repeat(count)],
    ['json array', (count: number) => `[${Array.from({ length: count }, () => '1').join(',\n')}]`],
  ] as const)('of %s has an end', (form, make) => {
    expect(read(make(mostInputs), form)).toHaveLength(mostInputs);
    expect(readInputs(make(mostInputs + 1), form)).toEqual({
      problem: { line: mostInputs + 1, column: null, message: 'it holds more than 100,000 inputs' },
    });
  });
});

describe('bodies', () => {
  const inputs = [
    { line: 1, text: '{"a": 1}' },
    { line: 4, text: '{"b": 2}' },
  ];

  it('are the inputs themselves without a template', () => {
    expect(makeBodies(inputs, null, false)).toEqual({ bodies: ['{"a": 1}', '{"b": 2}'] });
  });

  it('name the line of the first input that does not fit', () => {
    const { template = null } = parseTemplate('["{{input.a}}"]');
    expect(makeBodies(inputs.slice(0, 1), template, false)).toEqual({ bodies: ['[1]'] });
    expect(makeBodies(inputs, template, false)).toEqual({
      problem: 'the input has no field "a" (at 0 of the template)',
      line: 4,
    });
  });

  it('are bounded by their bytes, not their characters', () => {
    const text = `"${'é'.repeat(mostBodyBytes / 8)}"`;
    const two = [1, 2].map((line) => ({ line, text }));
    expect(makeBodies(two.slice(0, 1).concat(two.slice(0, 1)), null, false)).toMatchObject({ bodies: [text, text] });
    expect(makeBodies([...two, ...two, { line: 9, text }], null, false)).toEqual({
      problem: 'the bodies up to here are more than 128 MiB together',
      line: 2,
    });
  });
});
