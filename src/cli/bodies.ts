import type { Command } from 'commander';
import { makeBodies, mostBodyBytes } from '../core/bodies.ts';
import { parseTemplate, type BodyTemplate } from '../core/bodyTemplate.ts';
import { inputsForm, readInputs, type InputsForm } from '../core/inputs.ts';
import { jsonFault, placeAt, withoutByteOrderMark } from '../core/jsonText.ts';
import { usageError } from './arguments.ts';
import { readText } from './textFiles.ts';

export interface BodyOptions {
  bodyFile?: string;
  inputs?: string;
  bodyTemplate?: string;
}

export function addBodyOptions(command: Command): Command {
  return command
    .option('--body-file <file>', 'UTF-8 text sent as the body of every request')
    .option(
      '--inputs <file>',
      'inputs of the bodies: JSON values one a line (.jsonl, .ndjson), a JSON array (.json), or texts one a line',
    )
    .option(
      '--body-template <file>',
      'JSON document in which "{{input}}" or "{{input.field}}" stands for what an input holds (default: the input itself)',
    );
}

/** What is sent as bodies; empty for requests without one. */
export interface Bodies {
  readonly texts: readonly string[];
  /** Whether they are JSON for certain, so that a request may say so of them. */
  readonly json: boolean;
}

/**
 * Everything that can be wrong with the bodies is said here, before any load, and without a word of what is in them.
 * @param contentType as a header gives it; undefined where none does
 * @throws BenchError plan-invalid
 */
export async function readBodies(options: BodyOptions, contentType: string | undefined): Promise<Bodies> {
  const { bodyFile, inputs, bodyTemplate } = options;
  if (bodyFile !== undefined && inputs !== undefined) {
    throw usageError(
      '--body-file is one body for all requests and --inputs are what many are made of; give one of them.',
    );
  }
  if (bodyTemplate !== undefined && inputs === undefined)
    throw usageError('--body-template says what is made of --inputs, and there are none.');
  if (inputs !== undefined) return { texts: await bodiesOf(inputs, bodyTemplate), json: true };
  if (bodyFile === undefined) return { texts: [], json: false };
  const text = await readText('body file', bodyFile, mostBodyBytes);
  checkJson(bodyFile, text, contentType);
  return { texts: [text], json: false };
}

async function bodiesOf(file: string, templateFile: string | undefined): Promise<readonly string[]> {
  const form = inputsForm(file);
  if (form === 'text lines' && templateFile === undefined) {
    throw usageError(
      'The inputs are texts, which are no JSON bodies by themselves.',
      'Say with --body-template FILE what is made of one, or name a file of JSON values .jsonl or .json.',
      { file },
    );
  }
  const template = templateFile === undefined ? null : await readTemplate(templateFile);
  const read = readInputs(await readText('inputs file', file), form);
  if (read.problem !== undefined) {
    const { line, column, message } = read.problem;
    const where = { file, line: line ?? undefined, column: column ?? undefined };
    throw usageError(`The inputs file cannot be used: ${message}.`, `Its form is ${formWords[form]}.`, where);
  }
  const made = makeBodies(read.inputs, template, form === 'text lines');
  if (made.problem === undefined) return made.bodies;
  const use = templateFile === undefined ? 'be a body' : `fill the body template ${templateFile}`;
  throw usageError(`An input cannot ${use}: ${made.problem}.`, 'Correct the input, or leave it out.', {
    file,
    line: made.line,
  });
}

const formWords: Readonly<Record<InputsForm, string>> = {
  'json lines': 'one JSON value a line',
  'json array': 'one JSON array',
  'text lines': 'one text a line',
};

async function readTemplate(file: string): Promise<BodyTemplate> {
  const { template, problem, place } = parseTemplate(await readText('body template', file));
  if (template === undefined) {
    throw usageError(`The body template cannot be used: ${problem}.`, 'docs/command-line.md shows one.', {
      file,
      ...place,
    });
  }
  return template;
}

/** A body that says it is JSON and is not would measure how fast a server refuses it. */
function checkJson(file: string, text: string, contentType: string | undefined): void {
  const saysJson =
    contentType === undefined ? /\.json$/i.test(file) : /^[^;]*[/+]json\s*(?:;|$)/i.test(contentType.trim());
  if (!saysJson) return;
  // Many servers take a byte order mark, and the body is sent as it stands.
  const content = withoutByteOrderMark(text);
  const fault = jsonFault(content);
  if (fault === undefined) return;
  const { line, column } = placeAt(content, fault.offset);
  throw usageError(
    `The body is not JSON: ${fault.message}.`,
    'Correct it, or give the type that it has with --header "Content-Type: ...".',
    { file, line, column },
  );
}
