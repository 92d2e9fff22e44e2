import { describe, expect, test } from 'vitest';
import { hintsOf, parseModel, settingsText } from '../../../src/core/model.ts';

/** Whatever the text, the parsers return soon, and their offsets lie in it. */

const seeds = [
  `name: "x" max_batch_size: 8 input [ { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] } ]
output < name: 'logits' data_type: TYPE_FP32 dims: [ 2 ] > # comment
dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 0x64 }
[a.b/c.D] { v: 1.5e-3 } parameters { key: "k" value { string_value: "a\\n\\x41\\101" "b" } }`,
  JSON.stringify(
    { architectures: ['BertForSequenceClassification'], model_type: 'bert', id2label: { 0: 'a', 1: 'b' } },
    null,
    1,
  ),
];
const alphabet = [
  '{',
  '}',
  '[',
  ']',
  '<',
  '>',
  ':',
  ',',
  ';',
  '"',
  "'",
  '\\',
  '#',
  '\n',
  '\r',
  '\0',
  '-',
  '.',
  '/',
  '0x',
  '9',
  'e',
  'é',
  '\u{1F600}',
  '\uD800',
  'name',
  'dims',
  'true',
  'inf',
  ' ',
];

/** Mulberry32: the same texts every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

function mutate(text: string, next: () => number): string {
  let result = text;
  const times = 1 + Math.floor(next() * 12);
  for (let index = 0; index < times; index += 1) {
    const at = Math.floor(next() * (result.length + 1));
    const piece = alphabet[Math.floor(next() * alphabet.length)] ?? '';
    const kind = next();
    if (kind < 0.4) result = result.slice(0, at) + piece + result.slice(at);
    else if (kind < 0.8) result = result.slice(0, at) + result.slice(at + 1 + Math.floor(next() * 8));
    else result = result.slice(0, at) + result.slice(Math.floor(next() * result.length), at + 20) + result.slice(at);
  }
  return result;
}

describe.each(['config.pbtxt', 'config.json'])('%s', (file) => {
  test('20,000 damaged texts', () => {
    const next = random(20261122);
    let found = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const text = mutate(seeds[round % 2] ?? '', next);
      const parsed = parseModel(file, text);
      const { model, problems } = parsed;
      for (const { start, end, message } of [...problems, ...hintsOf(parsed, text)]) {
        if (!(start >= 0 && start <= end && end <= text.length && message !== '')) {
          expect.fail(`offsets ${String(start)}-${String(end)} of ${JSON.stringify(text)}`);
        }
      }
      if (model !== undefined) {
        found += 1;
        if (!(model.lensOffset >= 0 && model.lensOffset <= text.length)) expect.fail(JSON.stringify(text));
        if ((model.task === 'other') !== (model.why !== null)) expect.fail(JSON.stringify(text));
      }
    }
    // Both kinds of outcome must have been met, or the texts test nothing.
    expect(found).toBeGreaterThan(1000);
    expect(found).toBeLessThan(20_000);
  });

  test('every beginning of a config', () => {
    for (const seed of seeds) {
      for (let end = 0; end <= seed.length; end += 1) expect(() => parseModel(file, seed.slice(0, end))).not.toThrow();
    }
  });
});

describe('texts made to take long', () => {
  const size = 100_000;
  const hostile: Readonly<Record<string, string>> = {
    'open braces': 'a{'.repeat(size),
    'open lists': 'a:['.repeat(size),
    'list brackets': '['.repeat(size),
    'brackets that close nothing': '[ } '.repeat(size),
    'one long number': `a: ${'1'.repeat(size)}x`,
    'one long hexadecimal number': `a: 0x${'f'.repeat(size)}g`,
    'escapes without an end': `a: "${'\\n'.repeat(size)}`,
    'strings in pieces': `a: ${'"x" '.repeat(size)}`,
    'minus signs': `a: ${'-'.repeat(size)}`,
    comments: '#\n'.repeat(size),
    fields: 'name: "x"\n'.repeat(size),
    'unknown characters': '@'.repeat(size),
    'beginnings of placeholders': 'name: "x"\n' + '{'.repeat(size),
    'placeholders that never end': `name: "x" ${'${'.repeat(size)}`,
    'percent signs': `name: "x" ${'%('.repeat(size)}`,
    'quotes and backslashes': `name: "x" ${'"\\'.repeat(size)}`,
    'no bytes': `name: "x" ${'\0'.repeat(size)}`,
    'halves of characters': `name: "${'\uD800'.repeat(size)}`,
    'words in capitals': `input { dims: [ ${'N, '.repeat(size)}`,
    'unknown fields': 'name: "x" max_batch_size: 1 ' + 'y: 1 '.repeat(size),
    dots: '.'.repeat(size),
    'nested JSON': `{"model_type":"bert","x":${'['.repeat(size)}`,
    'JSON objects': `{"model_type":"bert","x":${'{"a":'.repeat(size)}`,
    labels: `{"model_type":"bert","id2label":{${Array.from({ length: 50_000 }, (_, id) => `"${String(id)}":"l"`).join(',')}}}`,
  };
  test.each(Object.entries(hostile))('%s', (_, text) => {
    // A larger one would not be read at all.
    expect(text.length).toBeLessThanOrEqual(1024 * 1024);
    for (const file of ['config.pbtxt', 'config.json']) {
      const startedAt = performance.now();
      const parsed = parseModel(file, text);
      const { problems } = parsed;
      expect(hintsOf(parsed, text)).toEqual([]);
      expect(settingsText(parsed, text)).not.toBe('');
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      expect(problems.length).toBeLessThanOrEqual(200);
    }
  });

  test('messages nested far beyond sense are reported once each, and what follows is read', () => {
    const text = `x ${'{ y '.repeat(5000)}${'}'.repeat(5000)}\nmax_batch_size: 4`;
    const { model, problems } = parseModel('config.pbtxt', text);
    expect(problems.some((problem) => problem.message.includes('too deep'))).toBe(true);
    expect(model?.maxBatchSize).toBe(4);
  });

  test.each([
    ['config.pbtxt', 'name: "x" @@@\n'],
    ['config.json', '{ "architectures": ["BertForSequenceClassification"], "model_type": "bert", }'],
  ])('a file too large for a %s is something else', (file, text) => {
    expect(parseModel(file, text).problems).not.toEqual([]);
    expect(parseModel(file, text.padEnd(10_000_000))).toEqual({ model: undefined, problems: [] });
  });

  test('brackets within strings hide no nesting', () => {
    const text = `{"architectures":["BertModel"],"model_type":"${']'.repeat(size)}","x":${'['.repeat(size)}`;
    expect(parseModel('config.json', text)).toEqual({ model: undefined, problems: [] });
    const flat = `{"architectures":["BertModel"],"model_type":"bert","x":"${'['.repeat(size)}"}`;
    expect(parseModel('config.json', flat).model?.why).toContain('BertModel');
  });
});
