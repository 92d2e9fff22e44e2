import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { customPhaseSchema, repeatedNames } from './customPhases.ts';
import { gpuSchema, imagesSchema, topologyNames } from './plan.ts';
import { profileNames } from './profiles.ts';

/** `topology-bench.yaml`: what a team decides once and commits; the rest has defaults. */
export const planFileSchema = z
  .strictObject({
    version: z.literal(1),
    /** Folder or model config, relative to the plan file; a plan for an endpoint that exists already has none. */
    model: z.string().min(1).optional(),
    /** tokenizer.json, where it is not beside the model. */
    tokenizer: z.string().min(1).optional(),
    topologies: z.array(z.enum(topologyNames)).min(1).optional(),
    profile: z.enum(profileNames).optional(),
    /** Load levels of your own, in place of a profile's. */
    phases: z.array(customPhaseSchema).min(1).max(200).optional(),
    /** How often every topology is deployed and measured, in turns; by default as often as the profile says. */
    repetitions: z.number().int().min(1).max(50).optional(),
    /** Pods that make the load together. */
    generators: z.number().int().min(1).max(100).optional(),
    /** Bound of p95 in milliseconds for the profile "server". */
    sloP95Ms: z.number().positive().max(600_000).optional(),
    target: z.enum(['kubernetes', 'local']).optional(),
    context: z.string().min(1).optional(),
    namespace: z.string().min(1).optional(),
    vantage: z.enum(['in-cluster', 'this-machine']).optional(),
    cores: z.number().int().min(1).max(256).optional(),
    memoryMiB: z.number().int().min(256).optional(),
    /** "none", or the GPU that each Triton, FastAPI or gateway's Triton pod asks for. */
    gpu: z.union([z.literal('none'), gpuSchema.partial()]).optional(),
    allowCpuProvider: z.boolean().optional(),
    images: imagesSchema.partial().optional(),
    timeoutMs: z.number().int().min(1).max(600_000).optional(),
    readyTimeoutSeconds: z.number().int().min(10).max(7200).optional(),
    seed: z.number().int().nonnegative().optional(),
  })
  .superRefine((file, context) => {
    const fault = (path: PropertyKey[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    if (file.phases !== undefined && file.profile !== undefined)
      fault(['phases'], 'the profile and these phases contradict each other; give one of them');
    if (file.sloP95Ms !== undefined && file.profile !== 'server')
      fault(['sloP95Ms'], 'only the profile "server" searches for a rate under this bound');
    if (file.target === 'local' && file.vantage === 'in-cluster')
      fault(['vantage'], 'a local target has no cluster to load from');
    if (file.target === 'local' && file.gpu !== undefined && file.gpu !== 'none')
      fault(['gpu'], 'a local target computes on the CPU');
    for (const { index, name } of repeatedNames(file.phases ?? []))
      fault(['phases', index], `is named "${name}" like an earlier one; give it a name of its own`);
  });
export type PlanFile = z.infer<typeof planFileSchema>;

export interface PlanFileProblem {
  readonly message: string;
  /** Offsets into the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
}

/** The plan file's value, and what is wrong with it; never throws. The value is undefined when anything is wrong. */
export function parsePlanFile(text: string): { planFile: PlanFile | undefined; problems: PlanFileProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const problem = (message: string, start: number, end: number): PlanFileProblem => {
    const { line, col } = lines.linePos(start);
    return { message, start, end, line, column: col };
  };
  if (document.errors.length > 0) {
    return {
      planFile: undefined,
      problems: document.errors.map((error) => problem(error.message, error.pos[0], error.pos[1])),
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { planFile: undefined, problems: [problem(error instanceof Error ? error.message : 'not readable', 0, 0)] };
  }
  const parsed = planFileSchema.safeParse(value);
  if (parsed.success) return { planFile: parsed.data, problems: [] };
  return {
    planFile: undefined,
    problems: parsed.error.issues.map((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      const [start, end] =
        (unknown === undefined ? undefined : rangeOfKey(document, issue.path, unknown)) ??
        rangeOf(document, issue.path);
      const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
      const known =
        unknown !== undefined && issue.path.length === 0
          ? `. The fields are: ${Object.keys(planFileSchema.shape).join(', ')}`
          : '';
      return problem(`${where}${issue.message}${known}`, start, end);
    }),
  };
}

/** Offsets of a key of the mapping at a path. */
function rangeOfKey(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  key: string,
): [number, number] | undefined {
  const mapping: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const found = isMap(mapping)
    ? mapping.items.find(({ key: node }) => isScalar(node) && node.value === key)
    : undefined;
  return isNode(found?.key) && found.key.range ? [found.key.range[0], found.key.range[1]] : undefined;
}

/** Offsets of the node at a path, or of the nearest one above it that exists. */
function rangeOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): [number, number] {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
}
