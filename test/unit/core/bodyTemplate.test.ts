import { describe, expect, it } from 'vitest';
import { fillTemplate, parseTemplate } from '../../../src/core/bodyTemplate.ts';

function fill(template: string, input: string, isText = false): string {
  const parsed = parseTemplate(template);
  if (parsed.template === undefined) throw new Error(parsed.problem);
  const filled = fillTemplate(parsed.template, input, isText);
  if (filled.body === undefined) throw new Error(filled.problem);
  return filled.body;
}

describe('a body template', () => {
  it.each([
    ['"{{input}}"', '{"a": [1, null]}', '{"a":[1,null]}'],
    ['{"x": "{{input}}"}', '"text"', '{"x":"text"}'],
    ['{"x": "{{input}}"}', 'null', '{"x":null}'],
    ['{"x": "{{ input.a }}"}', '{"a": true}', '{"x":true}'],
    ['{"x": ["{{input.a.b}}", 1, {"y": "{{input.c}}"}]}', '{"a": {"b": [2]}, "c": {}}', '{"x":[[2],1,{"y":{}}]}'],
    ['["{{input.list.1.name}}"]', '{"list": [0, {"name": "n"}]}', '["n"]'],
    ['["{{input.0}}"]', '{"0": "of an object"}', '["of an object"]'],
    ['["{{input.first name}}", "{{input.größe-1}}"]', '{"first name": 1, "größe-1": 2}', '[1,2]'],
    [
      '"a {{input.t}}, {{input.n}}, {{input.b}} z"',
      '{"t": "\\"q\\"", "n": 1.50, "b": false}',
      '"a \\"q\\", 1.50, false z"',
    ],
    ['"{{input.a}}{{input.b}}"', '{"a": 1, "b": 2}', '"12"'],
    ['"{{input}} "', '5', '"5 "'],
    ['{"x": "{{input}}", "y": "}} and {single}"}', '1', '{"x":1,"y":"}} and {single}"}'],
  ])('%s with %s makes %s', (template, input, body) => {
    expect(fill(template, input)).toBe(body);
  });

  it('keeps numbers as they were written, in the input and in the template', () => {
    const body = fill('{"id": "{{input.id}}", "t": 0.10, "say": "{{input.id}}!"}', '{"id": 12345678901234567890}');
    expect(body).toBe('{"id":12345678901234567890,"t":0.10,"say":"12345678901234567890!"}');
    expect(fill('["{{input}}"]', '[1.0, 1e400, -0, 1E5]')).toBe('[[1.0,1e400,-0,1E5]]');
  });

  it('lets no input become more than a value', () => {
    const hostile = '"}, \\"admin\\": true, {{input.secret}} \\u0000\\u2028"';
    const body = fill('{"role": "user", "text": "{{input}}", "longer": "> {{input}}"}', hostile);
    const text = JSON.parse(hostile) as string;
    expect(JSON.parse(body)).toEqual({ role: 'user', text, longer: `> ${text}` });
    expect(fill('{"x": "{{input}}"}', '{"__proto__": {"a": 1}, "rawJSON": "2"}')).toBe(
      '{"x":{"__proto__":{"a":1},"rawJSON":"2"}}',
    );
    expect(fill('{"__proto__": "{{input}}"}', '1')).toBe('{"__proto__":1}');
  });

  it('takes a text as it is, whatever it looks like', () => {
    for (const text of ['{"a": 1}', '12', 'a "quote" \\', '{{input}}'])
      expect(JSON.parse(fill('{"text": "{{input}}"}', text, true))).toEqual({ text });
  });

  it('ignores a byte order mark', () => {
    expect(fill('\ufeff["{{input}}"]', '1')).toBe('[1]');
  });

  it.each([
    [
      '{"x": 1}',
      'it has no placeholder, so that every body would be the same; there are "{{input}}" and "{{input.field}}"',
    ],
    ['"{{text}}"', '"{{text}}" is no placeholder (the whole template); there are "{{input}}" and "{{input.field}}"'],
    [
      '{"a": [0, "x {{inputs.a}}"]}',
      '"{{inputs.a}}" is no placeholder (at a.1 of the template); there are "{{input}}" and "{{input.field}}"',
    ],
    [
      '["{{input.}}"]',
      '"{{input.}}" is no placeholder (at 0 of the template); there are "{{input}}" and "{{input.field}}"',
    ],
    ['["{{}}"]', '"{{}}" is no placeholder (at 0 of the template); there are "{{input}}" and "{{input.field}}"'],
    ['["{{input}}", "{{input.a} "]', 'a "{{" is not closed by "}}" (at 1 of the template)'],
    ['{"a": {"{{input}}": 1}}', 'the name of a field cannot hold a placeholder (at a of the template)'],
  ])('%s is refused', (template, problem) => {
    expect(parseTemplate(template)).toEqual({ problem });
  });

  it.each([
    ['{"a":\n  {{input}}}', 'it is not JSON: a name in quotes or "}" is expected', { line: 2, column: 4 }],
    ['', 'it is not JSON: a value is expected, and the text ends', { line: 1, column: 1 }],
  ])('%j is refused with its place', (template, problem, place) => {
    expect(parseTemplate(template)).toEqual({ problem, place });
  });

  it.each([
    ['["{{input.a}}"]', '{"b": "hush"}', 'the input has no field "a" (at 0 of the template)'],
    ['["{{input.a.b}}"]', '{"a": "hush"}', 'the input\'s "a" has no field "b" (at 0 of the template)'],
    ['["{{input.a.b}}"]', '{"a": null}', 'the input\'s "a" has no field "b" (at 0 of the template)'],
    ['["{{input.2}}"]', '["hush", 1]', 'the input has no field "2" (at 0 of the template)'],
    ['["{{input.length}}"]', '["hush"]', 'the input has no field "length" (at 0 of the template)'],
    ['["{{input.rawJSON}}"]', '15', 'the input has no field "rawJSON" (at 0 of the template)'],
    ['["{{input.toString}}"]', '{}', 'the input has no field "toString" (at 0 of the template)'],
    [
      '{"q": "say {{input}}"}',
      '{"hush": 1}',
      'the input is an object, which cannot be part of a longer text (at q of the template)',
    ],
    [
      '{"q": "say {{input.a}}"}',
      '{"a": ["hush"]}',
      'the input\'s "a" is a list, which cannot be part of a longer text (at q of the template)',
    ],
    [
      '{"q": "say {{input.a}}"}',
      '{"a": null}',
      'the input\'s "a" is null, which cannot be part of a longer text (at q of the template)',
    ],
  ])('%s cannot be filled with %s', (text, input, problem) => {
    const { template } = parseTemplate(text);
    expect(template && fillTemplate(template, input, false)).toEqual({ problem });
  });

  it('says when something nests more deeply than the runtime can follow', () => {
    const [open, close] = ['['.repeat(200_000), ']'.repeat(200_000)];
    expect(parseTemplate(`${open}"{{input}}"${close}`)).toEqual({ problem: 'it nests too deeply' });
    const { template } = parseTemplate('["{{input}}"]');
    expect(template && fillTemplate(template, open + close, false)).toEqual({ problem: 'the input nests too deeply' });
  });

  it('cannot take a field of a text', () => {
    const { template } = parseTemplate('["{{input.a}}"]');
    expect(template && fillTemplate(template, '{"a": 1}', true)).toEqual({
      problem: 'the input has no field "a" (at 0 of the template)',
    });
  });
});
