import { describe, expect, it } from 'vitest';
import { parsePlanFile } from '../../../src/core/planFile.ts';
import { planFileCompletions, planFileHover } from '../../../src/core/planFileHelp.ts';
import { writtenPath } from '../../../src/core/planFilePaths.ts';
import { alternatives, fieldAt, fieldsOf, itemsOf, type PlanFileField } from '../../../src/core/planFileFields.ts';
import { makePlan } from '../../../src/core/planning.ts';
import { planFileChoices } from '../../../src/core/planFileChoices.ts';
import { choices } from '../../support/choices.ts';

/** What is offered where "|" stands, by label. */
function offered(marked: string): string[] {
  const [text, offset] = atMark(marked);
  return planFileCompletions(text, offset)?.items.map(({ label }) => label) ?? [];
}

/** The text once the completion of this label was taken. */
function taken(marked: string, label: string): string {
  const [text, offset] = atMark(marked);
  const completions = planFileCompletions(text, offset);
  const item = completions?.items.find((one) => one.label === label);
  if (completions === undefined || item === undefined) return `(no ${label})`;
  return `${text.slice(0, completions.start)}${item.insert}${text.slice(completions.end)}`;
}

/** The text once a path was taken. */
function withPath(marked: string, path: string): string {
  const [text, offset] = atMark(marked);
  const completions = planFileCompletions(text, offset);
  if (completions === undefined) return '(nothing is offered)';
  return `${text.slice(0, completions.start)}${writtenPath(path, completions)}${text.slice(completions.end)}`;
}

function atMark(marked: string): [string, number] {
  const offset = marked.indexOf('|');
  return [`${marked.slice(0, offset)}${marked.slice(offset + 1)}`, offset];
}

const topFields = Object.keys(fieldsOf(fieldAt([]) ?? {}) ?? {});
const phaseFields = ['name', 'connections', 'rate', 'arrivals', 'maxInFlight', 'seconds'];

