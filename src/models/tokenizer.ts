import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { BenchError, throwIfCancelled } from '../core/errors.ts';
import { isLfsPointer, lfsPointer } from './lfs.ts';

const tokenizerSchema = z.object({
  model: z.object({ type: z.string().nullish() }),
  padding: z.object({ pad_id: z.number().int().nonnegative() }).nullish().catch(null),
  added_tokens: z
    .array(z.object({ id: z.number().int().nonnegative(), content: z.string() }))
    .nullish()
    .catch(null),
});

/** Looks whether a tokenizer.json can be one; the servers' tokenizer reads it for good.
 * @throws BenchError model-incomplete, cancelled
 */
export async function checkTokenizer(path: string, signal: AbortSignal): Promise<{ readonly padTokenId: number }> {
  let text: string;
  try {
    text = await readFile(path, { encoding: 'utf8', signal });
  } catch (error) {
    throwIfCancelled(signal, `reading ${path}`);
    throw broken(path, `it cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (isLfsPointer(text)) throw lfsPointer(path);
  if (text.trim() === '') throw broken(path, 'it is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(path, `it is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const parsed = tokenizerSchema.safeParse(value);
  if (!parsed.success) throw broken(path, 'it has no "model", so that it is no tokenizer of the tokenizers library');
  const padding = parsed.data.added_tokens?.find((token) => ['[PAD]', '<pad>'].includes(token.content));
  return { padTokenId: parsed.data.padding?.pad_id ?? padding?.id ?? 0 };
}

function broken(path: string, why: string, cause?: unknown): BenchError {
  return new BenchError({
    reason: 'model-incomplete',
    message: `The tokenizer ${path} cannot be used: ${why}.`,
    nextStep: 'Give a tokenizer.json as the tokenizers library or transformers writes it.',
    cause,
  });
}
