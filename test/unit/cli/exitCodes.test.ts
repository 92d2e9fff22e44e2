import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { cli, cliBundle, root, shell } from './bundle.ts';

/** The shipped command line where nothing has to be deployed; `run` itself is in test/serving and test/kubernetes. */

let folder: string;
let kubeconfigs: Readonly<Record<'good' | 'broken' | 'unreachable', string>>;
const none = { HOME: '/nonexistent', KUBECONFIG: '/nonexistent/kubeconfig' };
const tinyModel = join(root, 'media/models/tiny-sentiment');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-cli-'));
  const config = (server: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'here',
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 'hush' } }],
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'team-a' } }],
    });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  kubeconfigs = {
    good: await write('good', config('https://192.0.2.1:6443')),
    broken: await write('broken', 'clusters: [}'),
    unreachable: await write('unreachable', config('http://127.0.0.1:1')),
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('exit code 0', () => {
  it('is that of what was only asked', async () => {
    const help = await cli(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/Exit codes: 0 done; 1 .* 2 .* 130 cancelled\./);
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await cli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('comes with the manifests of a plan, without a cluster', async () => {
    const options = ['--kubeconfig', kubeconfigs.good, '--topologies', 'triton', '--memory', '4096', '--gpu'];
    const { code, stdout, stderr } = await cli(['render', ...options], { env: none });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const kinds = parseAllDocuments(stdout).map((document) => (document.toJS() as { kind: string }).kind);
    expect(kinds).toContain('Job');
    expect(stdout).toContain('namespace: team-a');
    expect(stdout).toMatch(/memory: "?(4096Mi|4Gi)"?/);
    expect(stdout).toContain('nvidia.com/gpu');
  });

  it('comes with manifests where there is no kubeconfig at all, and without a plan on this machine', async () => {
    const { code, stdout, stderr } = await cli(['render', '--gpu', '--topologies', 'triton'], {
      env: none,
      cwd: folder,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('namespace: default');
    const named = await cli(['render', '--context', 'mine'], { env: none, cwd: folder });
    expect(named.code).toBe(2);
  });

  it('takes the plan of the folder it is started in, and says so', async () => {
    const own = await mkdtemp(join(folder, 'plan-'));
    const plan = `version: 1\nmodel: ${JSON.stringify(tinyModel)}\ntopologies: [triton]\nnamespace: team-b\n`;
    await writeFile(join(own, 'topology-bench.yaml'), plan);
    const { code, stdout, stderr } = await cli(['render'], { env: none, cwd: own });
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Plan: topology-bench.yaml\n' });
    expect(stdout).toContain('namespace: team-b');
    expect(stdout).toContain('app.kubernetes.io/component: triton');
    expect(stdout).not.toContain('app.kubernetes.io/component: fastapi');
    const over = await cli(['render', '--namespace', 'team-c'], { env: none, cwd: own });
    expect(over.stdout).toContain('namespace: team-c');
  });

  it('comes with a model config without errors', async () => {
    const { code, stdout } = await cli(['inspect', join(tinyModel, 'config.json'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'huggingface', problems: [], refusal: null, warnings: [] });
  });
});

describe('exit code 1', () => {
  it('comes with a model config that has errors', async () => {
    await writeFile(join(folder, 'config.pbtxt'), 'max_batch_size: "many"\n');
    const { code, stdout } = await cli(['inspect', join(folder, 'config.pbtxt')]);
    expect(code).toBe(1);
    expect(stdout).toContain('config.pbtxt:1:17: error:');
  });

  it('comes with a model config that breaks off, of which nothing else is guessed', async () => {
    await writeFile(join(folder, 'config.json'), '{ "model_type": "bert",\n "hidden_size": 768,\n "architectures": [');
    const { code, stdout } = await cli(['inspect', join(folder, 'config.json')]);
    expect(code).toBe(1);
    expect(stdout.split('\n').filter((line) => line.includes('error:'))).toEqual([
      expect.stringContaining('Not valid JSON'),
    ]);
    expect(stdout).not.toContain('not supported');
  });

  it.each([['inventory'], ['clean'], ['run']])('is that of %s where no API server answers', async (command) => {
    const options = ['--kubeconfig', kubeconfigs.unreachable];
    const { code, stdout, stderr } = await cli([command, ...options], { env: none, cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const said = stderr.split('\n').filter((line) => line.startsWith('topology-bench: '));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('cannot be reached');
    expect(stderr).not.toMatch(/hush|127\.0\.0\.1/);
  });

  it('is that of output that was not written whole', async () => {
    const { code, stderr } = await shell(`"$CLI" inspect ${join(tinyModel, 'config.json')} --json > /dev/full`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^topology-bench: The output could not be written: ENOSPC.*\n$/);
  });
});

describe('exit code 2, with one line that says why and nothing on standard output', () => {
  it('is that of manifests of a plan for this machine', async () => {
    await writeFile(join(folder, 'local.yaml'), `version: 1\nmodel: ${JSON.stringify(tinyModel)}\ntarget: local\n`);
    const { code, stdout, stderr } = await cli(['render', join(folder, 'local.yaml')], { env: none, cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('The plan runs on this machine, where there are no manifests.');
  });

  it.each<[string, readonly string[], string]>([
    ['no kubeconfig', ['inventory'], 'KUBECONFIG names /nonexistent/kubeconfig, which cannot be read.'],
    ['no kubeconfig to run with', ['run'], 'KUBECONFIG names /nonexistent/kubeconfig'],
    [
      'no cluster, and an option that needs none',
      ['run'],
      'or run on this machine ("topology-bench run --local"), which',
    ],
    [
      'a file that is no config',
      ['inspect', '$broken'],
      'is neither a model config nor a plan file. Give a config.pbtxt',
    ],
    ['a kubeconfig that is not there', ['clean', '--kubeconfig', '/nowhere'], '/nowhere cannot be read'],
    ['a broken kubeconfig', ['inventory', '--kubeconfig', '$broken'], 'The kubeconfig is not YAML at line 1, column '],
    ['an unknown context', ['run', '--kubeconfig', '$good', '--context', 'there'], 'no context "there". It has: here.'],
    [
      'an unknown topology',
      ['run', '--local', '--topologies', 'ray'],
      '--topologies takes fastapi, triton or hybrid, not "ray".',
    ],
    [
      'an unknown profile',
      ['run', '--local', '--profile', 'slow'],
      '--profile takes quick, standard, ladder, paper, single-stream, server or offline, not "slow".',
    ],
    ['a misspelt profile', ['run', '--local', '--profile', 'standart'], 'not "standart". Did you mean "standard"?'],
    [
      'topologies beside a profile that names its own',
      ['run', '--local', '--profile', 'paper', '--topologies', 'triton'],
      'The profile "paper" names its own topologies, and --topologies names others. Leave one or the other out.',
    ],
    ['a topology twice', ['run', '--local', '--topologies', 'triton,triton'], '--topologies names triton twice.'],
    ['a namespace that is none', ['render', '--namespace', 'Team A'], '--namespace takes lower-case letters'],
    [
      'a namespace without a cluster',
      ['run', '--local', '--namespace', 'a'],
      '--namespace is of a cluster, and the run',
    ],
    ['a count of no GPUs', ['render', '--kubeconfig', '$good', '--gpu-count', '2'], 'none is asked for. Add --gpu.'],
    [
      'a GPU without its domain',
      ['render', '--kubeconfig', '$good', '--gpu', 'T4'],
      '--gpu "T4" must be a resource with',
    ],
    ['several generators of one machine', ['run', '--local', '--generators', '2'], 'the load comes from this machine'],
    ['a kubeconfig of manifests', ['render', '--kubeconfig', '/nowhere'], '/nowhere cannot be read'],
    ['too few cores', ['run', '--local', '--cores', '0'], '--cores takes a whole number from 1 to 256, not "0".'],
    ['too little memory', ['run', '--local', '--memory', '64'], '--memory takes a whole number from 256 to'],
    ['memory with a unit', ['render', '--kubeconfig', '$good', '--memory', '4Gi'], 'not "4Gi".'],
    ['a GPU without a cluster', ['run', '--local', '--gpu'], '--gpu needs a cluster'],
    ['no such model', ['run', '--local', '--model', '/nowhere'], '/nowhere'],
    [
      'no such plan',
      ['run', 'nowhere.yaml', '--local'],
      'nowhere.yaml: The plan file cannot be read: there is no such file.',
    ],
    ['a bound that is none', ['run', '--local', '--slo', 'p95<50'], '--slo "p95<50" is no bound: p95 needs a unit'],
    ['a price that is none', ['run', '--local', '--gpu-hour-price', 'free'], 'a number such as 2.50, not "free".'],
    ['no such baseline', ['run', '--local', '--baseline', 'x.json'], 'there is no file x.json.'],
    ['no such run to repeat', ['run', '--repeat', '20260101-000000-0000'], 'is neither a file nor a run in '],
    [
      'a damaged record',
      ['run', '--repeat', '$broken'],
      'cannot be read: it is not complete JSON; the file is damaged, or no run record.',
    ],
    [
      'no such file',
      ['inspect', '/nowhere/config.json'],
      '/nowhere/config.json: The file cannot be read: there is no such file.',
    ],
  ])('%s', async (_name, commandArguments, message) => {
    const filled = commandArguments.map((argument) =>
      argument.replace('$good', kubeconfigs.good).replace('$broken', kubeconfigs.broken),
    );
    const { code, stdout, stderr } = await cli(filled, { env: none, cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('hush');
  });

  it('a plan file with a mistake, which is named with its place', async () => {
    const plan = join(folder, 'topology-bench.yaml');
    await writeFile(plan, 'version: 1\nmodel: .\ncores: many\n');
    const { code, stdout, stderr } = await cli(['run', plan], { env: none });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`topology-bench: ${plan}:3:8: cores: must be a number, and is the text "many".\n`);
  });

  it('a plan file with several mistakes, each with its place', async () => {
    const plan = join(folder, 'several.yaml');
    await writeFile(plan, 'version: 2\nmodel: .\ncores: many\n');
    const { code, stderr } = await cli(['run', plan], { env: none });
    expect(code).toBe(2);
    expect(stderr.split('\n')).toEqual([
      `topology-bench: ${plan}: The plan file has 2 problems:`,
      `  ${plan}:1:10: version: must be 1, and is 2`,
      `  ${plan}:3:8: cores: must be a number, and is the text "many"`,
      '',
    ]);
  });

  it('an option or a command that there is not', async () => {
    expect(await cli(['inventory', '--frobnicate'])).toMatchObject({ code: 2, stdout: '' });
    expect(await cli(['frobnicate'])).toMatchObject({ code: 2, stdout: '' });
  });
});

it('is a program that can be called by its name', () => {
  expect(() => {
    accessSync(cliBundle, constants.X_OK);
  }).not.toThrow();
});

it('says which Node it needs, where an old one is first on the path', async () => {
  const old = join(folder, 'old.cjs');
  await writeFile(old, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });");
  expect(await cli(['--version'], { env: { NODE_OPTIONS: `--require=${old}` } })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'topology-bench: It needs Node 22.15 or newer, and this is Node 20.20.2.\n',
  });
});

it('ends quietly when the reader of its output has read enough', async () => {
  // Manifests are several times what a pipe holds, so that the reader is gone while there is still something to write.
  const { stdout, stderr } = await shell(
    '{ "$CLI" render --namespace team-a --json; echo "code $?" >&2; } | head -n 1',
    { env: none },
  );
  expect({ stdout, stderr }).toEqual({ stdout: '[\n', stderr: 'code 0\n' });
});
