import type { ParsedModel } from './parsedModel.ts';
import type { TextEdit } from './textEdits.ts';
import type { TextField } from './textProto.ts';

/** What costs performance in a model config that is correct. Plain JSON. */
export interface Hint {
  readonly code: HintCode;
  /** A warning for what Triton refuses or cannot hold; a hint for advice that depends on what no config says; the rest is worth knowing. */
  readonly severity: 'warning' | 'information' | 'hint';
  /** What it is, why it costs, and what to do. */
  readonly message: string;
  /** Offsets (UTF-16 code units, `end` excluded) into the text. */
  readonly start: number;
  readonly end: number;
  /** Where Triton's documentation explains it. */
  readonly docs: string;
  readonly fixes: readonly Fix[];
}

export type HintCode =
  | 'dynamic-batching-off'
  | 'no-batching'
  | 'preferred-batch-size'
  | 'variable-length'
  | 'gpu-missing'
  | 'instances-exceed-gpu';

/** Edits after which the hint is gone and the text is still correct. */
export interface Fix {
  readonly title: string;
  /** Whether it does no more than what the documentation advises for every such model. */
  readonly isPreferred: boolean;
  readonly edits: readonly TextEdit[];
}

/** What is known of the place where the model would run; what is not known gives no hint. */
export interface HintFacts {
  /** The kube context that the rest was read from. */
  readonly cluster: string;
  /** Most GPUs that one node has; what one pod can get. */
  readonly gpusOfNode: number;
  /** Memory of the largest GPU; null when a node does not say. */
  readonly gpuMemoryMiB: number | null;
  /** Size of the model's ONNX file with its weights; null when it was not found. */
  readonly modelBytes: number | null;
}

/** What the rules read. */
export interface Reading {
  readonly text: string;
  readonly fields: readonly TextField[];
  readonly model: ParsedModel;
  /** As stated, or as the model's file name tells; null when it cannot be told. */
  readonly backend: string | null;
}

const userGuide = 'https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/';

export const triton = {
  dynamicBatcher: `${userGuide}batcher.html#dynamic-batcher`,
  preferredBatchSizes: `${userGuide}batcher.html#preferred-batch-sizes`,
  raggedBatching: `${userGuide}ragged_batching.html`,
  maximumBatchSize: `${userGuide}model_configuration.html#maximum-batch-size`,
  instanceGroups: `${userGuide}model_configuration.html#instance-groups`,
} as const;
