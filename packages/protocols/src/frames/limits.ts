/** The largest event or line of an upstream stream. A whole image in base64 fits; an endless line does not. */
export const MAX_FRAME_BYTES = 10 * 1024 * 1024;

/** Bytes are fed to parsers in slices of this size, so that limits bite at the same place however large the reads are. */
export const FEED_BYTES = 64 * 1024;
