/** Limits that a measurement must keep to be believed. */
export const validityLimits = {
  /** Of the requests sent. */
  errorShare: 0.01,
  /** 99th percentile, over the worker's own sampling interval. */
  eventLoopDelayMs: 10,
  /** Of the window; for how long the worker's event loop stood still. */
  stalledShare: 0.01,
  /** Of the time that all connections together were open. */
  littlesLawResidual: 0.1,
  /** Median of an open loop's requests. */
  scheduleDelayMs: 10,
  /** Of an open loop's requests, those that went out later than lateSendMs. */
  lateSendShare: 0.01,
  /** Of the requests that an open loop's schedule asked for. */
  unsentShare: 0.01,
  /** Of the requests sent, those without an answer at the end: more is worth a word, and from the second on p95 is not known. */
  unansweredShare: 0.01,
  mostUnansweredShare: 0.05,
  /** Of the median latency; more is worth a word. */
  overheadShare: 0.1,
  /** Of the window. */
  throttledShare: 0.01,
  /** A request that waits this long, and this many times longer than the slowest answer, is taken for hung. */
  hungFloorMs: 1000,
  hungFactor: 2,
  /** Between the first and the last start of several generators. */
  startSpreadMs: 100,
  /** By which a generator's wall clock may go further than its steady one in a phase, either way; more was no drift. */
  clockShiftMs: 100,
  /** Three of perf_analyzer's windows, 5 s each by default: in a shorter phase one short disturbance fills a third. */
  steadySeconds: 15,
} as const;

/** What a caveat ends with that would make a longer phase invalid; tables say it once for all of their rows. */
export const briefPhaseDoubt = `; in a phase under ${String(validityLimits.steadySeconds)} s that may be one short disturbance`;

/** How the trend of a quantity within a phase is told. */
export const thirdsWords = 'over the thirds of the phase';

/** What is told of a trend ends with this where it is no more than chance may have it. */
export const mayBeChance = ', which may be chance';