describe('completion of a plan file', () => {
  it('offers every field in an empty file, and those that are missing in one that has some', () => {
    expect(offered('|')).toEqual(topFields);
    expect(topFields).toContain('topologies');
    const rest = offered('version: 1\n|\nmodel: ./a\ncores: 4\n');
    expect(rest).toEqual(topFields.filter((name) => !['version', 'model', 'cores'].includes(name)));
  });

  it.each([
    ['before other fields', 'version: 1\npro|\ntopologies:\n  - fastapi\n'],
    ['at the end', 'version: 1\npro|'],
    ['below a group', 'version: 1\ngpu:\n  count: 1\npro|\n'],
    ['below a list that is not indented', 'topologies:\n- fastapi\npro|\n'],
    ['after a bracket that was never closed', 'version: [1\npro|\n'],
    ['with Windows line ends', 'version: 1\r\npro|\r\nmodel: a\r\n'],
  ])('completes a half-written field %s', (_place, text) => {
    expect(offered(text)).toContain('profile');
    expect(taken(text, 'profile')).toBe(text.replace('pro|', 'profile: '));
  });

  it('keeps the colon that is there when a key is corrected', () => {
    expect(taken('pro|file: quick\n', 'profile')).toBe('profile: quick\n');
    expect(taken('version: 1\nprof|: quick\n', 'profile')).toBe('version: 1\nprofile: quick\n');
    expect(taken('version: 1\n"prof|": quick\n', 'profile')).toBe('version: 1\n"profile": quick\n');
    expect(taken('"pro|"\n', 'profile')).toBe('"profile"\n');
  });

  it('offers no field that contradicts one that is there', () => {
    expect(offered('profile: quick\n|')).not.toContain('phases');
    expect(offered('phases:\n  - connections: 8\n    |')).toEqual(['name', 'seconds']);
    expect(offered('phases:\n  - rate: 8\n    |')).toEqual(['name', 'arrivals', 'maxInFlight', 'seconds']);
  });

  it.each([
    ['gpu:\n  |', ['resource', 'count', 'nodeSelector', 'tolerations', 'runtimeClassName', 'none']],
    ['gpu:\n  resource: nvidia.com/gpu\n  |\nmodel: a\n', ['count', 'nodeSelector', 'tolerations', 'runtimeClassName']],
    ['gpu:\n  |\n  count: 2\n', ['resource', 'nodeSelector', 'tolerations', 'runtimeClassName', 'none']],
    ['gpu: { resource: nvidia.com/gpu, | }\n', ['count', 'nodeSelector', 'tolerations', 'runtimeClassName']],
    ['gpu: { resource: nvidia.com/gpu, co|', ['count', 'nodeSelector', 'tolerations', 'runtimeClassName']],
    ['phases:\n  - |', phaseFields],
    ['phases:\n  - seconds: 3\n    |\n  - connections: 3\n', phaseFields.filter((name) => name !== 'seconds')],
    ['phases: [{ seconds: 3 }, { | }]\n', phaseFields],
    ['gpu:\n  tolerations:\n    - |', ['key', 'operator', 'value', 'effect']],
  ])('offers the fields of a group: %j', (text, fields) => {
    expect(offered(text)).toEqual(fields);
  });

  it('begins groups and lists on a line of their own, at the right depth, and on one line inside braces', () => {
    expect(taken('gp|', 'gpu')).toBe('gpu:\n  ');
    expect(taken('version: 1\nph|\n', 'phases')).toBe('version: 1\nphases:\n  - \n');
    expect(taken('gpu:\n  to|', 'tolerations')).toBe('gpu:\n  tolerations:\n    - ');
    expect(taken('phases:\n  - |', 'seconds')).toBe('phases:\n  - seconds: ');
    expect(taken('phases:\n  |', '- connections')).toBe('phases:\n  - connections: ');
    expect(taken('gpu: { to|', 'tolerations')).toBe('gpu: { tolerations: ');
  });

  it.each([
    ['profile: |', ['quick', 'standard', 'ladder', 'paper', 'single-stream', 'server', 'offline']],
    ['profile: st|\ncores: 2\n', ['quick', 'standard', 'ladder', 'paper', 'single-stream', 'server', 'offline']],
    ['profile: "st|"\n', ['quick', 'standard', 'ladder', 'paper', 'single-stream', 'server', 'offline']],
    ["profile: 'st|", ['quick', 'standard', 'ladder', 'paper', 'single-stream', 'server', 'offline']],
    ['version: |', ['1']],
    ['target: |', ['kubernetes', 'local', 'endpoint']],
    ['allowCpuProvider: |\n', ['true', 'false']],
    ['gpu: |', ['none']],
    ['images:\n  packages: |', ['install', 'prebuilt']],
    ['images: { packages: |', ['install', 'prebuilt']],
    ['cores: |', ['2']],
    ['images:\n  server: |', ['docker.io/library/python:3.12-slim']],
    ['phases: [{ rate: 3, arrivals: | }]', ['poisson', 'constant']],
    ['phases:\n  - rate: 3\n    arrivals: |', ['poisson', 'constant']],
  ])('offers the values of a field: %j', (text, values) => {
    expect(offered(text)).toEqual(values);
  });

  it('offers each topology once, in every way to write a list', () => {
    expect(offered('topologies: |')).toEqual(['[fastapi, triton, hybrid]']);
    expect(offered('topologies: [triton, |]')).toEqual(['fastapi', 'hybrid']);
    expect(offered('topologies: [|, triton]')).toEqual(['fastapi', 'hybrid']);
    expect(offered('topologies:\n  - triton\n  - |\n')).toEqual(['fastapi', 'hybrid']);
    expect(offered('topologies:\n  |')).toEqual(['- fastapi', '- triton', '- hybrid']);
    expect(offered('topologies:\n  - triton\n  |\n')).toEqual(['- fastapi', '- hybrid']);
    expect(taken('topologies:\n  - triton\n  -|\nmodel: a\n', '- hybrid')).toBe(
      'topologies:\n  - triton\n  - hybrid\nmodel: a\n',
    );
  });

  it('takes the place of the whole word at the cursor', () => {
    expect(taken('profile: st|xx\n', 'standard')).toBe('profile: standard\n');
    expect(taken('profile: "st|xx"\n', 'standard')).toBe('profile: "standard"\n');
    expect(taken('topologies: [fas|, triton]\n', 'fastapi')).toBe('topologies: [fastapi, triton]\n');
  });

  it('says where files can be named, and what of their path is written', () => {
    const [text, offset] = atMark('version: 1\nmodel: ./my models/sen|\n');
    const completions = planFileCompletions(text, offset);
    expect(completions).toMatchObject({ files: 'model', start: 18, end: offset });
    expect(text.slice(completions?.start, completions?.end)).toBe('./my models/sen');
    expect(planFileCompletions('tokenizer: ', 11)?.files).toBe('tokenizer');
    expect(planFileCompletions('images: { server: ', 18)?.files).toBeNull();
  });

  const paths = ['./sentiment', './my models/a', './b: c', './d #e', "./it's", './a "b" \\c', './a, {b} [c]'];
  it.each([
    'version: 1\nmodel: |\ncores: 3\n',
    'version: 1\nmodel: ./o|ld # why\ncores: 3\n',
    'version: 1\nmodel: ./my old mod|els/with spaces # why\ncores: 3\n',
    'version: 1\nmodel: ./old:one|#two\ncores: 3\n',
    'version: 1\nmodel: "|"\ncores: 3\n',
    'version: 1\nmodel: "./my old mod|els/a: \\"b\\", c" # why\ncores: 3\n',
    "version: 1\nmodel: '|'\ncores: 3\n",
    "version: 1\nmodel: './it''s my old mod|el''s: folder' # why\ncores: 3\n",
    '{ version: 1, model: |, cores: 3 }',
    '{ version: 1, model: ./my old mod|el, cores: 3 }',
    '{ version: 1, model: "./my old mod|el, b", cores: 3 }',
    'version: 1\r\nmodel: ./old mod|el one\r\ncores: 3\r\n',
  ])('writes each path so that it is read as that path, and leaves the rest: %j', (text) => {
    for (const path of paths) {
      expect(parsePlanFile(withPath(text, path)).planFile).toEqual({ version: 1, model: path, cores: 3 });
      expect(withPath(text, path).includes('# why')).toBe(text.includes('# why'));
    }
  });

  it.each([
    ['a comment', '# mod|'],
    ['a comment after a value', 'cores: 2 # |'],
    ['a text of several lines', 'model: >\n  a\n  |\n'],
    ['the continuation of a value', 'version: 1\n    |'],
    ['free names', 'gpu:\n  nodeSelector:\n    |'],
    ['a field that does not exist', 'colour:\n  |'],
    ['a column where nothing can stand', 'gpu:\n  count: 1\n |'],
    ['a second document', 'version: 1\n---\n|'],
  ])('offers nothing in %s', (_place, text) => {
    expect(offered(text)).toEqual([]);
  });

  it('describes everything it offers', () => {
    const described = (field: PlanFileField, name: string): void => {
      expect(field.description ?? '', name).not.toBe('');
      for (const one of alternatives(field)) {
        if (one.enum !== undefined && name !== 'effect')
          expect(one.enumDescriptions?.length, name).toBe(one.enum.length);
      }
      const item = itemsOf(field);
      for (const [inner, one] of Object.entries(fieldsOf(item ?? field) ?? {})) described(one, inner);
    };
    const root = fieldAt([]);
    if (root !== undefined) described(root, 'plan file');
    expect(fieldAt(['phases', 0, 'rate'])?.description).toContain('Open loop');
  });

  it('never throws, wherever the cursor stands in whatever text', () => {
    const texts = [
      '',
      '\0',
      '{{{',
      '&a [*a, *a]',
      'a: *b',
      '? ? ?',
      '- - - a\n  b: [',
      '"',
      "'\n'",
      '|\n x',
      '\t- a',
      '!!x {',
      'é: 😀',
    ];
    for (const text of texts) {
      for (let offset = 0; offset <= text.length; offset += 1) {
        expect(() => [planFileCompletions(text, offset), planFileHover(text, offset)]).not.toThrow();
      }
    }
    for (const text of ['['.repeat(10_000), '#'.repeat(300_000)]) {
      expect([planFileCompletions(text, text.length), planFileHover(text, text.length)]).toEqual([
        undefined,
        undefined,
      ]);
    }
  });
});

