import { expect, it } from 'vitest';
import { waitingWords } from '../../../src/core/view/waitingWords.ts';

it('what is waited for does not name the topology that it stands beside', () => {
  expect(waitingWords('fastapi', 'fastapi: waiting for its pod')).toBe('waiting for its pod');
  expect(waitingWords('triton (no-batching)', 'triton: 0/1 nodes are available')).toBe('0/1 nodes are available');
  expect(waitingWords('hybrid', 'triton: installing packages')).toBe('triton: installing packages');
  expect(waitingWords('fastapi', 'Waiting until fastapi is ready')).toBe('waiting until it is ready');
  expect(waitingWords('hybrid', 'Waiting until gateway is ready')).toBe('Waiting until gateway is ready');
});
