/** What a model config says, as far as this program needs it. Plain JSON. */
export interface ParsedModel {
  readonly kind: 'triton' | 'huggingface';
  /** As the config names it; null where it does not (its folder does then). */
  readonly name: string | null;
  readonly task: 'text-classification' | 'other';
  /** Why it counts as no text classifier, in words that complete "... because <why>"; null when it is one. */
  readonly why: string | null;
  /** Triton: as it stands, 0 when absent (no batching), null where it is no number. null for Hugging Face. */
  readonly maxBatchSize: number | null;
  /** Triton: null when dynamic batching is off. */
  readonly dynamicBatching: {
    readonly preferredBatchSizes: readonly number[];
    readonly maxQueueDelayMicroseconds: number;
  } | null;
  /** Triton: sum over instance groups, for one GPU where they are counted per GPU; 1 without any, null where a count is no number. null for Hugging Face. */
  readonly instances: number | null;
  readonly instanceKind: 'auto' | 'cpu' | 'gpu' | 'model' | null;
  /** Triton's backend, of the platform where only that is given, e.g. "onnxruntime"; null when it is not said. */
  readonly backend: string | null;
  /** Triton: file name within a version folder; null for the backend's default. */
  readonly modelFileName: string | null;
  /** In the order of the logits; null when the config does not list them. */
  readonly labels: readonly string[] | null;
  readonly labelCount: number | null;
  /** Triton: file of labels beside the config, one a line. */
  readonly labelFileName: string | null;
  /** Tokens that the model can take at most; null when the config does not say. */
  readonly maxLength: number | null;
  /** Triton: tokens that every input must have, where the config fixes them; null when they may vary. */
  readonly fixedLength: number | null;
  /** e.g. "float32"; null when the config does not say. */
  readonly precision: string | null;
  /** Where an editor puts the lens: the offset of the line that names the model. */
  readonly lensOffset: number;
}