describe('hover over a plan file', () => {
  const hover = (marked: string) => planFileHover(...atMark(marked));

  it('says of a key what it is, what it is without it and what is allowed', () => {
    expect(hover('version: 1\ncor|es: 4\n')).toEqual({
      field: {
        name: 'cores',
        description: expect.stringContaining('CPU cores that each topology gets') as string,
        type: 'whole number, 1 to 256',
        default: '2',
        required: false,
        values: [],
      },
      value: null,
      start: 11,
      end: 16,
    });
    expect(hover('ver|sion: 1')?.field).toMatchObject({ required: true, type: '1' });
    expect(hover('seed|: 1')?.field.type).toBe('whole number, at least 0');
    expect(hover('slo|P95Ms: 1')?.field.type).toBe('number, above 0, at most 600000');
    expect(hover('sloP95Ms|: 1')?.field.description).toContain('milliseconds');
  });

  it('says of a value what it means', () => {
    expect(hover('profile: serv|er')).toMatchObject({
      field: { name: 'profile', default: 'quick' },
      value: { value: 'server', description: expect.stringContaining('Poisson') as string },
    });
    expect(hover('topologies: [fastapi, hyb|rid]')).toMatchObject({
      field: { name: 'topologies', default: '[fastapi, triton, hybrid]' },
      value: { value: 'hybrid' },
    });
    expect(hover('gpu: no|ne')?.value?.description).toContain('CPU');
  });

  it('reaches into groups and lists, and takes their defaults', () => {
    expect(hover('gpu:\n  cou|nt: 2')?.field).toMatchObject({
      name: 'count',
      default: '1',
      type: 'whole number, 1 to 16',
    });
    expect(hover('images: { trit|on: x }')?.field.default).toBe('nvcr.io/nvidia/tritonserver:26.07-py3');
    expect(hover('phases:\n  - connections: 3\n    sec|onds: 2')?.field).toMatchObject({
      name: 'seconds',
      required: true,
    });
    expect(hover('gpu:\n  tolerations:\n    - oper|ator: Exists')?.field.name).toBe('operator');
  });

  it('says nothing of what it does not know, or of the space between', () => {
    expect(hover('colo|ur: red')).toBeUndefined();
    expect(hover('# cor|es')).toBeUndefined();
    expect(hover('cores: 2\n|\n')).toBeUndefined();
    expect(hover('gpu:\n  nodeSelector:\n    a|b: c')).toBeUndefined();
  });

  it('works while something else is broken', () => {
    expect(hover('model: [a\npro|file: quick\n')?.field.name).toBe('profile');
  });
});

