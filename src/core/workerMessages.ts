import { workerMessageSchema, type WorkerMessage } from './load.ts';

/** What a piece of a worker's output turned out to be. */
export type WorkerOutput =
  | { readonly kind: 'message'; readonly message: WorkerMessage }
  /** Messages that never arrived: those numbered `from` up to and including `to`. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** A line that is no message, e.g. a warning of the runtime: a pod's log holds stderr too. */
  | { readonly kind: 'noise'; readonly line: string };

/** Takes a load worker's output apart, over as many streams as it takes to read it. */
export interface WorkerMessageReader {
  /** A piece of the stream, cut anywhere. */
  push(text: string): WorkerOutput[];
  /** One whole line without its line end. */
  line(text: string): WorkerOutput[];
  /** Call when the stream was lost and is read again, from its start or from any point before the loss. */
  restart(): void;
}

/** Far above the longest message (a phase of a day, with its time series); what is longer is no message. */
const longestLine = 64 * 1024 * 1024;

/** Drops what was seen before (by `seq`) and says where messages are missing. */
export function createWorkerMessageReader(): WorkerMessageReader {
  let unfinished = '';
  let next = 0;

  const line = (text: string): WorkerOutput[] => {
    if (text.trim() === '') return [];
    const message = parse(text);
    if (message === undefined) return [{ kind: 'noise', line: text }];
    if (message.seq < next) return [];
    const output: WorkerOutput[] = [];
    if (message.seq > next) output.push({ kind: 'gap', from: next, to: message.seq - 1 });
    next = message.seq + 1;
    output.push({ kind: 'message', message });
    return output;
  };

  return {
    push(text) {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      if (unfinished.length > longestLine) unfinished = '';
      return lines.flatMap(line);
    },
    line,
    restart() {
      unfinished = '';
    },
  };
}

/** The same for a stream that is read once. Decode bytes before: a chunk may end inside a character. */
export async function* readWorkerMessages(
  chunks: AsyncIterable<string>,
): AsyncGenerator<WorkerOutput, void, undefined> {
  const reader = createWorkerMessageReader();
  for await (const chunk of chunks) yield* reader.push(chunk);
  yield* reader.push('\n');
}

function parse(text: string): WorkerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = workerMessageSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
