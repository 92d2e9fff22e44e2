import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { throttle } from '../../../src/extension/throttle.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('acts at once, then at most once an interval, with the last request never lost', () => {
  const act = vi.fn();
  const news = throttle(1000, act);
  for (let request = 0; request < 50; request += 1) {
    news.request();
    vi.advanceTimersByTime(100);
  }
  // 50 requests over 5 s: at 0, 1, 2, 3, 4 and 5 s.
  expect(act).toHaveBeenCalledTimes(6);
  vi.advanceTimersByTime(10_000);
  expect(act).toHaveBeenCalledTimes(6);
  news.request();
  expect(act).toHaveBeenCalledTimes(7);
});

test('flush acts now if something waits, and not otherwise', () => {
  const act = vi.fn();
  const news = throttle(1000, act);
  news.flush();
  expect(act).not.toHaveBeenCalled();
  news.request();
  news.request();
  news.flush();
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5000);
  expect(act).toHaveBeenCalledTimes(2);
});

test('nothing runs after dispose', () => {
  const act = vi.fn();
  const news = throttle(1000, act);
  news.request();
  news.request();
  news.dispose();
  news.request();
  vi.advanceTimersByTime(5000);
  expect(act).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});
