import * as z from 'zod';
import { BenchError } from './errors.ts';
import type { Answer } from './ports.ts';

/**
 * The Open Inference Protocol v2 as all three topologies speak it: one BYTES input `text` of shape [N,1], and the outputs
 * `label` (BYTES, N values), `score` (FP32, N values) and `logits` (FP32, N x labels values, row after row).
 * Source: https://github.com/kserve/open-inference-protocol
 */

export const openInferencePaths = {
  live: '/v2/health/live',
  ready: '/v2/health/ready',
  metrics: '/metrics',
  model: (modelName: string) => `/v2/models/${encodeURIComponent(modelName)}`,
  infer: (modelName: string) => `/v2/models/${encodeURIComponent(modelName)}/infer`,
} as const;

/** The JSON body of one inference request with a row for each text. */
export function inferenceRequestBody(texts: readonly string[]): string {
  return JSON.stringify({ inputs: [{ name: 'text', shape: [texts.length, 1], datatype: 'BYTES', data: texts }] });
}

/**
 * The answers in the body of a response of status 200, one for each of `rows` texts.
 * @throws BenchError `answers-differ` when the body is no answer to that many texts
 */
export function answersFrom(bodyText: string, rows: number): Answer[] {
  const parsed = responseSchema.safeParse(parseJson(bodyText));
  if (!parsed.success) throw unusable('it is not an Open Inference Protocol response', bodyText);
  const labels = output(parsed.data, 'label', z.array(z.string()), bodyText);
  const scores = output(parsed.data, 'score', z.array(z.number()), bodyText);
  const logits = output(parsed.data, 'logits', z.array(z.number()), bodyText);
  const width = logits.length / rows;
  if (labels.length !== rows || scores.length !== rows || width < 1 || !Number.isInteger(width)) {
    throw unusable(
      `for ${String(rows)} texts it holds ${String(labels.length)} labels, ${String(scores.length)} scores and ${String(logits.length)} logits`,
      bodyText,
    );
  }
  return labels.map((label, row) => ({
    label,
    score: scores[row] ?? Number.NaN,
    logits: logits.slice(row * width, (row + 1) * width),
  }));
}

/**
 * What a response of another status than 200 says, as an error of the request it answers.
 * `server` names the server to the user, e.g. "The hybrid's gateway".
 */
export function inferenceError(server: string, status: number, bodyText: string): BenchError {
  const said = errorMessageFrom(bodyText);
  const words = said === '' ? '' : `: ${said}`;
  return new BenchError({
    reason: status === 401 || status === 403 ? 'target-refused' : 'load-failed',
    message: `${server} answered HTTP ${String(status)} to an inference request${words}.`,
    nextStep: nextStepAfter(status),
  });
}

function nextStepAfter(status: number): string {
  if (status === 401 || status === 403)
    return 'Deploy it anew, so that it has a new key; if that is refused too, see what stands between here and the server.';
  if (status >= 500) return 'The server log says more.';
  return 'Check what the plan says of the model, such as its largest batch; the server log says more.';
}

/** The message of an OIP error object ({"error": "..."}), of FastAPI's {"detail": "..."}, or else the text's start. */
export function errorMessageFrom(bodyText: string): string {
  const parsed = errorSchema.safeParse(parseJson(bodyText));
  const text = parsed.success ? (parsed.data.error ?? parsed.data.detail ?? '') : bodyText;
  return shorten(text.trim().replace(/\s+/gu, ' ').replace(/\.$/u, ''));
}

const responseSchema = z.object({
  outputs: z.array(z.object({ name: z.string(), data: z.array(z.unknown()) })),
});

const errorSchema = z.object({ error: z.string().optional(), detail: z.string().optional() });

function output<Value>(
  response: z.infer<typeof responseSchema>,
  name: string,
  schema: z.ZodType<Value[]>,
  bodyText: string,
): Value[] {
  const found = response.outputs.find((candidate) => candidate.name === name);
  // The protocol allows nested rows as well as a flat list.
  const parsed = schema.safeParse(found?.data.flat(Number.POSITIVE_INFINITY));
  if (!parsed.success) throw unusable(`it has no usable output "${name}"`, bodyText);
  return parsed.data;
}

/** Answers hold labels and numbers, never the text that was asked about, so their start may be quoted. */
function unusable(why: string, bodyText: string): BenchError {
  return new BenchError({
    reason: 'answers-differ',
    message: `The server's answer cannot be used: ${why}. It begins: ${shorten(bodyText)}`,
    nextStep:
      "Check that the model's files are of one export and its config names its labels; the server log says more.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
