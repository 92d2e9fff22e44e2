/** Words of the extension that several drives look for: whoever changes one changes it here. */
export const texts = {
  /** The lens above what runs are started from. */
  startLens: 'Benchmark Topology',
  /** The first lens of the figures of a run. */
  figuresLens: /RPS/u,
  /** The lens while a run is under way. */
  liveLens: /Benchmark: fastapi, 1 of 1/u,
  panel: {
    measuring: /Measuring/u,
    warmingUpOrMeasuring: /[Ww]arming up|Measuring/u,
    /** Offered by the page of a run that has ended, clean-up included, and by no other. */
    again: /Benchmark again/u,
    againButton: 'Benchmark again',
    cancelled: /[Cc]ancelled/u,
    cancel: 'Cancel',
    export: 'Export…',
    swap: 'Swap',
    plansDifference: "Show the plans' difference",
    configsDifference: "Show the model configs' difference",
    samePlan: 'Both runs had the same plan, and the same model config.',
    noRecord: 'There is no record of this run',
  },
  /** The menu of a result that has no baseline and whose beginnings are not known here. */
  menuOfResult: [
    'Open Results',
    'Open Record as JSON',
    'Copy as Markdown',
    'Export as CSV…',
    'Export as JSON…',
    'Export as HTML Report…',
    'Save as Plan…',
    'Compare with…',
    'Pin as Baseline',
    'Delete Result',
  ],
  menuOfClusterView: [
    'Select Kubernetes Context',
    'Select Namespace',
    'Choose Kubeconfig…',
    'Clean Up',
    'Open Settings',
    'Show Log',
  ],
  /** The row of a run of one topology that is at work. */
  rowOfBegunRun: /^Benchmark of sentiment.*, 1 of 1$/u,
  /** Rows of the Topologies view, each a label and a description without a space between. */
  nothingDeployed: ['fastapinot deployed', 'tritonnot deployed', 'hybridnot deployed'],
} as const;
