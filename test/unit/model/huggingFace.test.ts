import { describe, expect, test } from 'vitest';
import { parseModel } from '../../../src/core/model.ts';

const distilbert = {
  architectures: ['DistilBertForSequenceClassification'],
  id2label: { '0': 'NEGATIVE', '1': 'POSITIVE' },
  max_position_embeddings: 512,
  model_type: 'distilbert',
};

function parse(value: unknown): ReturnType<typeof parseModel> {
  return parseModel('C:\\models\\config.json', JSON.stringify(value, null, 2));
}

describe('text classifiers', () => {
  test('labels, length and where the lens goes', () => {
    const { model, problems } = parse(distilbert);
    expect(problems).toEqual([]);
    expect(model).toMatchObject({
      kind: 'huggingface',
      task: 'text-classification',
      why: null,
      labels: ['NEGATIVE', 'POSITIVE'],
      labelCount: 2,
      maxLength: 512,
      maxBatchSize: null,
    });
    expect(JSON.stringify(distilbert, null, 2).slice(model?.lensOffset)).toMatch(/^"architectures"/);
  });

  test('labels come in the order of their ids', () => {
    const { model } = parse({
      ...distilbert,
      id2label: {
        '2': 'c',
        '10': 'k',
        '0': 'a',
        '1': 'b',
        '3': 'd',
        '4': 'e',
        '5': 'f',
        '6': 'g',
        '7': 'h',
        '8': 'i',
        '9': 'j',
      },
    });
    expect(model?.labels?.join('')).toBe('abcdefghijk');
  });

  test('without id2label there are two, unnamed', () => {
    const { model } = parse({ architectures: ['BertForSequenceClassification'], model_type: 'bert' });
    expect(model).toMatchObject({ task: 'text-classification', labels: null, labelCount: null, maxLength: null });
  });

  test("RoBERTa's positions begin behind its padding", () => {
    const { model } = parse({
      ...distilbert,
      architectures: ['RobertaForSequenceClassification'],
      model_type: 'roberta',
      max_position_embeddings: 514,
    });
    expect(model?.maxLength).toBe(512);
  });
});

test.each([
  [
    'tasks about one text',
    ...['sst2', 'SST-2', 'cola', 'glue:sst2', 'text-classification', 'sentiment-analysis', 'facebook', null].map(
      (task) => ({ finetuning_task: task }),
    ),
  ],
  [
    'labels of one text',
    { id2label: { 0: 'negative', 1: 'neutral', 2: 'positive' } },
    { id2label: { 0: 'duplicate', 1: 'bug', 2: 'question' } },
    { id2label: { 0: 'entertainment', 1: 'not spam', 2: 'contradicting myself' } },
    { id2label: { 0: '0', 1: '1' } },
  ],
])('%s say nothing of a second', (_, ...changes) => {
  for (const change of changes) {
    expect(parse({ ...distilbert, ...(change as object) }).model).toMatchObject({
      task: 'text-classification',
      why: null,
    });
  }
});

