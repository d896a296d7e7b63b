import { randomText } from '@switchyard/contracts';

const RANDOM_LENGTH = 20;

/** `gen-<unix seconds>-<20 random base62 characters>`. */
export const newGenerationId = (nowMs: number): string =>
  `gen-${String(Math.floor(nowMs / 1000)).padStart(10, '0')}-${randomText(RANDOM_LENGTH)}`;
