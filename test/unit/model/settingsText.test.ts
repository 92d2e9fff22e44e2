import { expect, test } from 'vitest';
import { parseModel, settingsText } from '../../../src/core/model.ts';

const says = (fileName: string, text: string): string => settingsText(parseModel(fileName, text), text);

const pbtxt = `name: "m"
max_batch_size: 8
input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] } ]
parameters { key: "a" value { string_value: "1" } }
`;

test.each([
  ['a comment', `# tuned\n${pbtxt}`],
  ['spacing and line ends', pbtxt.replaceAll('\n', '\r\n').replaceAll(' ', '  ')],
  ['the order of fields', pbtxt.split('\n').reverse().join('\n')],
  ['a list or one value', pbtxt.replace('[ -1 ]', '-1')],
  [
    'brackets of another kind',
    pbtxt.replace('{ key: "a" value { string_value: "1" } }', '< key: "a" value: < string_value: \'1\' > >,'),
  ],
  ['a number in another notation', pbtxt.replace('8', '0x8')],
])('a config.pbtxt says the same whatever %s', (_, text) => {
  expect(says('config.pbtxt', text)).toBe(says('config.pbtxt', pbtxt));
});

test.each([
  ['a size', pbtxt.replace('8', '16')],
  ['a field', `${pbtxt}dynamic_batching { }`],
  ['a string in place of a number', pbtxt.replace('8', '"8"')],
  ['the order of inputs', pbtxt.replace('input [', 'input [ { name: "x" },')],
  ['a number that no double holds', pbtxt.replace('-1', '9007199254740993')],
])('a config.pbtxt says something else with %s', (_, text) => {
  expect(says('config.pbtxt', text)).not.toBe(says('config.pbtxt', pbtxt));
});

test('numbers beyond the exact ones differ', () => {
  const text = (count: string): string => `${pbtxt}dynamic_batching { priority_levels: ${count} }`;
  expect(says('config.pbtxt', text('9007199254740993'))).not.toBe(says('config.pbtxt', text('9007199254740992')));
});

test('a config.json says the same whatever its spacing and order', () => {
  const json = '{"architectures":["BertForSequenceClassification"],"model_type":"bert","id2label":{"0":"a","1":"b"}}';
  const other =
    '{\n "model_type": "bert",\n "id2label": { "1": "b", "0": "a" }, "architectures": ["BertForSequenceClassification"] }';
  expect(says('config.json', other)).toBe(says('config.json', json));
  expect(says('config.json', json.replace('"b"', '"c"'))).not.toBe(says('config.json', json));
});

test("Python's numbers that are no JSON say something, too", () => {
  const json = (number: string, note = 'NaN and Infinity'): string =>
    `{"model_type":"bert","architectures":["BertForSequenceClassification"],"limit":${number},"note":"${note}"}`;
  const formatted = json('Infinity').replaceAll(',', ',\n  ').replaceAll(':', ': ');
  expect(says('config.json', formatted)).toBe(says('config.json', json('Infinity')));
  const others = ['-Infinity', 'NaN', '0.000000', '"Infinity"', '"NaN"'];
  expect(new Set(['Infinity', ...others].map((number) => says('config.json', json(number)))).size).toBe(6);
  expect(says('config.json', json('NaN', 'another'))).not.toBe(says('config.json', json('NaN')));
});

test('a text that is broken stands for itself', () => {
  expect(says('config.json', '{"model_type":"bert",')).toBe('{"model_type":"bert",');
});