describe('look-alikes get a reason', () => {
  test.each([
    [
      'a token classifier',
      { architectures: ['BertForTokenClassification'], model_type: 'bert' },
      'BertForTokenClassification',
    ],
    ['a masked language model', { architectures: ['BertForMaskedLM'], model_type: 'bert' }, 'BertForMaskedLM'],
    [
      'an image classifier',
      { architectures: ['ViTForImageClassification'], model_type: 'vit' },
      'ViTForImageClassification',
    ],
    ['a sound classifier', { architectures: ['Wav2Vec2ForSequenceClassification'], model_type: 'wav2vec2' }, 'sound'],
    [
      'a reward model',
      { architectures: ['LlamaForSequenceClassification'], model_type: 'llama', id2label: { 0: 'LABEL_0' } },
      'one label only',
    ],
    [
      'several labels at once',
      { ...distilbert, problem_type: 'multi_label_classification' },
      'multi_label_classification',
    ],
    ['a regression', { ...distilbert, problem_type: 'regression' }, 'regression'],
    ['no architecture', { model_type: 'bert', hidden_size: 768 }, 'names no architecture'],
    [
      'a page with its layout',
      {
        architectures: ['LayoutLMv3ForSequenceClassification'],
        model_type: 'layoutlmv3',
        id2label: { 0: 'a', 1: 'b' },
      },
      'layout',
    ],
    [
      'a page with its layout, of the time before model_type',
      { architectures: ['LayoutLMForSequenceClassification'], hidden_size: 768, id2label: { 0: 'a', 1: 'b' } },
      'layout',
    ],
    [
      'DNA',
      { architectures: ['HyenaDNAForSequenceClassification'], model_type: 'hyenadna', num_labels: 2 },
      'DNA rather than text',
    ],
    [
      'pictures beside a text',
      { architectures: ['Qwen2VLForSequenceClassification'], model_type: 'qwen2_vl', num_labels: 3, vision_config: {} },
      'by its vision_config it takes pictures',
    ],
    [
      'sound beside a text',
      { architectures: ['EchoForSequenceClassification'], model_type: 'echo', num_labels: 3, audio_config: {} },
      'sound',
    ],
    ['proteins', { architectures: ['EsmForSequenceClassification'], model_type: 'esm' }, 'protein'],
    [
      'a pair of texts',
      { ...distilbert, sentence_transformers: { activation_fn: 'torch.nn.modules.linear.Identity' } },
      'two texts',
    ],
    ['an entailment', { ...distilbert, id2label: { 0: 'entailment', 1: 'neutral', 2: 'contradiction' } }, 'two texts'],
    ['an entailment or none', { ...distilbert, id2label: { 0: 'entailment', 1: 'not_entailment' } }, 'two texts'],
    ['an entailment, numbered', { ...distilbert, id2label: { 0: '0_CONTRADICTION', 1: 'NEUTRAL (1)' } }, 'two texts'],
    [
      'an entailment by "label2id" alone',
      { ...distilbert, id2label: undefined, label2id: { ENTAILMENT: 0 } },
      'two texts',
    ],
    [
      'an entailment whose ids are reversed',
      { ...distilbert, id2label: { refuted: 0, other: 1 } },
      'its label refuted says how two texts relate',
    ],
    ['a paraphrase', { ...distilbert, id2label: { 0: 'not_equivalent', 1: 'equivalent' } }, 'two texts'],
    ...[
      'mrpc',
      'QQP',
      'qnli',
      'mnli',
      'mnli-mm',
      'rte',
      'wnli',
      'sts-b',
      'snli',
      'xnli',
      'cb',
      'boolq',
      'glue:mrpc',
      'super_glue/cb',
      'ocnli',
    ].map((task): [string, object, string] => [task, { ...distilbert, finetuning_task: task }, 'two texts']),
  ])('%s', (_, value, why) => {
    const { model } = parse(value);
    expect(model?.task).toBe('other');
    expect(model?.why).toContain(why);
  });
});

describe('any other config.json is left alone', () => {
  test.each([
    ['settings', '{ "port": 8080, "debug": true }'],
    ['an array', '[1, 2, 3]'],
    ['not JSON', 'hello'],
    ['empty', ''],
    ['broken JSON of something else', '{ "name": "x", '],
    ['the word in another place', '{ "fields": ["model_type"] }'],
    ['a nested one', '{ "inner": { "model_type": "bert", "architectures": ["X"] } }'],
    ['a kind of model alone', '{ "model_type": "xgboost", "target": "price" }'],
    ['processors', '{ "architectures": ["amd64", "arm64"], "version": 2, }'],
    ['a list of what is supported', '{ "architectures": ["BertForSequenceClassification"], "port": 80 }'],
    ['wrong types', '{ "model_type": 3, "architectures": "BertForSequenceClassification" }'],
  ])('%s', (_, text) => {
    expect(parseModel('config.json', text)).toEqual({ model: undefined, problems: [] });
  });

  test('and so is a model config of another name', () => {
    expect(parseModel('tokenizer_config.json', JSON.stringify(distilbert)).model).toBeUndefined();
  });
});

