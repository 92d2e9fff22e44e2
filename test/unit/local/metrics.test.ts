import { describe, expect, test } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import {
  answersFrom,
  errorMessageFrom,
  inferenceError,
  inferenceRequestBody,
} from '../../../src/core/openInference.ts';
import { parsePrometheus, runtimeReportsFrom, serverCountersFrom } from '../../../src/core/prometheus.ts';

const tritonPage = `# HELP nv_inference_request_success Number of successful inference requests
# TYPE nv_inference_request_success counter
nv_inference_request_success{model="m",version="1"} 100
nv_inference_request_success{model="other",version="1"} 7
nv_inference_request_failure{model="m",reason="REJECTED",version="1"} 2
nv_inference_request_failure{model="m",reason="OTHER",version="1"} 3
nv_inference_count{model="m",version="1"} 120
nv_inference_exec_count{model="m",version="1"} 30
nv_inference_request_duration_us{model="m",version="1"} 8000
nv_inference_request_duration_us{model="other",version="1"} 1
nv_inference_queue_duration_us{model="m",version="1"} 5000
nv_inference_compute_input_duration_us{model="m",version="1"} 10
nv_inference_compute_infer_duration_us{model="m",version="1"} 2.5e3
nv_inference_compute_output_duration_us{model="m",version="1"} 20
nv_cpu_utilization 0.25
topology_bench_runtime_info{component="triton",device="cpu",provider="CPUExecutionProvider",python="3.11",runtime="onnxruntime",runtime_version="1.31.1",server_version="2.51.0"} 1
`;
const frontPage = `topology_bench_requests_total{code="200"} 90
topology_bench_requests_total{code="400"} 4
topology_bench_inference_count_total 95
topology_bench_request_duration_seconds_sum 0.500000000
topology_bench_request_duration_seconds_count 90
topology_bench_stage_seconds_total{stage="authenticate"} 0.001
topology_bench_stage_seconds_total{stage="deidentify"} 0.025
topology_bench_stage_seconds_total{stage="triton"} 0.400
topology_bench_runtime_info{component="gateway",provider="none",device="none",runtime="triton",runtime_version="2.51.0",server_version="0.165.0"} 1
`;

const fastapiPage = `topology_bench_requests_total{code="200"} 90
topology_bench_request_duration_seconds_sum 0.500000000
topology_bench_request_duration_seconds_count 90
topology_bench_stage_seconds_total{stage="queue"} 0.01
topology_bench_stage_seconds_total{stage="tokenize"} 0.02
topology_bench_stage_seconds_total{stage="compute"} 0.3
`;

describe('counters', () => {
  test('Triton alone counts what it answered, failures too', () => {
    expect(serverCountersFrom({ front: null, triton: tritonPage }, 'm')).toEqual({
      answered: 105,
      front: null,
      triton: {
        inferences: 120,
        executions: 30,
        requests: 105,
        successes: 100,
        requestMicroseconds: 8000,
        queueMicroseconds: 5000,
        computeMicroseconds: 2530,
      },
    });
  });

  test('with a server in front, that one counts', () => {
    expect(serverCountersFrom({ front: frontPage, triton: tritonPage }, 'm').answered).toBe(94);
  });

  test('the server in front tells its own time by the stages that it has', () => {
    expect(serverCountersFrom({ front: frontPage, triton: tritonPage }, 'm').front).toEqual({
      component: 'gateway',
      requests: 90,
      totalSeconds: 0.5,
      deidentifySeconds: 0.025,
      tritonSeconds: 0.4,
    });
    expect(serverCountersFrom({ front: fastapiPage, triton: null }, 'm')).toEqual({
      answered: 90,
      front: {
        component: 'fastapi',
        requests: 90,
        totalSeconds: 0.5,
        queueSeconds: 0.01,
        tokenizeSeconds: 0.02,
        computeSeconds: 0.3,
      },
      triton: null,
    });
  });

  test('before the first request everything is zero', () => {
    expect(serverCountersFrom({ front: null, triton: '' }, 'm').triton?.inferences).toBe(0);
  });
});

