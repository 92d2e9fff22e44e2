import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { BenchError, throwIfCancelled } from '../core/errors.ts';

export interface FileScan {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** The file's first bytes, at most 256. */
  readonly head: Buffer;
  /** Those of the asked-for byte sequences that occur in it. */
  readonly found: ReadonlySet<string>;
  /** ONNX: names of the files that hold its external weights. */
  readonly externalData: ReadonlySet<string>;
}

/** An ONNX tensor names its external file as an entry with the key "location" (field 1) and the name (field 2). */
const locationKey = Buffer.from('\x0a\x08location\x12', 'latin1');
const longestLocation = 127;
const overlapBytes = 512;

/**
 * Reads a file once, front to back, for its hash and what it contains; never holds more than a chunk of it.
 * @throws BenchError model-incomplete when it cannot be read, cancelled
 */
export async function scanFile(path: string, needles: readonly string[], signal: AbortSignal): Promise<FileScan> {
  const hash = createHash('sha256');
  const found = new Set<string>();
  const externalData = new Set<string>();
  const patterns = needles.map((needle) => [needle, Buffer.from(needle, 'latin1')] as const);
  let sizeBytes = 0;
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      if (head.length < 256) head = Buffer.concat([head, chunk.subarray(0, 256 - head.length)]);
      if (patterns.length === 0) continue;
      const window = Buffer.concat([tail, chunk]);
      for (const [needle, pattern] of patterns) {
        if (!found.has(needle) && window.includes(pattern)) found.add(needle);
      }
      for (const name of locationsIn(window)) externalData.add(name);
      tail = window.subarray(Math.max(0, window.length - overlapBytes));
    }
  } catch (error) {
    throwIfCancelled(signal, `reading ${path}`);
    throw new BenchError({
      reason: 'model-incomplete',
      message: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      nextStep: 'Check the path and its permissions.',
      cause: error,
    });
  }
  return { sizeBytes, sha256: hash.digest('hex'), head, found, externalData };
}

function* locationsIn(window: Buffer): Generator<string> {
  for (let at = window.indexOf(locationKey); at !== -1; at = window.indexOf(locationKey, at + 1)) {
    const start = at + locationKey.length;
    const length = window[start] ?? 0;
    if (length === 0 || length > longestLocation || start + 1 + length > window.length) continue;
    yield window.toString('utf8', start + 1, start + 1 + length);
  }
}