describe('problems', () => {
  test('broken JSON of a model is an error at its place', () => {
    const text = '{ "model_type": "bert" "architectures": ["BertForSequenceClassification"] }';
    const { model, problems } = parseModel('config.json', text);
    expect(model?.task).toBe('text-classification');
    expect(problems[0]).toMatchObject({ severity: 'error', message: 'Not valid JSON: comma expected.' });
    expect(text.slice(problems[0]?.start, problems[0]?.end)).toBe('"architectures"');
  });

  test('comments and trailing commas are errors: transformers cannot read them', () => {
    const messages = (text: string): string[] =>
      parseModel('config.json', text).problems.map((problem) => problem.message);
    expect(
      messages('{ "model_type": "bert", // x\n "architectures": ["BertForSequenceClassification"] }')[0],
    ).toContain('comment');
    expect(messages('{ "model_type": "bert", "architectures": ["BertForSequenceClassification"], }')[0]).toContain(
      'property name expected',
    );
  });

  test('but not of a model that cannot be benchmarked anyway', () => {
    const text = '{ "model_type": "bert" "architectures": ["BertModel"], "id2label": [] }';
    expect(parseModel('config.json', text)).toMatchObject({ model: { task: 'other' }, problems: [] });
  });

  test('a byte order mark is an error, and offsets count it', () => {
    const text = `\uFEFF${JSON.stringify(distilbert)}`;
    const { model, problems } = parseModel('config.json', text);
    expect(problems).toMatchObject([{ severity: 'error', start: 0, end: 1 }]);
    expect(text.slice(model?.lensOffset)).toMatch(/^"architectures"/);
  });

  test('of a property that is given twice the last one counts', () => {
    const text =
      '{ "model_type": "bert", "architectures": ["BertModel"], "architectures": ["BertForSequenceClassification"] }';
    expect(parseModel('config.json', text).model?.task).toBe('text-classification');
  });

  test("Python's numbers that are no JSON are none: transformers writes and reads them", () => {
    const text = `{ "limits": [0.0, Infinity, -Infinity], "note": "a \\"NaN", "slope": NaN, ${JSON.stringify(distilbert).slice(1)}`;
    const { model, problems } = parseModel('config.json', text);
    expect(problems).toEqual([]);
    expect(model).toMatchObject({ task: 'text-classification', labels: ['NEGATIVE', 'POSITIVE'] });
    expect(text.slice(model?.lensOffset)).toMatch(/^"architectures"/);
  });

  test.each(['nan', 'NaNs', 'xInfinity', '+Infinity'])('%s is no number for Python either', (word) => {
    const { problems } = parseModel('config.json', `{ "slope": ${word}, ${JSON.stringify(distilbert).slice(1)}`);
    expect(problems).toHaveLength(1);
  });

  test('labels may be numbers', () => {
    const { model, problems } = parse({ ...distilbert, id2label: { '0': 1, '1': 2, '2': true } });
    expect(problems).toEqual([]);
    expect(model).toMatchObject({ labels: ['1', '2', 'true'], labelCount: 3 });
  });

  test('labels that are not usable are still counted', () => {
    const { model } = parse({ ...distilbert, id2label: { '0': 'a', '1': 'b', '3': 'd' } });
    expect(model).toMatchObject({ task: 'text-classification', labels: null, labelCount: 3 });
  });

  test.each([
    ['a gap', { '0': 'a', '2': 'c' }],
    ['no numbers', { a: 'b' }],
    ['no labels', { '0': ['a'], '1': null }],
    ['a list', ['a', 'b']],
    ['nothing in it', {}],
  ])('id2label with %s is a warning there', (_, id2label) => {
    const text = JSON.stringify({ ...distilbert, id2label });
    const { model, problems } = parseModel('config.json', text);
    expect(model?.labels).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.severity).toBe('warning');
    expect(text.slice(problems[0]?.start, problems[0]?.end)).toBe(JSON.stringify(id2label));
  });
});
