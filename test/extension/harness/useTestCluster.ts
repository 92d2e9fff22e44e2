/** The settings that a user of the test cluster would make. */
import { testCluster } from '../../kubernetes/support/testCluster.ts';
import type { Workbench } from './workbench.ts';

/** The test cluster's images, and its GPUs that compute on the CPU. */
export async function useTestCluster(workbench: Workbench, namespace: string): Promise<void> {
  const { kubeconfig, images } = testCluster();
  await workbench.changeSettings({
    'topologyBench.kubeconfig': kubeconfig,
    'topologyBench.namespace': namespace,
    'topologyBench.images.server': images.servingPrebuilt,
    'topologyBench.images.triton': images.servingPrebuilt,
    'topologyBench.images.loadGenerator': images.node,
    'topologyBench.images.packages': 'prebuilt',
    'topologyBench.images.requirements': 'cpu-numpy1',
    'topologyBench.allowCpuProvider': true,
  });
}
