import { describe, expect, it } from 'vitest';
import { parsePlanFile } from '../../../src/core/planFile.ts';

describe('parsePlanFile', () => {
  it('reads a plan file', () => {
    const { planFile, problems } = parsePlanFile(
      'version: 1\nmodel: ./models/a\ntopologies: [triton]\ngpu: {count: 2}\n',
    );
    expect(problems).toEqual([]);
    expect(planFile).toEqual({ version: 1, model: './models/a', topologies: ['triton'], gpu: { count: 2 } });
  });

  it.each([
    ['an unknown topology', 'version: 1\nmodel: a\ntopologies:\n  - fastapi\n  - tritn\n', 5, /topologies, entry 2/],
    ['a wrong type', 'version: 1\nmodel: a\ncores: many\n', 3, /cores/],
    ['an unknown field', 'version: 1\nmodel: a\ncolour: red\n', 3, /"colour"\. The fields are: version, model,/],
    ['a misspelt field', 'version: 1\nmodel: a\nprofil: quick\n', 3, /"profil"\. Did you mean "profile"\?$/],
    [
      'a misspelt field of a phase',
      'version: 1\nphases:\n  - { rate: 3, arivals: poisson, seconds: 2 }\n',
      3,
      /"arivals"\. Did you mean "arrivals"\?$/,
    ],
    ['a misspelt topology', 'version: 1\ntopologies: [tritno]\n', 2, /Did you mean "triton"\?$/],
    ['an unknown field of the GPU', 'version: 1\nmodel: a\ngpu:\n  cuont: 2\n', 4, /cuont/],
    ['a GPU without its domain', 'version: 1\nmodel: a\ngpu: { resource: gpu }\n', 3, /such as nvidia\.com\/gpu/],
    [
      'what is deployed in a plan that deploys nothing',
      'version: 1\ntarget: endpoint\nprofile: quick\ncores: 3\n',
      4,
      /^cores: says what is deployed or where, and with the target "endpoint" nothing is$/,
    ],
    [
      'topologies that the profile names itself',
      'version: 1\nprofile: paper\ntopologies: [fastapi]\n',
      3,
      /^topologies: the profile "paper" names its own topologies; leave one out$/,
    ],
    [
      'a kube context for this machine',
      'version: 1\ntarget: local\ncontext: prod\n',
      3,
      /^context: says where on a cluster, and the target "local" is this machine; leave one out$/,
    ],
    [
      'a namespace for this machine',
      'version: 1\ntarget: local\nnamespace: team-a\n',
      3,
      /^namespace: says where on a cluster, and the target "local" is this machine; leave one out$/,
    ],
    ['a GPU of another type', 'version: 1\ngpu: 2\n', 2, /^gpu: must be "none" or a group of fields, and is 2$/],
    [
      'a misspelt "none"',
      'version: 1\ngpu: nonne\n',
      2,
      /must be "none" or a group of fields, and is the text "nonne"\. Did you mean "none"\?$/,
    ],
    ['broken YAML', 'version: 1\nmodel: [a\n', 2, /^This is not YAML: .* a closing bracket is missing/],
    ['a tab', 'version: 1\n\tmodel: a\n', 1, /indent with spaces\.$/],
    ['a field twice', 'version: 1\nseed: 1\nseed: 2\n', 3, /the same field is there twice/],
    ['a missing version', 'model: a\n', 1, /^version: is missing; begin the file with "version: 1"$/],
    [
      'a missing field of a phase',
      'version: 1\nphases:\n  - connections: 3\n',
      3,
      /^phases, entry 1, seconds: is missing$/,
    ],
    ['a second document', 'version: 1\nmodel: a\n---\nversion: 1\n', 3, /^A second YAML document begins here/],
    ['a second document without a plan', 'version: 1\n---\n', 2, /^A second YAML document begins here/],
    ['a second document behind an end', 'version: 1\n...\nmodel: a\n', 3, /^A second YAML document begins here/],
    ['another version', 'version: 2\nmodel: a\n', 1, /version/],
    ['no mapping at all', '- a\n', 1, /^A plan is made of fields, such as "version: 1"/],
    ['nothing', '', 1, /^A plan is made of fields/],
    ['a number that is too large', 'version: 1\ncores: 1000\n', 2, /^cores: must be at most 256, and is 1000$/],
    ['a part of a core', 'version: 1\ncores: 0.5\n', 2, /^cores: must be a whole number, and is 0\.5$/],
    [
      'no rate at all',
      'version: 1\nphases: [{ rate: 0, seconds: 1 }]\n',
      2,
      /^phases, entry 1, rate: must be above 0, and is 0$/,
    ],
    ['a field without its value', 'version: 1\nmodel:\n', 2, /^model: must be a text, and is empty$/],
    ['a long text', `version: 1\ncores: ${'x'.repeat(100)}\n`, 2, /^cores: must be a number, and is a longer text$/],
    ['an empty list', 'version: 1\ntopologies: []\n', 2, /^topologies: must have 1 or more entries$/],
  ])('points at %s', (_name, text, line, message) => {
    const { planFile, problems } = parsePlanFile(text);
    expect(planFile).toBeUndefined();
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.line).toBe(line);
  });

  it('points at something that can be seen where a bracket or a quotation mark is missing', () => {
    expect(parsePlanFile('version: 1\nmodel: [a  \n\n').problems).toMatchObject([{ start: 19, end: 20, line: 2 }]);
    expect(parsePlanFile('model: "a').problems).toMatchObject([{ start: 8, end: 9, line: 1 }]);
    expect(parsePlanFile('  [').problems).toMatchObject([{ start: 2, end: 3 }]);
  });

  it('marks the line that a second document begins with', () => {
    const text = 'version: 1\n# one\n---  \nmodel: a\nseed: 1\n---\nseed: 2\n';
    const { problems } = parsePlanFile(text);
    expect(problems.map(({ start, end }) => text.slice(start, end))).toEqual(['---']);
    expect(problems).toMatchObject([{ line: 3, column: 1 }]);
  });

  it('takes a document that says where it begins and ends', () => {
    for (const text of [
      '---\nversion: 1\n',
      '# a plan\n--- # here\nversion: 1\n...\n',
      '%YAML 1.2\n---\nversion: 1\n',
    ]) {
      expect(parsePlanFile(text)).toMatchObject({ planFile: { version: 1 }, problems: [] });
    }
  });

  it('points at each of several unknown fields', () => {
    const { problems } = parsePlanFile('version: 1\ncolour: red\ngpu: { cuont: 2, size: 3 }\n');
    expect(problems.map(({ start, end, message }) => [start, end, /"(\w+)"/.exec(message)?.[1]])).toEqual([
      [11, 17, 'colour'],
      [30, 35, 'cuont'],
      [40, 44, 'size'],
    ]);
  });

  it('points at what is of a wrong type within the GPU, and says what was expected there', () => {
    const text = 'version: 1\ngpu:\n  count: two\n  resource: 7\n  tolerations: [{ operator: Exist }]\n';
    const { problems } = parsePlanFile(text);
    expect(problems.map(({ start, end, message }) => [text.slice(start, end), message])).toEqual([
      ['two', 'gpu.count: must be a number, and is the text "two"'],
      ['7', 'gpu.resource: must be a text, and is 7'],
      [
        'Exist',
        'gpu.tolerations, entry 1, operator: must be "Exists" or "Equal", and is the text "Exist". Did you mean "Exists"?',
      ],
    ]);
  });

  it('names the word that was meant for what it marks, and counts entries of a list as people do', () => {
    const text = 'version: 1\ncoers: 2\n"profil": quick\ntopologies: [triton, tritn]\nseed: x\n';
    const { problems } = parsePlanFile(text);
    expect(problems.map(({ start, end, meant }) => [text.slice(start, end), meant])).toEqual([
      ['coers', 'cores'],
      ['"profil"', 'profile'],
      ['tritn', 'triton'],
      ['x', undefined],
    ]);
    expect(problems[2]?.message).toMatch(/^topologies, entry 2: must be .* Did you mean "triton"\?$/u);
  });

  it('marks what is missing behind a colon where it can be seen', () => {
    for (const field of ['gpu', 'cores']) {
      const text = `version: 1\n${field}:   \nseed: 1\n`;
      const { problems } = parsePlanFile(text);
      expect(problems.map(({ start, end }) => text.slice(start, end))).toEqual([':']);
    }
  });

  it('names the files that it is about, also where something else is wrong', () => {
    const text = "version: 1\nmodel: './my models/a'\ntokenizer: ../t\ncores: many\n";
    const { planFile, paths } = parsePlanFile(text);
    expect(planFile).toBeUndefined();
    expect(paths).toEqual([
      { field: 'model', path: './my models/a', start: 18, end: 33 },
      { field: 'tokenizer', path: '../t', start: 45, end: 49 },
    ]);
    expect(parsePlanFile('model: [a]').paths).toEqual([]);
  });

  it('never throws, whatever the text', () => {
    for (const text of ['', '\0', '{{{', '&a [*a, *a]', 'a: *b', '%YAML 9.9\n---\n', '!!js/function x', '? ? ?']) {
      expect(parsePlanFile(text).planFile).toBeUndefined();
    }
  });

  it('says so of what is nested too deeply, or too long', () => {
    for (const text of ['['.repeat(10_000), `${'['.repeat(10_000)}${']'.repeat(10_000)}`, '- '.repeat(10_000)]) {
      const { planFile, problems } = parsePlanFile(text);
      expect(planFile).toBeUndefined();
      expect(problems[0]?.message).toContain('nested too deeply');
    }
    expect(parsePlanFile(`version: 1\n#${' '.repeat(256 * 1024)}`).problems[0]?.message).toContain('262144 characters');
  });
});
