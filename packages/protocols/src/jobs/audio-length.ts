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

const FORMAT_BYTES = 16;
const SLOWEST_WAV = 1_000;

/** Bytes per second of a RIFF/WAVE file, as its head says twice over; the lesser counts. Null for whatever else. */
function wavRate(bytes: Uint8Array): number | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4_096));
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null;
  const chunk = head.indexOf('fmt ', 12, 'latin1') + 8;
  if (chunk < 8 || chunk + FORMAT_BYTES > head.byteLength) return null;
  const rate = Math.min(head.readUInt32LE(chunk + 8), head.readUInt32LE(chunk + 4) * head.readUInt16LE(chunk + 12));
  return Math.max(rate, SLOWEST_WAV);
}