describe("Prometheus's format", () => {
  test('escapes, spaces, time stamps, special numbers', () => {
    expect(
      parsePrometheus(
        'a 1 1700000000000\nb{x="q\\"uote\\\\ \\n",y="{},="} +Inf\r\n  c { z = "1" , } -2e-1\nd NaN\n\n# e 1\nf\ng{x="1} 2\nh{} 3',
      ),
    ).toEqual([
      { name: 'a', labels: {}, value: 1 },
      { name: 'b', labels: { x: 'q"uote\\ \n', y: '{},=' }, value: Infinity },
      { name: 'c', labels: { z: '1' }, value: -0.2 },
      { name: 'd', labels: {}, value: NaN },
      { name: 'h', labels: {}, value: 3 },
    ]);
  });

  test('each distinct report once', () => {
    expect(runtimeReportsFrom(tritonPage + tritonPage + frontPage)).toEqual([
      {
        component: 'triton',
        provider: 'CPUExecutionProvider',
        device: 'cpu',
        runtime: 'onnxruntime',
        runtimeVersion: '1.31.1',
        serverVersion: '2.51.0',
      },
      {
        component: 'gateway',
        provider: 'none',
        device: 'none',
        runtime: 'triton',
        runtimeVersion: '2.51.0',
        serverVersion: '0.165.0',
      },
    ]);
  });
});

describe('the Open Inference Protocol', () => {
  const body = (outputs: unknown): string => JSON.stringify({ model_name: 'm', outputs });
  const tensors = [
    { name: 'logits', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] },
    { name: 'label', datatype: 'BYTES', shape: [2, 1], data: ['a', 'b'] },
    { name: 'score', datatype: 'FP32', shape: [2, 1], data: [0.5, 0.75] },
  ];
  const expected = [
    { label: 'a', score: 0.5, logits: [1, 2] },
    { label: 'b', score: 0.75, logits: [3, 4] },
  ];

  test('a request has a row for each text', () => {
    expect(JSON.parse(inferenceRequestBody(['x', 'ü "quoted"']))).toEqual({
      inputs: [{ name: 'text', shape: [2, 1], datatype: 'BYTES', data: ['x', 'ü "quoted"'] }],
    });
  });

  test('flat and nested data', () => {
    expect(answersFrom(body(tensors), 2)).toEqual(expected);
    const nested = [
      {
        ...tensors[0],
        data: [
          [1, 2],
          [3, 4],
        ],
      },
      { ...tensors[1], data: [['a'], ['b']] },
      tensors[2],
    ];
    expect(answersFrom(body(nested), 2)).toEqual(expected);
  });

  test.each([
    ['no JSON', '<html>', 1, 'not an Open Inference Protocol response'],
    ['an output missing', body(tensors.slice(0, 2)), 2, '"score"'],
    ['numbers for labels', body([tensors[0], { ...tensors[1], data: [1, 2] }, tensors[2]]), 2, '"label"'],
    ['another number of rows', body(tensors), 3, 'for 3 texts it holds 2 labels'],
  ])('%s cannot be used', (_, text, rows, message) => {
    expect(() => answersFrom(text, rows)).toThrow(
      expect.objectContaining({
        reason: 'answers-differ',
        message: expect.stringContaining(message) as string,
        nextStep: expect.stringContaining('of one export') as string,
      }) as Error,
    );
  });

  test('errors are quoted without their wrapping', () => {
    expect(errorMessageFrom('{"error":"the batch size must be from 1 to 32."}')).toBe(
      'the batch size must be from 1 to 32',
    );
    expect(errorMessageFrom('{"detail":"Not Found"}')).toBe('Not Found');
    expect(errorMessageFrom('Bad\n gateway')).toBe('Bad gateway');
    const error = inferenceError('FastAPI', 400, '{"error":"no"}');
    expect(error).toBeInstanceOf(BenchError);
    expect(error.message).toBe('FastAPI answered HTTP 400 to an inference request: no.');
    expect(inferenceError('The gateway', 401, '').reason).toBe('target-refused');
    for (const status of [400, 401, 503]) expect(inferenceError('FastAPI', status, '').nextStep).toMatch(/\.$/u);
    expect(inferenceError('FastAPI', 503, 'x'.repeat(1000)).message.length).toBeLessThan(400);
  });
});
