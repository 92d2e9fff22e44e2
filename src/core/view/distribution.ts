import type { Distribution } from './charts.ts';

/**
 * Reads an HdrHistogram V2 payload (big-endian; header of 40 bytes, then zigzag LEB128 counts in which a negative one
 * stands for that many empty slots). Own code, because the library finds its inflate by eval, which the webview's
 * security policy refuses. Source of the format: HdrHistogram, AbstractHistogram.encodeIntoByteBuffer.
 * @param bytes inflated payload, from its cookie on
 * @returns [value, count] of each slot that is not empty, ascending; value is the highest that the slot stands for
 * @throws RangeError when it is no such payload
 */
export function histogramSlots(bytes: Uint8Array): (readonly [value: number, count: number])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((view.getInt32(0) & ~0xf0) !== 0x1c849303) throw new RangeError('not an HdrHistogram V2 payload');
  const end = 40 + view.getInt32(4);
  const valueOf = slotValues(view.getInt32(12), Number(view.getBigInt64(16)));
  const slots: (readonly [number, number])[] = [];
  let index = 0;
  let at = 40;
  while (at < end) {
    let raw = 0n;
    let shift = 0n;
    for (;;) {
      const byte = view.getUint8(at++);
      // The ninth byte carries eight bits: there is no tenth.
      raw |= BigInt(shift === 56n ? byte : byte & 0x7f) << shift;
      if ((byte & 0x80) === 0 || shift === 56n) break;
      shift += 7n;
    }
    const count = Number(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n)));
    if (count < 0) index -= count;
    else {
      if (count > 0) slots.push([valueOf(index), count]);
      index += 1;
    }
  }
  return slots;
}

/** The bytes of the payload inside the base64 text: zlib data behind a cookie and a length. */
export function compressedPart(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  if ((view.getInt32(0) & ~0xf0) !== 0x1c849304) throw new RangeError('not a compressed HdrHistogram V2');
  return bytes.slice(8, 8 + view.getInt32(4));
}

/** Quantiles in ever smaller steps towards 1, ending where fewer than ten requests were slower. Slots are in microseconds. */
export function distributionOf(
  topology: string,
  slots: readonly (readonly [value: number, count: number])[],
): Distribution {
  const total = slots.reduce((sum, [, count]) => sum + count, 0);
  const points: { quantile: number; ms: number }[] = [];
  let slot = 0;
  let below = 0;
  for (const quantile of quantiles) {
    if (total * (1 - quantile) < 9.999) break;
    const rank = Math.ceil(quantile * total);
    while (slot < slots.length && below + (slots[slot]?.[1] ?? 0) < rank) {
      below += slots[slot]?.[1] ?? 0;
      slot += 1;
    }
    points.push({ quantile, ms: (slots[slot]?.[0] ?? 0) / 1000 });
  }
  return { topology, points };
}

/** 0, and then even steps of log10(1 / (1 - q)), with the quantiles that people name among them. */
const quantiles: readonly number[] = [
  ...new Set([
    ...Array.from({ length: 60 }, (_, step) => 1 - 10 ** (-step / 15)),
    0.5,
    0.75,
    0.9,
    0.95,
    0.99,
    0.999,
    0.9999,
  ]),
].sort((a, b) => a - b);

/** Slot index to the highest value that falls into it. */
function slotValues(significantDigits: number, lowestValue: number): (index: number) => number {
  const halfMagnitude = Math.max(0, Math.ceil(Math.log2(2 * 10 ** significantDigits)) - 1);
  const halfCount = 2 ** halfMagnitude;
  const unitMagnitude = Math.max(0, Math.floor(Math.log2(lowestValue)));
  return (index) => {
    let bucket = Math.floor(index / halfCount) - 1;
    let sub = (index % halfCount) + halfCount;
    if (bucket < 0) {
      bucket = 0;
      sub -= halfCount;
    }
    const width = 2 ** (bucket + unitMagnitude);
    return sub * width + width - 1;
  };
}
