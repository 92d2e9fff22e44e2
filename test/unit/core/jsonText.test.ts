import { describe, expect, it } from 'vitest';
import { arrayElements, jsonFault, placeAt } from '../../../src/core/jsonText.ts';
import { seededRandom } from '../../../src/core/seededRandom.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const documents = [
  'null',
  ' true ',
  '-0.5e-3',
  '"a\\u00e9\\n\\"\\\\/"',
  '[]',
  '{}',
  '[1, [2, [], {}], {"a": [3]}]\r\n',
  '{"a": {"b": [true, false, null]}, "": "", "a": 1E+5}',
  `${'['.repeat(200)}0${']'.repeat(200)}`,
];

describe('jsonFault', () => {
  it.each(documents)('finds nothing wrong with %s', (text) => {
    expect(jsonFault(text)).toBeUndefined();
  });

  it.each([
    ['', 0, 'a value is expected, and the text ends'],
    ['  ', 2, 'a value is expected, and the text ends'],
    ['{"a": 1,}', 8, 'a name in quotes is expected'],
    ['{a: 1}', 1, 'a name in quotes or "}" is expected'],
    ['{"a" 1}', 5, 'a ":" is expected'],
    ['{"a": }', 6, 'a value is expected'],
    ['{"a": 1 "b": 2}', 8, 'a "," or "}" is expected'],
    ['{"a": 1', 7, 'a "," or "}" is expected, and the text ends'],
    ['[1, ]', 4, 'a value is expected'],
    ['[1 2]', 3, 'a "," or "]" is expected'],
    ['[', 1, 'a value or "]" is expected, and the text ends'],
    ['[1}', 2, 'a "," or "]" is expected'],
    ['1 2', 2, 'nothing more is expected'],
    ['01', 1, 'nothing more is expected'],
    ['nul', 0, 'a value is expected'],
    ["'a'", 0, 'a value is expected'],
    ['NaN', 0, 'a value is expected'],
    ['"a', 2, 'a string has no closing quote, and the text ends'],
    ['"a\nb"', 2, 'a control character must be escaped in a string'],
    ['"\\x"', 2, 'this is no escape of a string'],
    ['"\\u12g4"', 2, 'this is no escape of a string'],
  ])('of %j is at %i: %s', (text, offset, message) => {
    expect(jsonFault(text)).toEqual({ offset, message });
    expect(isJson(text)).toBe(false);
  });

  it("agrees with the runtime's parser on documents that were damaged at random", () => {
    const random = seededRandom(7);
    const pick = (below: number): number => Math.floor(random() * below);
    let broken = 0;
    for (let count = 0; count < 20_000; count += 1) {
      let text = documents[pick(documents.length)] ?? '';
      for (let changes = 1 + pick(2); changes > 0; changes -= 1) {
        const at = pick(text.length + 1);
        const inserted = random() < 0.5 ? '' : ('{}[]:,"\\0 1e.tn\n'[pick(16)] ?? '');
        text = text.slice(0, at) + inserted + text.slice(at + pick(2));
      }
      if (!isJson(text)) broken += 1;
      expect(jsonFault(text) === undefined, text).toBe(isJson(text));
    }
    expect(broken).toBeGreaterThan(5_000);
    expect(broken).toBeLessThan(19_900);
  });

  it('takes brackets without end', () => {
    const deep = '['.repeat(1_000_000);
    expect(jsonFault(deep)?.offset).toBe(1_000_000);
    expect(jsonFault(deep + ']'.repeat(1_000_000))).toBeUndefined();
  });
});

describe('arrayElements', () => {
  it('are where they stand in the text', () => {
    const text = ' [ 1.0 ,\n{"a": [2, 3]},"x,]" , [], [[4]] ] ';
    const elements = arrayElements(text, 100).map(({ start, end }) => text.slice(start, end));
    expect(elements).toEqual(['1.0', '{"a": [2, 3]}', '"x,]"', '[]', '[[4]]']);
    expect(arrayElements(text, 2)).toHaveLength(2);
  });

  it.each(['[]', '{"a": [1]}', '1', '[1', '[1]]'])('of %s there are none', (text) => {
    expect(arrayElements(text, 100)).toEqual([]);
  });
});

it('a place counts from 1', () => {
  expect(placeAt('ab\ncd\n', 0)).toEqual({ line: 1, column: 1 });
  expect(placeAt('ab\ncd\n', 2)).toEqual({ line: 1, column: 3 });
  expect(placeAt('ab\ncd\n', 4)).toEqual({ line: 2, column: 2 });
  expect(placeAt('ab\ncd\n', 6)).toEqual({ line: 3, column: 1 });
});
