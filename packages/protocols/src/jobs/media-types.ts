import { Buffer } from 'node:buffer';

/** What audio is sent as, by the name of its format; also the file formats that can be heard. */
export const AUDIO_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  // 16 bits, little-endian, one channel, 24,000 a second (platform.openai.com/docs/guides/text-to-speech).
  pcm: 'audio/pcm',
  ogg: 'audio/ogg',
  webm: 'audio/webm',
  m4a: 'audio/mp4',
  mp4: 'audio/mp4',
  mpga: 'audio/mpeg',
  mpeg: 'audio/mpeg',
};

/** First characters of base64 that tell what an image is. */
const IMAGE_BEGINNINGS: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['UklGR', 'image/webp'],
  ['R0lGOD', 'image/gif'],
  ['PHN2Zy', 'image/svg+xml'],
  ['PD94bW', 'image/svg+xml'],
];

/** Media type of an image in base64; undefined where its first bytes tell nothing. */
export const imageTypeOf = (base64: string): string | undefined =>
  IMAGE_BEGINNINGS.find(([beginning]) => base64.startsWith(beginning))?.[1];

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The bytes of base64, or null where it is empty or something else. */
export const bytesOfBase64 = (text: string): Buffer | null =>
  text.length % 4 === 0 && BASE64.test(text) ? Buffer.from(text, 'base64') : null;

/** Whether it is base64 of something. */
export const isBase64 = (text: string): boolean => text.length % 4 === 0 && BASE64.test(text);
