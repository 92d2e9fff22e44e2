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
    ['an unknown topology', 'version: 1\nmodel: a\ntopologies:\n  - fastapi\n  - tritn\n', 5, /topologies\.1/],
    ['a wrong type', 'version: 1\nmodel: a\ncores: many\n', 3, /cores/],
    ['an unknown field', 'version: 1\nmodel: a\nprofil: quick\n', 3, /"profil"\. The fields are: version, model,/],
    ['an unknown field of the GPU', 'version: 1\nmodel: a\ngpu:\n  cuont: 2\n', 4, /cuont/],
    ['a GPU without its domain', 'version: 1\nmodel: a\ngpu: { resource: gpu }\n', 3, /such as nvidia\.com\/gpu/],
    ['broken YAML', 'version: 1\nmodel: [a\n', 3, /./],
    ['another version', 'version: 2\nmodel: a\n', 1, /version/],
    ['no mapping at all', '- a\n', 1, /./],
  ])('points at %s', (_name, text, line, message) => {
    const { planFile, problems } = parsePlanFile(text);
    expect(planFile).toBeUndefined();
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.line).toBe(line);
  });

  it('never throws, whatever the text', () => {
    for (const text of ['', '\0', '{{{', '&a [*a, *a]', 'a: *b', '%YAML 9.9\n---\n', '!!js/function x', '? ? ?']) {
      expect(parsePlanFile(text).planFile).toBeUndefined();
    }
  });
});
