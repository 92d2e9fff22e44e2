import * as z from 'zod';
import { customPhaseSchema, repeatedNames } from './customPhases.ts';
import { gpuSchema, imagesSchema, namespaceSchema, topologyNames } from './plan.ts';
import { defaultGpu, defaultImages, planDefaults } from './planning.ts';
import { defaultSloP95Ms, namesTopologies, profileNames, profilePurposes } from './profiles.ts';
import { sentence } from './view/format.ts';

const { server, triton, loadGenerator, packages } = defaultImages;

/** Fields that a plan for an endpoint that exists already can have: it deploys nothing. */
export const endpointFields: readonly string[] = [
  'version',
  'target',
  'profile',
  'phases',
  'repetitions',
  'sloP95Ms',
  'timeoutMs',
  'seed',
];

/**
 * `topology-bench.yaml`: what a team decides once and commits; the rest has defaults. The descriptions are what the editor
 * and the published schema say of a field, and their defaults what a plan has without it.
 */
export const planFileSchema = z
  .strictObject({
    version: z.literal(1).meta({ description: 'Version of this format.' }),
    model: z.string().min(1).optional().meta({
      description:
        'The model, relative to this file: its folder, its config.pbtxt or config.json, or an ONNX file; "built-in" is the tiny one that comes with Topology Bench. A plan for an endpoint that exists already has none.',
    }),
    tokenizer: z.string().min(1).optional().meta({
      description: "The model's tokenizer.json or its folder, relative to this file, where it is not beside the model.",
    }),
    topologies: z
      .array(
        z.enum(topologyNames).meta({
          enumDescriptions: [
            'FastAPI and ONNX Runtime in one pod: the lightweight baseline.',
            'NVIDIA Triton with dynamic batching.',
            'A FastAPI gateway that authenticates, de-identifies and audits, in front of a Triton that only it can reach.',
          ],
        }),
      )
      .min(1)
      .optional()
      .meta({
        description:
          'Topologies that are deployed and measured, one after the other. The profile "paper" names its own.',
        default: planDefaults.topologies,
      }),
    profile: z
      .enum(profileNames)
      .optional()
      .meta({
        description: 'How much load there is: a named list of load levels.',
        default: planDefaults.profile,
        enumDescriptions: profileNames.map((name) => sentence(profilePurposes[name])),
      }),
    phases: z.array(customPhaseSchema).min(1).max(200).optional().meta({
      description: "Load levels of your own, in place of a profile's.",
    }),
    repetitions: z.number().int().min(1).max(50).optional().meta({
      description:
        'How often every topology is deployed and measured, in turns (A B C, A B C). Without it: as often as the profile says.',
    }),
    generators: z.number().int().min(1).max(100).optional().meta({
      description: 'Pods that make the load together. More than one needs load from inside a cluster.',
      default: planDefaults.generators,
    }),
    sloP95Ms: z.number().positive().max(600_000).optional().meta({
      description: 'Bound of p95 in milliseconds under which the profile "server" searches the highest rate.',
      default: defaultSloP95Ms,
    }),
    target: z
      .enum(['kubernetes', 'local', 'endpoint'])
      .optional()
      .meta({
        description:
          'Where the topologies run. Without it: on a cluster, or, started from the editor, where a benchmark was run last.',
        enumDescriptions: [
          'On a cluster, in pods of their own.',
          'On this machine, as processes, on the CPU.',
          'Nowhere: the load is for an HTTP endpoint that exists already, which the command line is given with --endpoint URL.',
        ],
      }),
    context: z.string().min(1).optional().meta({
      description:
        'Kube context of the cluster. Without it: the current one, or, started from the editor, that of the last benchmark.',
    }),
    namespace: z.string().min(1).optional().meta({
      description:
        "Namespace on the cluster. Without it: the context's own, or, in the editor, the one selected there.",
    }),
    vantage: z
      .enum(['in-cluster', 'this-machine'])
      .optional()
      .meta({
        description: 'Where the load comes from. Without it: from inside the cluster, where there is one.',
        enumDescriptions: [
          'From a pod of its own inside the cluster. These are the numbers that count.',
          'From this machine, through a port-forward to a cluster. The forward is part of every number: good for a first look only.',
        ],
      }),
    cores: z.number().int().min(1).max(256).optional().meta({
      description:
        "CPU cores that each topology gets in all. The hybrid's are shared out between its gateway and Triton, so it needs at least 2.",
      default: planDefaults.cores,
    }),
    memoryMiB: z.number().int().min(256).optional().meta({
      description: "Memory of each topology in MiB. Without it: what the model's copies need.",
    }),
    gpu: z
      .union([
        z.literal('none').meta({ description: 'No GPU: the topologies compute on the CPU.' }),
        gpuSchema.partial().meta({ default: defaultGpu }),
      ])
      .optional()
      .meta({ description: 'The GPU that each model server asks for, or "none".', default: 'none' }),
    allowCpuProvider: z.boolean().optional().meta({
      description:
        "Accept that a server which asked for a GPU computes on the CPU. Otherwise such a topology fails, because its numbers would be the CPU's.",
      default: planDefaults.allowCpuProvider,
    }),
    images: imagesSchema.partial().optional().meta({
      description:
        'Images that the pods run from (docs/images.md). Without "requirements": cuda with a GPU, cpu without.',
      default: { server, triton, loadGenerator, packages },
    }),
    timeoutMs: z.number().int().min(1).max(600_000).optional().meta({
      description: 'Milliseconds after which a request counts as timed out.',
      default: planDefaults.timeoutMs,
    }),
    readyTimeoutSeconds: z
      .number()
      .int()
      .min(10)
      .max(7200)
      .optional()
      .meta({
        description: `Longest wait in seconds for a topology to be ready, image pulls and package installation included. Without it: ${String(planDefaults.readyTimeoutSeconds.kubernetes)} on a cluster, ${String(planDefaults.readyTimeoutSeconds.local)} on this machine.`,
      }),
    seed: z.number().int().nonnegative().optional().meta({
      description: "Seed of the order in which the payload's texts are sent.",
      default: planDefaults.seed,
    }),
  })
  .superRefine((file, context) => {
    const fault = (path: PropertyKey[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    for (const [index, name] of (file.topologies ?? []).entries()) {
      if (file.topologies?.indexOf(name) !== index) fault(['topologies', index], `names ${name} twice; leave one out`);
    }
    if (file.namespace !== undefined && !namespaceSchema.safeParse(file.namespace).success)
      fault(['namespace'], 'must be lower-case letters, digits and "-", at most 63');
    if ((file.generators ?? 1) > 1 && (file.target === 'local' || file.vantage === 'this-machine'))
      fault(['generators'], 'several load generators are pods, so the load must come from inside a cluster');
    if (file.phases !== undefined && file.profile !== undefined)
      fault(['phases'], 'the profile and these phases contradict each other; give one of them');
    if (file.topologies !== undefined && file.profile !== undefined && namesTopologies(file.profile))
      fault(['topologies'], `the profile "${file.profile}" names its own topologies; leave one out`);
    if (file.sloP95Ms !== undefined && file.profile !== 'server')
      fault(['sloP95Ms'], 'only the profile "server" searches for a rate under this bound');
    if (file.target === 'local' && file.vantage === 'in-cluster')
      fault(['vantage'], 'a local target has no cluster to load from');
    if (file.target === 'local' && file.gpu !== undefined && file.gpu !== 'none')
      fault(['gpu'], 'a local target computes on the CPU');
    for (const field of ['context', 'namespace'] as const) {
      if (file.target === 'local' && file[field] !== undefined)
        fault([field], 'says where on a cluster, and the target "local" is this machine; leave one out');
    }
    if (file.target === 'endpoint') {
      for (const field of Object.keys(file).filter((name) => !endpointFields.includes(name)))
        fault([field], 'says what is deployed or where, and with the target "endpoint" nothing is');
    }
    for (const { index, name } of repeatedNames(file.phases ?? []))
      fault(['phases', index], `is named "${name}" like an earlier one; give it a name of its own`);
  })
  .meta({ title: 'Plan of Topology Bench', description: 'What one benchmark does: topology-bench.yaml.' });
export type PlanFile = z.infer<typeof planFileSchema>;
