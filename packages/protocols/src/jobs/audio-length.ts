import { Buffer } from 'node:buffer';

/**
 * The fewest bytes that a second can take, by format: MP3 has no rate below 8 kbit/s. The others can write silence in next to nothing;
 * speech takes several times as much as stands here, and what is longer all the same is the house's.
 */
const LEAST_BYTES_PER_SECOND: Readonly<Record<string, number>> = { mp3: 1_000, mpga: 1_000, mpeg: 1_000, pcm: 8_000 };
const LEAST_OF_OTHERS = 250;
/** 128 kbit/s: what recordings have mostly. */
const USUAL_BYTES_PER_SECOND = 16_000;

/** Most seconds that a recording of so many bytes can have. */
export const mostSeconds = (bytes: Uint8Array, format: string): number =>
  secondsAt(bytes, wavRate(bytes) ?? LEAST_BYTES_PER_SECOND[format] ?? LEAST_OF_OTHERS);

/** About how long a recording is, for a bill that nobody else can write. */
export const usualSeconds = (bytes: Uint8Array): number => secondsAt(bytes, wavRate(bytes) ?? USUAL_BYTES_PER_SECOND);

const secondsAt = (bytes: Uint8Array, bytesPerSecond: number): number =>
  Math.max(1, Math.ceil(bytes.byteLength / bytesPerSecond));

const HEAD_BYTES = 4_096;
const FORMAT_BYTES = 16;
const SLOWEST_WAV = 1_000;
/** Kinds whose samples are of one length: PCM, in floats, A-law, µ-law. What is compressed may be many times as long as its head says. */
const UNCOMPRESSED: ReadonlySet<number> = new Set([1, 3, 6, 7]);
/** Bits of a sample that is not what its head says: those of A-law and µ-law. */
const LAW_BITS = 8;
const isLaw = (kind: number): boolean => kind === 6 || kind === 7;

/**
 * Bytes per second of an uncompressed RIFF/WAVE file, as its head says three times over: the least counts, because it may lie in any
 * one of them. Null for whatever else.
 */
function wavRate(bytes: Uint8Array): number | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES));
  const format = formatOf(head);
  if (!format) return null;
  const [channels, samples] = [format.readUInt16LE(2), format.readUInt32LE(4)];
  const kind = kindOf(format);
  if (!UNCOMPRESSED.has(kind)) return null;
  const bits = isLaw(kind) ? LAW_BITS : format.readUInt16LE(14);
  const rate = Math.min(format.readUInt32LE(8), samples * format.readUInt16LE(12), (samples * channels * bits) / 8);
  return Math.max(rate, SLOWEST_WAV);
}

const EXTENSIBLE = 0xfffe;
const SUBFORMAT = 24;

/** An extensible format says its kind behind the rest. */
function kindOf(format: Buffer): number {
  const kind = format.readUInt16LE(0);
  return kind === EXTENSIBLE && format.byteLength >= SUBFORMAT + 2 ? format.readUInt16LE(SUBFORMAT) : kind;
}

/** What the head says of the samples. The chunks are walked through: inside of one anything may stand, also what looks like another. */
function formatOf(head: Buffer): Buffer | null {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null;
  let at = 12;
  while (at + 8 + FORMAT_BYTES <= head.byteLength) {
    if (head.toString('latin1', at, at + 4) === 'fmt ') return head.subarray(at + 8);
    const bytes = head.readUInt32LE(at + 4);
    at += 8 + bytes + (bytes % 2);
  }
  return null;
}