describe('the defaults that are told', () => {
  const planOf = (text: string) => {
    const { planFile, problems } = parsePlanFile(text);
    expect(problems).toEqual([]);
    const target = { kind: 'kubernetes', namespace: 'team-a', createNamespace: false } as const;
    return makePlan({ ...choices, ...planFileChoices(planFile ?? { version: 1 }, target) });
  };
  const fields = fieldsOf(fieldAt([]) ?? {}) ?? {};
  const told = Object.entries(fields).filter(([name, field]) => field.default !== undefined && name !== 'sloP95Ms');

  it.each(told)('are those of a plan without the field: %s', (name, field) => {
    expect(planOf(`version: 1\n${name}: ${JSON.stringify(field.default)}\n`)).toEqual(planOf('version: 1\n'));
  });

  it('are so within the groups, too', () => {
    const gpu = fieldsOf(fieldAt(['gpu']) ?? {}) ?? {};
    const whole = Object.fromEntries(Object.entries(gpu).map(([name, field]) => [name, field.default]));
    expect(planOf(`version: 1\ngpu: ${JSON.stringify(whole)}\n`)).toEqual(planOf('version: 1\ngpu: {}\n'));
    expect(planOf('version: 1\nprofile: server\nsloP95Ms: 100\n')).toEqual(planOf('version: 1\nprofile: server\n'));
    const phases = (more: string): string => `version: 1\nphases: [{ rate: 9, seconds: 5${more} }]\n`;
    expect(planOf(phases(', arrivals: poisson, maxInFlight: 1024'))).toEqual(planOf(phases('')));
  });
});
