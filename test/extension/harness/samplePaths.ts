/** Where the parts of the sample lie in its folder. */
export const samplePaths = {
  classifier: 'model_repository/sentiment/config.pbtxt',
  vision: 'model_repository/vision/config.pbtxt',
  huggingFace: 'distilbert/config.json',
  plan: 'topology-bench.yaml',
  unrelated: 'website/config.json',
  kubeconfig: 'kubeconfig.yaml',
  brokenKubeconfig: 'broken-kubeconfig.yaml',
  runs: '.topology-bench/runs',
} as const;
