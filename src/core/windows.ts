import pako from 'pako';
import type { WindowSeries as EncodedWindows } from './load.ts';

/**
 * A phase cut into equal windows of time, each with what ended in it. Intervals and the steady state need this: requests that
 * follow each other are alike, and only their place in time says by how much.
 */

/** What ended in one window. */
export interface TimeWindow {
  readonly errors: number;
  /** Slots that have successes, ascending (see slotOf). */
  readonly slots: readonly number[];
  /** Successes of each slot. */
  readonly counts: readonly number[];
}

export interface TimeWindows {
  readonly widthMs: number;
  readonly windows: readonly TimeWindow[];
}

const shortestWidthMs = 100;
const mostWindows = 120;

/**
 * Width of a phase's windows: 100 ms, or the next of 1, 2, 5, 10... times that with which there are at most 120. A 5 s phase
 * has 50 of them, 20 s have 100, 60 s have 120. It depends on the duration alone, so that several workers cut alike.
 */
export function windowWidthMs(durationSeconds: number): number {
  for (let scale = shortestWidthMs; ; scale *= 10) {
    for (const step of [1, 2, 5]) {
      if (durationSeconds * 1000 <= mostWindows * step * scale) return step * scale;
    }
  }
}

/** Values of a slot are equal in their first 11 bits. Source: HdrHistogram with 3 significant digits, countsArrayIndex. */
const halfSlots = 1024;

/** The slot of the latency histogram (histogram.ts) into which so many whole microseconds fall, at most 2^32 - 1. */
export function slotOf(microseconds: number): number {
  const shift = Math.max(0, 21 - Math.clz32(microseconds));
  return shift * halfSlots + (microseconds >>> shift);
}

/** The greatest whole microseconds that fall into the slot. */
export function slotMicroseconds(slot: number): number {
  const shift = Math.max(0, Math.floor(slot / halfSlots) - 1);
  return (slot - shift * halfSlots + 1) * 2 ** shift - 1;
}

/** Successes of one window or of several. */
export function successesOf(window: TimeWindow): number {
  return window.counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The windows of several workers of one phase, window by window. One that stopped earlier had nothing after.
 * @throws RangeError when their widths differ
 */
export function mergeWindows(all: readonly TimeWindows[]): TimeWindows {
  const widthMs = all[0]?.widthMs ?? shortestWidthMs;
  if (all.some((one) => one.widthMs !== widthMs)) throw new RangeError('windows of different widths');
  const length = Math.max(0, ...all.map(({ windows }) => windows.length));
  return {
    widthMs,
    windows: Array.from({ length }, (_, at) => {
      const counts = new Map<number, number>();
      let errors = 0;
      for (const { windows } of all) {
        const window = windows[at];
        if (window === undefined) continue;
        errors += window.errors;
        window.slots.forEach((slot, index) => {
          counts.set(slot, (counts.get(slot) ?? 0) + (window.counts[index] ?? 0));
        });
      }
      return timeWindow(errors, counts);
    }),
  };
}

/** @param counts successes by slot */
export function timeWindow(errors: number, counts: ReadonlyMap<number, number>): TimeWindow {
  const slots = [...counts.keys()].sort((a, b) => a - b);
  return { errors, slots, counts: slots.map((slot) => counts.get(slot) ?? 0) };
}

/**
 * Numbers of 7 bits a byte, the low ones first and the high bit set on all but the last (LEB128): for each window its errors,
 * how many slots it has, the gaps between them (the first counts from 0), and their counts less one. All gaps come before all
 * counts, because deflate packs like beside like.
 */
export function encodeWindows({ widthMs, windows }: TimeWindows): EncodedWindows {
  const bytes: number[] = [];
  const put = (value: number): void => {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  };
  for (const { errors, slots } of windows) {
    put(errors);
    put(slots.length);
    slots.forEach((slot, index) => {
      put(slot - (slots[index - 1] ?? 0));
    });
  }
  for (const { counts } of windows) for (const count of counts) put(count - 1);
  return { widthMs, count: windows.length, data: toBase64(pako.deflate(Uint8Array.from(bytes), { level: 6 })) };
}

/** @throws Error when the text is not what encodeWindows writes */
export function decodeWindows({ widthMs, count, data }: EncodedWindows): TimeWindows {
  const bytes = pako.inflate(fromBase64(data));
  let at = 0;
  const take = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('the windows of a phase end too early');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const heads = Array.from({ length: count }, () => {
    const errors = take();
    let slot = 0;
    return { errors, slots: Array.from({ length: take() }, () => (slot += take())) };
  });
  return { widthMs, windows: heads.map((head) => ({ ...head, counts: head.slots.map(() => take() + 1) })) };
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
